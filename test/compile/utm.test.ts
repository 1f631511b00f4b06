import { describe, expect, it } from 'vitest'
import { tagLinks, tagText, type Utm } from '../../integrations/mailshot/compile/utm.ts'
import { utmOption } from '../../integrations/mailshot/tracking/options.ts'
import { compileOnly, markdown, problemsOf } from '../campaign-folder.ts'

const utm = (options: Partial<Utm> = {}): Utm => ({
  ...utmOption.parse({}),
  slug: 'june',
  site: 'https://example.org',
  own: 'https://example.org/mailshot',
  ...options,
})
const tags = 'utm_source=newsletter&amp;utm_medium=email&amp;utm_campaign=june'

describe('tagLinks', () => {
  it('tags the links to the site, before the fragment, and leaves other hosts alone', () => {
    const html = '<a href="https://example.org/a#b">x</a><a href="https://other.example/">y</a>'
    expect(tagLinks(html, utm())).toBe(
      `<a href="https://example.org/a?${tags}#b">x</a><a href="https://other.example/">y</a>`,
    )
  })

  it('tags links to all hosts, or to those that are named', () => {
    const html = '<a href="http://Other.example:8080/?a=1">y</a>'
    const tagged = `<a href="http://Other.example:8080/?a=1&amp;${tags}">y</a>`
    expect(tagLinks(html, utm({ hosts: 'all' }))).toBe(tagged)
    expect(tagLinks(html, utm({ hosts: ['other.example'] }))).toBe(tagged)
    expect(tagLinks(html, utm({ hosts: ['third.example'] }))).toBe(html)
  })

  it('never doubles a parameter', () => {
    const html = '<a href="https://example.org/?utm_source=mine&amp;UTM_MEDIUM=x">y</a>'
    expect(tagLinks(html, utm())).toBe(
      '<a href="https://example.org/?utm_source=mine&amp;UTM_MEDIUM=x&amp;utm_campaign=june">y</a>',
    )
    const once = tagLinks('<a href="https://example.org/">y</a>', utm())
    expect(tagLinks(once, utm())).toBe(once)
  })

  it('leaves the pages of mailshot, other schemes and images alone', () => {
    const html =
      '<a href="https://example.org/mailshot/subscribe">x</a><a href="mailto:a@example.org">m</a><img src="https://example.org/i.png">'
    expect(tagLinks(html, utm({ hosts: 'all' }))).toBe(html)
  })

  it('keeps what an author wrote in an address as it is written', () => {
    expect(tagLinks('<a href="https://example.org/?q=a&#39;b&#38;c=%20">x</a>', utm())).toBe(
      `<a href="https://example.org/?q=a&#39;b&#38;c=%20&amp;${tags}">x</a>`,
    )
  })

  it('writes values so that they stay values', () => {
    const html = tagLinks('<a href="https://example.org/">x</a>', utm({ campaign: 'a&b "{slug}"' }))
    expect(html).toContain('utm_campaign=a%26b%20%22june%22"')
  })
})

describe('tagText', () => {
  it('tags an address in a plain text, without what stands behind it', () => {
    expect(tagText('see (https://example.org/a), or https://other.example.', utm())).toBe(
      'see (https://example.org/a?utm_source=newsletter&utm_medium=email&utm_campaign=june), or https://other.example.',
    )
  })

  it('leaves to an address the bracket that closes one of its own', () => {
    const plain = tags.replaceAll('&amp;', '&')
    expect(tagText('(https://example.org/A_(b)), https://example.org/c…', utm())).toBe(
      `(https://example.org/A_(b)?${plain}), https://example.org/c?${plain}…`,
    )
  })
})

describe('compileCampaign, with UTM tags', () => {
  const file = markdown('[x](/page) [y](https://other.example/)')

  it('writes them into HTML and text, and the content hash covers them; not into the archive', async () => {
    const plain = await compileOnly({ 'june.md': file })
    const { compiled } = await compileOnly({ 'june.md': file }, { utm: {} })
    const { html, text } = compiled.variants['fr'] ?? { html: [], text: [] }
    expect(JSON.stringify(html)).toContain(`https://example.org/page?${tags}`)
    expect(JSON.stringify(text)).toContain('https://example.org/page?utm_source=newsletter&utm_')
    expect(JSON.stringify(compiled.pages)).not.toContain('utm_')
    expect(JSON.stringify(plain.compiled)).not.toContain('utm_')
    expect(compiled.hash).not.toBe(plain.compiled.hash)
  })

  it('never tags the links to leave, to the preferences and to the browser', async () => {
    const { compiled } = await compileOnly({ 'june.md': file }, { utm: { hosts: 'all' } })
    const { html = [], text = [] } = compiled.variants['fr'] ?? {}
    for (const template of [html, text]) {
      const parts = template.map((part) => (typeof part === 'string' ? part : '\0'))
      expect(parts.join('')).not.toMatch(/\0[^"\s)]*utm_/)
    }
  })

  it('lets a campaign have its own, or none', async () => {
    const own = markdown('[x](/page)', 'utm: { campaign: spring, hosts: all }')
    const { compiled } = await compileOnly({ 'june.md': own }, { utm: { source: 'site' } })
    expect(JSON.stringify(compiled.variants)).toContain(
      'utm_source=site&amp;utm_medium=email&amp;utm_campaign=spring',
    )
    const none = markdown('[x](/page)', 'utm: false')
    const without = await compileOnly({ 'june.md': none }, { utm: {} })
    expect(JSON.stringify(without.compiled)).not.toContain('utm_')
  })

  it('says what is wrong with them, and where', async () => {
    const problems = await problemsOf({ 'june.md': markdown('x', 'utm: { sauce: x }') })
    expect(problems).toContainEqual('june.md:4: unknown key "sauce"')
  })
})
