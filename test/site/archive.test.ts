import { describe, expect, it } from 'vitest'
import { type BuiltSite, startBuiltSite } from '../built-site.ts'
import { ask } from '../http-client.ts'

const slugs = ['2026-09-rentree', '2026-10-automne', '2026-11-agenda', '2026-12-atlas']

describe('archive of the example site', () => {
  it('offers to subscribe while nothing was sent, and leads on from what is not there', async () => {
    const site = await startBuiltSite()
    const empty = await ask(`${site.url}/newsletters`)
    expect([empty.status, empty.text]).toEqual([
      200,
      expect.stringContaining('href="/mailshot/subscribe'),
    ])
    const unknown = await ask(`${site.url}/newsletters/2026-09-rentree`)
    expect([unknown.status, unknown.text]).toEqual([
      404,
      expect.stringContaining('href="/newsletters"'),
    ])
    expect((await ask(`${site.url}/newsletters/2026-09-rentree/fr`)).status).toBe(404)
    expect((await ask(`${site.url}/mailshot/media/${'0'.repeat(32)}.png`)).status).toBe(404)
  })

  it('shows what was sent, to everybody, in the site’s design and in the reader’s language', async () => {
    const site = await startBuiltSite({ prepare: addReaders })
    await sendAll(site)
    expect(await titlesOn(`${site.url}/newsletters`)).toEqual([
      'Bonjour, l’Atlas marche maintenant sans réseau',
      expect.stringMatching(/^L’agenda de novembre/),
      'Bonjour, la forêt change de couleur',
      'Bonjour, les sentiers vous attendent',
    ])
    expect(await titlesOn(site.url)).toHaveLength(3)
    await showsLetters(site)
    await tellsFeedReaders(site)
    await tellsNothingOfReaders(site)
    await servesPictures(site)
  })
})

async function titlesOn(url: string) {
  const { text } = await ask(url)
  const titles = text.matchAll(/<h[23][^>]*>\s*<a[^>]*>([^<]*)</g)
  return Array.from(titles, ([, title]) => title?.trim())
}

async function tellsFeedReaders(site: BuiltSite) {
  const { headers, text } = await ask(`${site.url}/newsletters/rss.xml?lang=en`)
  expect(headers['content-type']).toBe('application/rss+xml; charset=utf-8')
  expect(text).toContain(`<link>${site.url}/newsletters/2026-10-automne/en</link>`)
}

async function showsLetters(site: BuiltSite) {
  const markdown = await ask(`${site.url}/newsletters/2026-09-rentree`)
  expect(markdown.text).toMatch(/<h1[^>]*>La rentrée se fait à pied<\/h1>/)
  expect(markdown.text).toContain('<html lang="fr"')
  expect(markdown.text).not.toMatch(/mj-|désinscri/)
  const mail = await ask(`${site.url}/newsletters/2026-11-agenda`)
  expect(mail.text).toContain('src="/newsletters/2026-11-agenda?mail"')
  const framed = await ask(`${site.url}/newsletters/2026-11-agenda?mail`)
  expect(framed.headers['content-security-policy']).toMatch(/^default-src 'none'.* sandbox /)
  expect(framed.text).toContain('Veillée au refuge')
  expect(framed.text).not.toContain('désinscri')
  const headers = { 'accept-language': 'en-GB' }
  const english = await ask(`${site.url}/newsletters/2026-10-automne`, { headers })
  expect(english.headers.vary).toBe('Accept-Language')
  expect(english.text).toContain('<html lang="en"')
  expect(english.text).toContain('Hello there,')
  expect(english.text).toMatch(/href="\/newsletters\/2026-10-automne\/fr" lang="fr"/)
}

async function tellsNothingOfReaders(site: BuiltSite) {
  const paths = slugs.flatMap((slug) => [slug, `${slug}?mail`])
  const pages = await Promise.all(paths.map((path) => ask(`${site.url}/newsletters/${path}`)))
  for (const { status, text } of pages) {
    expect(status).toBe(200)
    expect(text).not.toMatch(/\{\{|\{%|[\w.]@[\w]|\/mailshot\/(?!subscribe|media)/)
  }
}

async function servesPictures(site: BuiltSite) {
  const pages = ['2026-09-rentree', '2026-11-agenda?mail'].map((path) =>
    ask(`${site.url}/newsletters/${path}`),
  )
  const texts = (await Promise.all(pages)).map(({ text }) => text)
  const urls = texts.flatMap((text) => text.match(/(?<=src=")[^"]*\/mailshot\/media\/[^"]+/g) ?? [])
  expect(urls).toHaveLength(5)
  const answers = await Promise.all(urls.map((url) => ask(url)))
  const types = answers.map(({ status, headers }) => `${status} ${headers['content-type']}`)
  expect(new Set(types)).toEqual(new Set(['200 image/jpeg', '200 image/png']))
}

async function addReaders({ mailshot }: Pick<BuiltSite, 'mailshot'>) {
  for (const list of ['weekly', 'product']) {
    await mailshot('subscribers', 'add', 'zoe@example.org', '--list', list, '--confirmed')
  }
}

/** By the command line, as an operator does; the site's own sender mails them. */
async function sendAll({ mailshot }: BuiltSite) {
  for (const slug of slugs) await mailshot('send', slug, '--yes')
  for (const slug of slugs) await mailshot('status', slug, '--watch')
}
