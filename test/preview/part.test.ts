import { createServer } from 'node:http'
import { simpleParser } from 'mailparser'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { MailshotConfig } from '../../integrations/mailshot/config.ts'
import { campaignFolder, markdown, mjml } from '../campaign-folder.ts'
import { openBrowser } from '../open-browser.ts'
import { freePort } from '../free-port.ts'
import { breaking, breakingCampaign, partOf } from './look-at.ts'

let browser: Awaited<ReturnType<typeof openBrowser>>
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())

describe('previewPart', () => {
  it('serves the HTML with the images inside, which no site serves yet', async () => {
    const image = await picture()
    const files = { 'hello.md': markdown('![A square](square.png)'), 'square.png': image }
    const html = await textOf(campaignFolder(files), 'hello/mail.html')
    expect(html).toMatch(/<img[^>]+src="data:image\/png;base64,[A-Za-z0-9+/=]{20,}"/)
    expect(html).not.toContain('/mailshot/media/')
  })

  it('takes other images of the site from the server that shows the preview, and leaves links', async () => {
    const body = '![Logo](/logo.png) [page](/page) ![else](https://other.example/x.png)'
    const html = await textOf(campaignFolder({ 'hello.md': markdown(body) }), 'hello/mail.html')
    expect(html).toContain('src="/logo.png"')
    expect(html).toContain('href="https://example.org/page"')
    expect(html).toContain('src="https://other.example/x.png"')
  })

  it('serves the text and the whole mail as they would be handed over', async () => {
    const config = campaignFolder({ 'hello.md': markdown('Hello {{ nom | default: "you" }}.') })
    const text = await partOf(config, 'hello/mail.txt?name=Zo%C3%A9')
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(await text.text()).toContain('Hello Zoé.')
    const eml = await partOf(config, 'hello/mail.eml?name=Zo%C3%A9')
    expect(eml.headers.get('content-disposition')).toBe('attachment; filename="hello.fr.eml"')
    const mail = await simpleParser(Buffer.from(await eml.arrayBuffer()))
    expect([mail.subject, mail.to, mail.text]).toEqual([
      'Bonjour',
      expect.objectContaining({ text: '"Zoé" <camille@example.org>' }),
      expect.stringContaining('Hello Zoé.'),
    ])
  })

  it('answers 404 for what is not there, and 422 for what cannot be made', async () => {
    const config = campaignFolder({
      'hello.md': markdown('Hello.'),
      'broken.md': markdown('{{ nom | date: "%Y" | nope }}'),
    })
    expect((await partOf(config, 'none/mail.html')).status).toBe(404)
    expect((await partOf(config, 'hello/mail.pdf')).status).toBe(404)
    const broken = await partOf(config, 'broken/mail.eml')
    expect(broken.status).toBe(422)
    expect(await broken.text()).toContain('broken cannot be composed')
    const breaks = await partOf(campaignFolder(breakingCampaign('x')), 'x/mail.html', breaking)
    expect([breaks.status, await breaks.text()]).toEqual([
      422,
      'x cannot be compiled: it broke off\n',
    ])
  })

  it('lets nothing in a mail run, nor frame it elsewhere', async () => {
    const body = `<script>document.title = 'ran'</script>
<img src="none.png" onerror="document.title = 'ran'"> <a href="javascript:document.title='ran'">x</a>
<svg onload="document.title = 'ran'"></svg>`
    const config = campaignFolder({ 'hostile.md': markdown(body) })
    const { headers } = await partOf(config, 'hostile/mail.html')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'self'")
    expect(/sandbox ([^;]*)/.exec(policy)?.[1]).not.toContain('allow-scripts')
    const page = await openPart(config, 'hostile/mail.html')
    await page.click('a').catch(() => undefined)
    expect(await page.title()).toBe('Bonjour')
  })

  it('opens its links beside it, as whole pages', async () => {
    const body = '<title>still</title><script>document.title = "ran"</script>'
    const headers = { 'content-type': 'text/html' }
    const other = await serve(async () => new Response(body, { headers }))
    const config = campaignFolder({ 'hello.md': markdown(`[page](${other}page)`) })
    const page = await openPart(config, 'hello/mail.html')
    const opened = page.waitForEvent('popup')
    await page.click('a:has-text("page")')
    const popup = await opened
    await popup.waitForLoadState()
    expect([popup.url(), await popup.title()]).toEqual([`${other}page`, 'ran'])
  })

  it('shows light and dark as asked, whatever the browser prefers', async () => {
    const head = `<mj-head><mj-style>
      :root { color-scheme: light dark }
      body { color: rgb(1, 1, 1) }
      @media (prefers-color-scheme: dark) { body { color: rgb(254, 254, 254) } }
    </mj-style></mj-head>`
    const body = '<mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section>'
    const config = campaignFolder({ 'hello.mjml': mjml(body, head) })
    const colours = async (query: string, colorScheme: 'light' | 'dark') => {
      const page = await openPart(config, `hello/mail.html${query}`, colorScheme)
      return page.evaluate(() => [
        getComputedStyle(document.body).color,
        getComputedStyle(document.documentElement).colorScheme,
      ])
    }
    const light = ['rgb(1, 1, 1)', 'light']
    expect(await colours('', 'dark')).toEqual(light)
    expect(await colours('?scheme=nonsense', 'dark')).toEqual(light)
    expect(await colours('?scheme=dark', 'light')).toEqual(['rgb(254, 254, 254)', 'dark'])
  })
})

async function textOf(config: MailshotConfig, address: string): Promise<string> {
  return (await partOf(config, address)).text()
}

function picture(): Promise<Buffer> {
  return sharp({ create: { width: 8, height: 8, channels: 3, background: '#c00' } })
    .png()
    .toBuffer()
}

/** Opens a part in a browser, served with its own headers. */
async function openPart(
  config: MailshotConfig,
  address: string,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<Page> {
  const url = await serve(() => partOf(config, address))
  const context = await browser.newContext({ colorScheme })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(url)
  return page
}

/** A server that answers alike to everything, until the test ends. */
async function serve(answer: () => Promise<Response>): Promise<string> {
  const server = createServer((_, response) => {
    void answer().then(async (part) => {
      response.writeHead(part.status, Object.fromEntries(part.headers)).end(await part.text())
    })
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${port}/`
}
