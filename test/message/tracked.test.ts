import { describe, expect, it } from 'vitest'
import type { CompiledCampaign } from '../../integrations/mailshot/compile.ts'
import { trackingOf } from '../../integrations/mailshot/tracking/link.ts'
import { newSendId } from '../../integrations/mailshot/send/id.ts'
import type { Transport } from '../../integrations/mailshot/transport.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { compileOnly, markdown } from '../campaign-folder.ts'
import { type Compiled, composeFor } from '../compose-for.ts'

const sendId = newSendId(Date.UTC(2026, 10, 22))
const body = '[one](https://one.example/?a=1&b=2) [two](https://two.example/) {{ email }}'

function compiledWith(track: string, overrides = {}): Promise<Compiled> {
  return compileOnly({ 'a.md': markdown(body, `track: ${track}`) }, overrides)
}

function mailOf(given: Compiled, recipient: { id: number; isTracked?: boolean }) {
  const mail = { campaign: given.compiled }
  const tracking = trackingOf(given.config, mail, { sendId, ...recipient })
  return composeFor(given, {}, { tracking })
}

const linked = (html: string) => Array.from(html.matchAll(/href="([^"]*)"/g), ([, url]) => url)
const pixels = (html: string) => html.match(/mailshot\/open\/[\w-]+/g) ?? []
/** The layout's own link to the site, at the top, is one of them. */
const clicks = (html: string) => html.match(/mailshot\/click\/[\w-]+/g) ?? []

describe('composeMessage, where opens and clicks are counted', () => {
  it('has a pixel and links of ours in the HTML, and plain addresses in the text', async () => {
    const { html, text } = mailOf(await compiledWith('{ opens: true, clicks: true }'), { id: 7 })
    expect(pixels(html)).toHaveLength(1)
    expect(html.indexOf('mailshot/open/')).toBeGreaterThan(html.indexOf('one'))
    expect(html.indexOf('mailshot/open/')).toBeLessThan(html.indexOf('</body>'))
    expect(new Set(clicks(html)).size).toBe(3)
    expect(linked(html).join(' ')).not.toContain('one.example')
    expect(text).toContain('https://one.example/?a=1&b=2')
    expect(text).not.toContain('mailshot/click')
  })

  it('counts only what the campaign asks for', async () => {
    const opens = mailOf(await compiledWith('{ opens: true }'), { id: 7 })
    expect([pixels(opens.html).length, clicks(opens.html).length]).toEqual([1, 0])
    const links = mailOf(await compiledWith('{ clicks: true }'), { id: 7 })
    expect([pixels(links.html).length, clicks(links.html).length]).toEqual([0, 3])
  })

  it('leaves the links to leave, to the preferences and to the browser alone, and those that hold a value', async () => {
    const own =
      '[a](https://a.example/?who={{ email }}) [b]({{ url_preferences }}) [c](/mailshot/subscribe) [d](mailto:x@example.org)'
    const given = await compileOnly({ 'a.md': markdown(own, 'track: { clicks: true }') })
    const { html } = mailOf(given, { id: 7 })
    expect(clicks(html)).toHaveLength(1)
    expect(linked(html).slice(1)).toEqual(linked(composeFor(given).html).slice(1))
    expect(html).toContain('href="https://example.org/mailshot/unsubscribe/u"')
  })

  it('says of nobody whose mail it was, unless they agreed and the site asks for it', async () => {
    const given = await compiledWith('{ opens: true, clicks: true }')
    expect(mailOf(given, { id: 7, isTracked: true }).html).toBe(mailOf(given, { id: 8 }).html)
    const asking = await compiledWith('{ opens: true, clicks: true }', {
      tracking: { individual: true },
    })
    const [seven, eight] = [7, 8].map((id) => mailOf(asking, { id, isTracked: true }).html)
    expect(seven).not.toBe(eight)
    expect(pixels(seven ?? '')).toHaveLength(1)
    expect(new Set(clicks(seven ?? '')).size).toBe(3)
    expect(clicks(seven ?? '')).not.toEqual(clicks(eight ?? ''))
    expect(mailOf(asking, { id: 9 }).html).toBe(mailOf(asking, { id: 10 }).html)
  })

  it('is the same in the octets that SMTP gets', async () => {
    const given = await compiledWith('{ opens: true, clicks: true }', {
      tracking: { individual: true },
    })
    const plain = (mime: string) => mime.replace(/=\r\n/g, '').replaceAll('=3D', '=')
    const named = mailOf(given, { id: 7, isTracked: true })
    expect(pixels(plain(named.mime()))).toEqual(pixels(named.html))
    expect(clicks(plain(named.mime()))).toEqual(clicks(named.html))
    const shared = mailOf(given, { id: 7 })
    expect(clicks(plain(shared.mime()))).toEqual(clicks(shared.html))
  })

  it('leaves the counting to a transport that has its own', async () => {
    const transport = { ...memory(), tracks: true as const }
    const given = await compiledWith('{ opens: true, clicks: true }', { transport })
    const message = mailOf(given, { id: 7 })
    expect(message.html).toBe(composeFor(given).html)
    expect(message.track).toEqual({ opens: true, clicks: true })
  })

  it('asks the transport that the mail goes by, where there are several', async () => {
    const given = await compiledWith('{ opens: true, clicks: true }')
    const own = { ...memory(), tracks: true as const }
    const by = (transport: Transport) =>
      trackingOf(given.config, { campaign: given.compiled, transport }, { id: 7, sendId })
    expect(by(own)).toBeUndefined()
    expect(by(memory())).toBeDefined()
  })

  it('shares what is prepared, so that a mail holds no text more than without', async () => {
    const given = await compiledWith('{ opens: true, clicks: true }')
    const [first, second] = [1, 2].map((id) => mailOf(given, { id }).parts?.().html)
    const plain = composeFor(given).parts?.().html
    expect(first).toHaveLength(plain?.length ?? 0)
    expect(first?.[0]).toBe(second?.[0])
  })

  it('keeps conditions and loops around links', async () => {
    const looped =
      '{% if nom %}\n[one](https://one.example/)\n{% else %}\n[two](https://two.example/)\n{% endif %}'
    const given = await compileOnly({ 'a.md': markdown(looped, 'track: { clicks: true }') })
    expect(clicks(mailOf(given, { id: 7 }).html)).toHaveLength(2)
    expect((given.compiled satisfies CompiledCampaign).links).toEqual([
      'https://example.org',
      'https://one.example/',
      'https://two.example/',
    ])
  })

  it('knows no links where clicks are not counted, so that the campaign stays as it was', async () => {
    const { compiled } = await compiledWith('{ opens: true }')
    expect(compiled).not.toHaveProperty('links')
  })
})
