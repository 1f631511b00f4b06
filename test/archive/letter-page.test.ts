import { describe, expect, it } from 'vitest'
import { letterPage } from '../../integrations/mailshot/archive/letter-page.ts'
import { markdown, mjml } from '../campaign-folder.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { sendCampaign } from '../sent-campaign.ts'

const two = { 'a/fr.md': markdown('Bonjour'), 'a/en.md': markdown('Hi', 'subject: Hi') }
const mail = mjml('<mj-section><mj-column><mj-text>Bonjour</mj-text></mj-column></mj-section>')

describe('letterPage', () => {
  it('shows a letter in the language of its address, and leads to its others', async () => {
    const { letter } = await withLetter(two)
    const view = await letter('/a/en', 'fr')
    expect(view.letter).toMatchObject({ lang: 'en', title: 'Hi', body: { kind: 'content' } })
    expect(view.translations).toEqual([
      { lang: 'fr', label: 'Lire en français', href: '/newsletters/a/fr' },
    ])
    expect(view.varies).toBe(false)
    expect(view.head).toEqual([
      { rel: 'canonical', href: 'https://example.org/newsletters/a/en' },
      { rel: 'alternate', hreflang: 'en', href: 'https://example.org/newsletters/a/en' },
      { rel: 'alternate', hreflang: 'fr', href: 'https://example.org/newsletters/a/fr' },
      { rel: 'alternate', hreflang: 'x-default', href: 'https://example.org/newsletters/a' },
      expect.objectContaining({ type: 'application/rss+xml' }),
    ])
  })

  it('picks the language that the browser wants most, else the fallback, and says so', async () => {
    const { letter } = await withLetter(two)
    expect(await letter('/a', 'de,en-US;q=0.7,fr;q=0.5')).toMatchObject({
      varies: true,
      letter: { lang: 'en' },
    })
    expect((await letter('/a', 'de')).letter.lang).toBe('fr')
    expect((await letter('/a', 'en;q=0')).letter.lang).toBe('fr')
  })

  it('keeps quiet about languages where there is one, under either address', async () => {
    const { letter } = await withLetter({ 'a.md': markdown('Bonjour') })
    const views = [await letter('/a', 'en'), await letter('/a/fr', 'en')]
    for (const view of views) {
      expect(view).toMatchObject({ translations: [], varies: false, letter: { lang: 'fr' } })
      expect(view.head.map(({ href }) => href)).toEqual([
        'https://example.org/newsletters/a',
        'https://example.org/newsletters/rss.xml?lang=fr',
      ])
    }
  })

  it('names a language that we have no texts in by its own name', async () => {
    const { letter } = await withLetter({ 'a/fr.md': markdown('x'), 'a/eu.md': markdown('Kaixo') })
    expect((await letter('/a/fr')).translations[0]?.label).toBe('euskara')
    expect((await letter('/a/eu')).letter).toMatchObject({ lang: 'eu', dir: 'ltr' })
  })

  it('has a mail with its own design beside its page, for a frame that runs no script', async () => {
    const { letter, document } = await withLetter({ 'a.mjml': mail })
    expect((await letter('/a')).alone).toBe('/newsletters/a?mail')
    const response = await document('/a?mail')
    expect(await response.text()).toMatch(/^<!doctype html>[^]*<head><base target="_top">/i)
    const policy = response.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'; img-src https: http: data:;")
    expect(policy).toMatch(/sandbox (?!.*allow-(?:scripts|forms|modals))/)
    expect(policy).toContain("frame-ancestors 'self'")
    expect(response.headers.get('link')).toBe(
      '<https://example.org/newsletters/a>; rel="canonical"',
    )
  })

  it('is asked for such a mail each time, and sends it to who has another', async () => {
    const { document } = await withLetter({ 'a.mjml': mail })
    const first = await document('/a?mail')
    const etag = first.headers.get('etag') ?? ''
    expect(first.headers.get('cache-control')).toBe('no-cache')
    expect(first.headers.has('vary')).toBe(false)
    const again = await document('/a?mail', { 'if-none-match': etag })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect(again.headers.get('cache-control')).toBe('no-cache')
    expect((await document('/a?mail', { 'if-none-match': '"other"' })).status).toBe(200)
  })

  it('says of such a mail that it varies, where its address names no language', async () => {
    const { document } = await withLetter({ 'a/fr.mjml': mail, 'a/en.mjml': mail })
    const first = await document('/a?mail', { 'accept-language': 'en' })
    expect(first.headers.get('vary')).toBe('Accept-Language')
    const etag = first.headers.get('etag') ?? ''
    const again = await document('/a?mail', { 'accept-language': 'en', 'if-none-match': etag })
    expect([again.status, again.headers.get('vary')]).toEqual([304, 'Accept-Language'])
    expect((await document('/a/en?mail')).headers.has('vary')).toBe(false)
  })

  it('has no other form of a letter that the site dresses', async () => {
    const { letter } = await withLetter({ 'a.md': markdown('Bonjour') })
    expect((await letter('/a?mail')).alone).toBeUndefined()
  })

  it('leads on from a letter, or a language, that is not there', async () => {
    const { ask } = await withLetter({ 'a.md': markdown('Bonjour') })
    const answers = await Promise.all(
      ['/b', '/a/en', '/a/FR', '/__proto__'].map((at) => ask(at, 'en')),
    )
    const unknown = expect.objectContaining({
      kind: 'notice',
      heading: 'This letter is not here',
      links: [
        { label: 'All letters', href: '/newsletters' },
        { label: 'Subscribe', href: '/mailshot/subscribe?lang=en' },
      ],
    })
    expect(answers.map((one) => 'status' in one && one.status)).toEqual([404, 404, 404, 404])
    expect(answers.map((one) => 'view' in one && one.view)).toEqual(Array(4).fill(unknown))
  })
})

async function withLetter(files: Record<string, string>) {
  const mailshot = await openTestMailshot()
  await addReaders(mailshot, 1)
  await sendCampaign(mailshot, files)
  const ask = (path: string, language = 'fr') =>
    askFor(mailshot, path, { 'accept-language': language })
  const letter = async (path: string, language?: string) => {
    const page = await ask(path, language)
    if (page instanceof Response || page.view.kind !== 'letter') throw new Error(`no page: ${path}`)
    return page.view
  }
  const document = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await askFor(mailshot, path, headers)
    if (!(answer instanceof Response)) throw new Error(`no document: ${path}`)
    return answer
  }
  return { ask, letter, document }
}

function askFor(mailshot: TestMailshot, path: string, headers: Record<string, string>) {
  const request = new Request(`https://example.org/newsletters${path}`, { headers })
  const [, , slug, lang] = new URL(request.url).pathname.split('/')
  return letterPage(mailshot, { slug, lang }, request)
}
