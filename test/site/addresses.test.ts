import { describe, expect, it, onTestFinished } from 'vitest'
import { buildAstroSite, openAstroSite, startAstroSite } from '../astro-site.ts'
import { farApart, look, openPage } from '../look.ts'
import { openBrowser } from '../open-browser.ts'
import { tabThrough } from '../tab-through.ts'

const astroConfig = `
import node from '@astrojs/node'
import { defineConfig } from 'astro/config'
import { mailshot } from '../../../integrations/mailshot/index.ts'
export default defineConfig({
  site: 'https://example.org',
  base: '/docs',
  trailingSlash: 'always',
  session: false,
  i18n: { locales: ['fr', 'en'], defaultLocale: 'fr', routing: { prefixDefaultLocale: true } },
  adapter: node({ mode: 'standalone' }),
  integrations: [mailshot()],
})
`
const settings = `
import { defineConfig } from '../../../integrations/mailshot/config.ts'
import { memory } from '../../../integrations/mailshot/transports/memory.ts'
export default defineConfig({
  site: 'https://example.org',
  base: '/docs/fr/mailshot',
  formerBases: ['/docs/fr/old/news'],
  archive: '/docs/fr/letters',
  trailingSlash: true,
  title: 'News',
  from: 'News <news@example.org>',
  postalAddress: 'Somewhere 1',
  lists: { weekly: { title: 'Weekly' } },
  fields: { city: { type: 'text' } },
  transport: memory(),
})
`

describe('a site below a path, with slashes at the end and languages in front', () => {
  it('has all of its routes where the links in mails lead, and pages that look right without its layout', async () => {
    const site = openAstroSite({
      'astro.config.mjs': astroConfig,
      'mailshot.config.ts': settings,
      'src/pages/fr/index.astro': '<h1>Bonjour</h1>',
    })
    await site.mailshot('init')
    await buildAstroSite(site)
    const { ask, url } = await startAstroSite(site, 'start', '/docs/fr/mailshot/health/')

    const cut = ['mailshot/unsubscribe/cut/', 'mailshot/confirm/', 'mailshot/view/a/b/']
    const pages = ['mailshot/subscribe/', 'letters/', ...cut]
    const answers = await Promise.all(pages.map((page) => ask(`/docs/fr/${page}`)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404, 404])
    const texts = await Promise.all(answers.map((answer) => answer.text()))
    expect(texts[0]).toMatch(/<form[^>]* action="\/docs\/fr\/mailshot\/subscribe\/"/)
    const lost = texts.slice(2).map((text) => text.includes('This link does not work'))
    expect(lost).toEqual([true, true, true])
    expect(texts[2]).toContain('href="/docs/fr/mailshot/subscribe/?lang=en"')

    const posted = await ask('/docs/fr/mailshot/subscribe/', {
      method: 'POST',
      headers: { origin: 'https://example.org' },
      body: new URLSearchParams({ email: 'a@example.org', list: 'weekly' }),
    })
    expect(posted.status).toBe(303)
    expect((await ask('/docs/fr/letters/rss.xml')).status).toBe(200)
    const wrongMethod = await ask('/docs/fr/mailshot/health/', { method: 'PUT' })
    expect(wrongMethod.status).toBe(405)
    const formerly = await Promise.all(
      ['open/cut/', 'unsubscribe/cut/', 'webhooks/mailjet/cut/'].map((page) =>
        ask(`/docs/fr/old/news/${page}`, { method: 'PUT' }),
      ),
    )
    expect(formerly.map(({ status }) => status)).toEqual([405, 405, 405])
    expect((await ask('/docs/fr/old/news/health/')).status).toBe(404)
    const oneClick = await ask('/docs/fr/mailshot/unsubscribe/cut/', {
      method: 'POST',
      body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
    })
    expect(oneClick.status).toBe(404)
    await looksRight(`${url}/docs/fr`)
  })
})

/** It names no layout of its own, so that its pages stand in ours. */
async function looksRight(site: string): Promise<void> {
  const browser = await openBrowser()
  onTestFinished(() => browser.close())
  const page = await openPage(browser, { lang: 'ar', isForAxe: true })
  await page.goto(`${site}/mailshot/subscribe/`)
  await look(page, 'subscribe-without-layout', farApart)
  await tabThrough(page, 'subscribe-without-layout')
  await page.goto(`${site}/mailshot/unsubscribe/cut/`)
  await look(page, 'lost-without-layout', farApart)
  await page.goto(`${site}/letters/`)
  await look(page, 'archive-without-layout', farApart)
}
