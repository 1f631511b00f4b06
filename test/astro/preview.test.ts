import { experimental_AstroContainer as AstroContainer } from 'astro/container'
import { Parser } from 'htmlparser2'
import { describe, expect, it } from 'vitest'
import Campaign from '../../integrations/mailshot/components/preview/Campaign.astro'
import List from '../../integrations/mailshot/components/preview/List.astro'
import Unknown from '../../integrations/mailshot/components/preview/Unknown.astro'
import { previewCampaign } from '../../integrations/mailshot/preview.ts'
import { previewList } from '../../integrations/mailshot/preview/list.ts'
import { campaignFolder, markdown, mjml } from '../campaign-folder.ts'
import { pageOf } from '../preview/look-at.ts'

const hostile = '"><script>alert(1)</script>'

describe('the page of a campaign', () => {
  it('frames the mail at two widths, sandboxed, with the address’s query', async () => {
    const html = await campaignPage({ 'hello.md': markdown('Hello') }, 'hello?name=Zo%C3%A9')
    const frames = html.match(/<iframe[^>]*>/g) ?? []
    expect(frames).toHaveLength(2)
    expect(frames[0]).toContain('src="/mailshot/preview/hello/mail.html?name=Zo%C3%A9"')
    for (const frame of frames) {
      expect(frame).toMatch(/ sandbox="[^"]+"/)
      expect(frame).not.toContain('allow-scripts')
      expect(frame).toMatch(/ title="[^"]+"/)
    }
  })

  it('escapes whatever an author, a subscriber or an address says', async () => {
    const query = new URLSearchParams({ name: hostile, lang: hostile, email: hostile, as: hostile })
    const files = { 'hello.md': markdown('{{ nom | default: "x" }}', `subject: ${hostile}`) }
    const html = await campaignPage(files, `hello?${query}`)
    expect(elements(html)).not.toContain('script')
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  })

  it('offers a field for each thing that can be said of a reader, with what is shown', async () => {
    const files = { 'hello.md': markdown('Hello', 'lists: [weekly, product]') }
    const html = await campaignPage(files, 'hello?field.plan=pro&list=product')
    expect(html).toMatch(/<select name="list"[^>]*>.*<option value="product" selected/s)
    expect(html).toMatch(/<option value="pro" selected/)
    expect(html).toMatch(/<input type="text" name="name" value="Camille Martin"/)
    expect(html).not.toContain('name="as"')
  })

  it('says what is wrong with file, line, cause and cure', async () => {
    const html = await campaignPage({ 'hello.md': markdown('{{ nmo }}') }, 'hello')
    expect(plain(html)).toMatch(
      /Erreur \S+hello\.md:5 unknown merge field "nmo" : .* → did you mean "nom"\?/,
    )
  })

  it('says why there is nothing to look at', async () => {
    const html = await campaignPage({ 'broken.mjml': mjml('<mj-colum>') }, 'broken')
    expect(html).not.toContain('<iframe')
    expect(html).toContain('Son HTML n’a pas pu être produit.')
  })
})

describe('the page of all campaigns', () => {
  it('links each with its subject, and what is wrong with it', async () => {
    const html = await listPage({
      'good.md': markdown('Hello', `subject: ${hostile}`),
      'wrong.md': markdown('Hello {{ nmo }}'),
    })
    expect(elements(html)).not.toContain('script')
    expect(html).toMatch(/<a href="\/mailshot\/preview\/wrong"[^>]*>Bonjour</)
    expect(plain(html)).toContain('Erreurs : 1')
    expect(plain(html)).toMatch(/wrong\.md:5: unknown merge field "nmo"/)
  })

  it('tells how to write the first one', async () => {
    const html = await listPage({})
    expect(plain(html)).toContain('Pas encore de campagne')
    expect(html).toContain('lists: [weekly]')
  })
})

describe('the page of a campaign that is none', () => {
  it('leads to those that are', async () => {
    const config = campaignFolder({ 'hello.md': markdown('Hello') })
    const request = new Request('http://localhost/mailshot/preview/hallo')
    const preview = await previewCampaign(config, 'hallo', { request })
    if (!('unknown' in preview)) throw new Error('it is known')
    const container = await AstroContainer.create()
    const html = await container.renderToString(Unknown, { props: { page: preview.unknown } })
    expect(plain(html)).toContain('Pas de campagne « hallo »')
    expect(html).toContain('href="/mailshot/preview/hello"')
  })
})

async function campaignPage(files: Record<string, string>, address: string): Promise<string> {
  const page = await pageOf(campaignFolder(files), address)
  const container = await AstroContainer.create()
  return container.renderToString(Campaign, { props: { page, isLive: false } })
}

async function listPage(files: Record<string, string>): Promise<string> {
  const request = new Request('http://localhost/mailshot/preview')
  const list = await previewList(campaignFolder(files), { request })
  const container = await AstroContainer.create()
  return container.renderToString(List, { props: { list, isLive: false } })
}

/** The names of all elements, as a browser reads the page. */
function elements(html: string): string[] {
  const names: string[] = []
  const parser = new Parser({ onopentag: (name) => names.push(name) })
  parser.end(html)
  return names
}

/** The words of a page. */
function plain(html: string): string {
  return html
    .replace(/<[^>]*>/g, ' ')
    .replace(/&quot;|&#34;/g, '"')
    .replace(/\s+/g, ' ')
}
