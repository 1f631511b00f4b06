import { DomUtils, parseDocument } from 'htmlparser2'
import { describe, expect, it } from 'vitest'
import { serveFeed } from '../../integrations/mailshot/archive/feed.ts'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { markdown, mjml } from '../campaign-folder.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { sendCampaign } from '../sent-campaign.ts'
import { sendOften } from './send-often.ts'

describe('serveFeed', () => {
  it('tells the latest letters in full, under absolute addresses', async () => {
    const mailshot = await withReaders()
    const body = '# Titre\n\n[lien](/page) <b class="x">gras & fort</b>'
    await sendCampaign(mailshot, { 'a.md': markdown(body, 'preheader: Avant') })
    const { channel, items } = await feed(mailshot)
    expect(channel).toMatchObject({
      title: 'Les Nouvelles',
      link: 'https://example.org/newsletters',
      language: 'fr',
      description: expect.stringContaining('Les Nouvelles'),
    })
    expect(items).toHaveLength(1)
    expect(items[0]).toEqual({
      title: 'Bonjour',
      link: 'https://example.org/newsletters/a',
      guid: 'https://example.org/newsletters/a#fr',
      description: 'Avant',
      pubDate: expect.stringMatching(/^Sun, 22 Nov 2026 12:00:0\d GMT$/),
      'content:encoded':
        '<h1>Titre</h1>\n<p><a href="https://example.org/page">lien</a> <b class="x">gras &amp; fort</b></p>\n',
    })
  })

  it('stays well-formed whatever an author writes', async () => {
    const mailshot = await withReaders({ title: 'A & B <i>' })
    const subject = `subject: ]]> </title><item> & &amp; "x" 'y' -->\u0007\u000b \u{1f33b}`
    const body = '`]]>` &nbsp; &copy; <br> <img alt="a&b" src="https://example.org/a?b&c">'
    await sendCampaign(mailshot, { 'a.md': markdown(body, subject, 'preheader: <b>&lt;</b>') })
    const { xml, channel, items, elements } = await feed(mailshot)
    expect(channel['title']).toBe('A & B <i>')
    expect(items[0]).toMatchObject({
      title: `]]> </title><item> & &amp; "x" 'y' --> \u{1f33b}`,
      description: '<b>&lt;</b>',
      'content:encoded': expect.stringContaining('<code>]]&gt;</code>'),
    })
    expect(elements).toEqual(
      new Set(
        'rss channel title description link language atom:link item guid pubDate content:encoded'.split(
          ' ',
        ),
      ),
    )
    expect(xml).not.toMatch(/(?!\n)\p{Cc}|&(?!(?:lt|gt|amp|quot|apos);)/u)
  })

  it('gives of a mail with a design of its own what its preheader says', async () => {
    const mailshot = await withReaders()
    const mail = mjml('<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>')
    await sendCampaign(mailshot, { 'a.mjml': mail.replace('---\n', '---\npreheader: Avant\n') })
    const { items } = await feed(mailshot)
    expect(items[0]).toMatchObject({ title: 'Bonjour', description: 'Avant' })
    expect(items[0]).not.toHaveProperty('content:encoded')
  })

  it('has one feed a language, with an identity that outlives a correction', async () => {
    const mailshot = await withReaders()
    await sendCampaign(mailshot, { 'a/fr.md': markdown('Bonjour'), 'a/en.md': markdown('Hello') })
    const english = await feed(mailshot, '?lang=en')
    expect(english.channel).toMatchObject({ title: 'The News', language: 'en' })
    expect(english.items[0]).toMatchObject({ link: 'https://example.org/newsletters/a/en' })
    const french = await feed(mailshot)
    await addReaders(mailshot, 1, { from: 2 })
    await sendCampaign(mailshot, { 'a.md': markdown('corrigé') }, { audience: 'again' })
    const corrected = await feed(mailshot, '?lang=fr')
    expect(corrected.items[0]?.['link']).not.toBe(french.items[0]?.['link'])
    expect(corrected.items[0]?.['guid']).toBe(french.items[0]?.['guid'])
  })

  it('takes what is no language for the site’s', async () => {
    const mailshot = await withReaders()
    expect((await feed(mailshot, '?lang=%3Cx%3E')).channel['language']).toBe('fr')
    expect((await feed(mailshot, '?lang=de-AT')).channel['language']).toBe('de-AT')
  })

  it('holds the twenty latest, and sends nothing to who has them', async () => {
    const mailshot = await openTestMailshot()
    expect((await feed(mailshot)).items).toEqual([])
    await sendOften(mailshot, 25)
    const { response, items } = await feed(mailshot)
    expect(items.map(({ link }) => link?.slice(-3))).toHaveLength(20)
    expect(items[0]?.['link']).toBe('https://example.org/newsletters/n25')
    const etag = response.headers.get('etag') ?? ''
    const again = await serveFeed(mailshot, request('', { 'if-none-match': etag }))
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect(again.headers.get('cache-control')).toBe('no-cache')
    expect(response.headers.get('cache-control')).toBe('no-cache')
  })
})

async function withReaders(overrides: Partial<MailshotConfigInput> = {}): Promise<TestMailshot> {
  const mailshot = await openTestMailshot(overrides)
  await addReaders(mailshot, 1)
  return mailshot
}

/** The feed, read as XML. */
async function feed(mailshot: TestMailshot, query = '') {
  const response = await serveFeed(mailshot, request(query))
  expect(response.headers.get('content-type')).toBe('application/rss+xml; charset=utf-8')
  const xml = await response.text()
  const document = parseDocument(xml, { xmlMode: true })
  const all = DomUtils.getElementsByTagName(() => true, document)
  const textsOf = (element: (typeof all)[number]) =>
    Object.fromEntries(
      DomUtils.getChildren(element)
        .filter((child) => 'attribs' in child)
        .map((child) => [DomUtils.getName(child), DomUtils.textContent(child)]),
    )
  const named = (name: string) => all.filter((element) => element.name === name)
  const [channel] = named('channel').map(textsOf)
  return {
    response,
    xml,
    channel: channel ?? {},
    items: named('item').map(textsOf),
    elements: new Set(all.map(({ name }) => name)),
  }
}

function request(query: string, headers: Record<string, string> = {}): Request {
  return new Request(`https://example.org/newsletters/rss.xml${query}`, { headers })
}
