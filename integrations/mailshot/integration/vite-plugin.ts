import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AstroConfig } from 'astro'
import { AstroError } from 'astro/errors'
import type { BuildEnvironmentOptions, Plugin } from 'vite'
import type { MailshotConfig } from '../config.ts'
import type { LetterTemplate } from '../letter/template.ts'

const layoutsId = 'virtual:mailshot/layouts'
const lettersId = 'virtual:mailshot/letters'

/**
 * Gives the site's modules its settings, the component around readers' pages, and its mail layouts: the first two are plain
 * aliases, the last one a glob, whose pattern Vite wants to read in the code.
 */
export function configPlugin({
  config,
  file,
  astro,
  unlisted,
}: {
  config: MailshotConfig
  file: URL
  /** The campaigns that keep out of the archive. */
  unlisted: readonly string[]
  astro: Pick<AstroConfig, 'root' | 'base' | 'security'>
}): Plugin {
  const aliases: Record<string, string> = {
    'virtual:mailshot/config': fileURLToPath(file),
    'virtual:mailshot/layout': fileURLToPath(pageLayout(config, astro.root)),
  }
  return {
    name: 'astro-mailshot',
    enforce: 'pre',
    config: ({ build }) => ({
      resolve: { alias: aliases },
      build: { assetsInlineLimit: keepFormScript(build?.assetsInlineLimit) },
      // Vite's own BASE_URL is not always the site's.
      define: {
        SITE_BASE: JSON.stringify(astro.base.replace(/\/$/, '')),
        UNLISTED_CAMPAIGNS: JSON.stringify(unlisted),
        SITE_CHECKS_ORIGIN: JSON.stringify(astro.security.checkOrigin),
      },
    }),
    // Astro starts again when the settings change; a reload before that would meet a closed door.
    hotUpdate: (update) => (update.file === fileURLToPath(file) ? [] : undefined),
    resolveId: (id) => (id === layoutsId || id === lettersId ? `\0${id}` : undefined),
    load: async (id) => {
      if (id === `\0${lettersId}`)
        return `export default ${JSON.stringify(await lettersOf(config))}`
      if (id !== `\0${layoutsId}`) return undefined
      return `export default import.meta.glob('/${config.campaigns}/layouts/*.astro')`
    },
  }
}

type InlineLimit = NonNullable<BuildEnvironmentOptions['assetsInlineLimit']>

/** Astro writes a small script into the page itself, where a site whose headers say `script-src 'self'` would not run it. */
function keepFormScript(given: InlineLimit | undefined): InlineLimit {
  return (file, content) => {
    if (/\bSignUpForm\.astro_astro_type_script/.test(file)) return false
    if (typeof given === 'function') return given(file, content)
    return given === undefined ? undefined : content.length < given
  }
}

/** Loaded when a site is built or served: MJML takes half a second. One with mistakes is told by `mailshot check`. */
async function lettersOf(config: MailshotConfig): Promise<LetterTemplate[]> {
  const { readLetters, templatesOf } = await import('../letter/files.ts')
  return templatesOf(await readLetters(config))
}

function pageLayout({ pageLayout: asked }: MailshotConfig, root: URL): URL {
  if (asked === undefined) return new URL('../components/Page.astro', import.meta.url)
  const file = new URL(asked, root)
  if (existsSync(file)) return file
  throw new AstroError(
    `astro-mailshot: pageLayout names ${asked}, which is not there.`,
    'Write its path from the project’s root, for example src/layouts/Site.astro.',
  )
}
