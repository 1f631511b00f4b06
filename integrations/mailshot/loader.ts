import { relative, resolve } from 'node:path'
import type { Loader, LoaderContext } from 'astro/loaders'
import { z } from 'astro/zod'
import config from 'virtual:mailshot/config'
import { mergePage } from './archive.ts'
import { listCampaigns, readCampaign } from './campaign.ts'
import type { RenderLayout } from './campaign/layout.ts'
import { compileCampaign } from './compile.ts'
import { MailshotError } from './error.ts'

const schema = z.object({
  slug: z.string(),
  lang: z.string(),
  /** All languages there are of it, sorted. */
  langs: z.array(z.string()),
  title: z.string(),
  preheader: z.string(),
  lists: z.array(z.string()),
  /** `content` belongs in the site's own design; `mail` is a whole HTML document with a design of its own. */
  kind: z.enum(['content', 'mail']),
})

/**
 * The campaigns of the project as a content collection, for pages of a site's own: one entry for each language, with the id
 * `<slug>/<lang>`, its rendered HTML with neutral fields. They are the files as they stand, sent or not, without those that
 * say `archive: false`; what was sent is in the archive. In development a change shows at once.
 *
 *     export const collections = { campaigns: defineCollection({ loader: campaigns() }) }
 */
export function campaigns(): Loader {
  const inTurn = openQueue()
  const watches = new Map<string, () => void>()
  return {
    name: 'astro-mailshot',
    schema,
    load: async (context) => {
      await inTurn(() => loadAll(context))
      // Astro loads again what it is told to refresh, without ending what was begun before.
      watches.get(context.collection)?.()
      watches.set(context.collection, watch(context, inTurn))
    },
  }
}

type Queue = (run: () => Promise<void>) => Promise<void>

/** Runs one after the other: of two at once, each would take out what the other has just put in. */
function openQueue(): Queue {
  let last = Promise.resolve()
  return (run) => {
    const turn = last.then(run)
    last = turn.catch(() => {})
    return turn
  }
}

/** Loads again whenever a file changes; what is wrong then is only said. @returns ends it */
function watch(context: LoaderContext, inTurn: Queue): () => void {
  const { watcher, logger } = context
  const folder = resolve(config.campaigns)
  let isDue = false
  const reload = async () => {
    isDue = false
    await loadAll(context)
  }
  const onChange = (_event: string, changed: string) => {
    // One run reads all that has changed before it begins.
    if (isDue || relative(folder, changed).startsWith('..')) return
    isDue = true
    inTurn(reload).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error)
      logger.error(`the campaigns could not be loaded again: ${why}`)
    })
  }
  watcher?.add(folder)
  watcher?.on('all', onChange)
  return () => watcher?.off('all', onChange)
}

async function loadAll(context: LoaderContext): Promise<void> {
  const { store } = context
  const left = new Set(store.keys())
  for (const slug of await listCampaigns(config)) {
    for (const id of await loadCampaign(context, slug)) left.delete(id)
  }
  for (const id of left) store.delete(id)
}

/** @returns the ids that stay; a campaign with mistakes keeps what it had before them */
async function loadCampaign(context: LoaderContext, slug: string): Promise<string[]> {
  const { store, logger, parseData, generateDigest } = context
  try {
    const campaign = await readCampaign(config, slug, { renderLayout: renderBare })
    const { compiled } = await compileCampaign(config, campaign)
    const langs = compiled.archive ? Object.keys(compiled.variants).toSorted() : []
    for (const lang of langs) {
      const page = mergePage(config, compiled, { lang })
      const id = `${slug}/${lang}`
      const { title, preheader, kind, html } = page
      const entry = { slug, lang, langs, title, preheader, lists: compiled.lists, kind }
      const data = await parseData({ id, data: entry })
      const digest = generateDigest({ ...entry, html })
      store.set({ id, data, digest, rendered: { html } })
    }
    return langs.map((lang) => `${slug}/${lang}`)
  } catch (error) {
    if (!(error instanceof MailshotError)) throw error
    logger.warn(`${slug} has mistakes, see: mailshot check ${slug}`)
    return store.keys().filter((id) => id.startsWith(`${slug}/`))
  }
}

/** A page shows no layout; and where collections are loaded, Astro renders no components yet. */
const renderBare: RenderLayout = async (_file, { params }) => ({
  mjml: '<mjml><mj-body><mj-raw>{{ content }}</mj-raw></mj-body></mjml>',
  title: undefined,
  params,
})
