import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openAstroSite, startAstroSite } from '../astro-site.ts'
import { markdown } from '../campaign-folder.ts'

const fixture = new URL('../fixtures/astro-site/astro.config.mjs', import.meta.url)

/** The campaigns in a collection whose own schema, stricter than ours, refuses a title. */
const collection = `
import { defineCollection } from 'astro:content'
import { z } from 'astro/zod'
import { campaigns } from '../../../../integrations/mailshot/loader.ts'
const schema = z.looseObject({ title: z.string().regex(/^(?!Promo)/) })
export const collections = { campaigns: defineCollection({ loader: campaigns(), schema }) }
`
const page = `
import { getCollection } from 'astro:content'
export const GET = async () => {
  const entries = await getCollection('campaigns')
  return Response.json(Object.fromEntries(entries.map(({ id, rendered }) => [id, rendered.html])))
}
`
/** Loads the collection again, as a site's own integration may, and tells how many listen for changes. */
const refresh = `{
  name: 'refresh',
  hooks: {
    'astro:server:setup': ({ server, refreshContent }) =>
      server.middlewares.use('/refresh', async (_request, response) => {
        await refreshContent({ loaders: ['astro-mailshot'] })
        response.end(String(server.watcher.listenerCount('all')))
      }),
  },
}`

test('the collection in development follows the files, whatever is written into them', async () => {
  const { write, entries, count } = await development()
  write('one', markdown('Avant'))
  write('two', markdown('Avant'))
  await expect.poll(entries, polled).toMatchObject({ 'one/fr': html('Avant') })

  // A mistake: the others are read all the same.
  write('one', markdown('Faute', 'lists: [weeky]'))
  write('two', markdown('Après'))
  await expect.poll(entries, polled).toMatchObject({ 'two/fr': html('Après') })
  expect(await entries()).toMatchObject({ 'one/fr': html('Avant') })

  // What only the site's own schema refuses is no mistake we know of.
  write('one', markdown('Promo', 'subject: Promo'))
  write('early', markdown('Lu avant'))
  await expect.poll(entries, polled).toMatchObject({
    'early/fr': html('Lu avant'),
    'one/fr': html('Avant'),
  })
  write('one', markdown('Enfin'))
  await expect.poll(entries, polled).toMatchObject({ 'one/fr': html('Enfin') })

  const listeners = await count()
  expect(await count()).toBe(listeners)
})

const polled = { timeout: 20_000, interval: 200 }

async function development() {
  const site = openAstroSite({
    'astro.config.mjs': watched(readFileSync(fixture, 'utf8')),
    'src/content.config.ts': collection,
    'src/pages/all.json.ts': page,
  })
  const { ask } = await startAstroSite(site, 'dev', '/all.json')
  return {
    write: (slug: string, text: string) =>
      writeFileSync(join(site.folder, `campaigns/${slug}.md`), text),
    entries: async () =>
      z.record(z.string(), z.string()).parse(await (await ask('/all.json')).json()),
    count: async () => Number(await (await ask('/refresh')).text()),
  }
}

/** Vite does not watch what it takes for the results of a test. */
function watched(config: string): string {
  const vite = "vite: { server: { watch: { ignored: ['!**/campaigns/**'] } } }"
  return config
    .replace('defineConfig({', `defineConfig({ ${vite},`)
    .replace('[mailshot()]', `[mailshot(), ${refresh}]`)
}

function html(body: string): string {
  return `<p>${body}</p>\n`
}
