import { experimental_AstroContainer as AstroContainer } from 'astro/container'
import { DomUtils, parseDocument } from 'htmlparser2'
import { describe, expect, it } from 'vitest'
import { indexPage } from '../../integrations/mailshot/archive/index-page.ts'
import { letterPage } from '../../integrations/mailshot/archive/letter-page.ts'
import IndexPage from '../../integrations/mailshot/components/pages/IndexPage.astro'
import LetterPage from '../../integrations/mailshot/components/pages/LetterPage.astro'
import { markdown, mjml } from '../campaign-folder.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { sendCampaign } from '../sent-campaign.ts'

const hostile = 'subject: "><script>alert(1)</script> {{ email }}'

describe('LetterPage', () => {
  it('is the letter in the page’s design, under its own heading, said in its head', async () => {
    const html = await letter({ 'a.md': markdown('# Titre\n\ntexte', 'preheader: Avant') })
    expect(html).toMatch(/<title>Bonjour/)
    expect(html).toContain('<meta name="description" content="Avant">')
    expect(html).toContain('<link rel="canonical" href="https://example.org/newsletters/a">')
    expect(html).toMatch(
      /<link rel="alternate" href="[^"]*rss\.xml\?lang=fr" type="application\/rss/,
    )
    expect(elements(html, 'h1').map((one) => DomUtils.textContent(one))).toEqual(['Titre'])
    expect(html).toContain('Envoyée le')
    expect(html).toContain('>22 novembre 2026</time>')
  })

  it('takes the subject for a heading where the letter has none, as the text that it is', async () => {
    const html = await letter({ 'a.md': markdown('texte', hostile) })
    expect(elements(html, 'h1').map((one) => DomUtils.textContent(one))).toEqual([
      '"><script>alert(1)</script>',
    ])
    expect(elements(html, 'script')).toEqual([])
  })

  it('frames a mail that has a design of its own, and lets it run no script', async () => {
    const mail = mjml('<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>')
    const [frame, ...others] = elements(await letter({ 'a.mjml': mail }), 'iframe')
    expect(others).toEqual([])
    expect(frame?.attribs).toMatchObject({ src: '/newsletters/a?mail', title: 'Bonjour' })
    expect(frame?.attribs['sandbox']).not.toMatch(/allow-(?:scripts|forms|modals|downloads)/)
  })

  it('is in the letter’s language, and its own words in the site’s where it has none in that', async () => {
    const files = { 'a/he.md': markdown('שלום'), 'a/fr.md': markdown('Bonjour') }
    const html = await letter(files, 'he')
    expect(html).toMatch(/<html lang="he" dir="rtl"/)
    expect(html).toMatch(/<span lang="fr"[^>]*>\s*Envoyée le/)
    expect(html).toMatch(
      /href="\/newsletters\/a\/fr" lang="fr" hreflang="fr"[^>]*>\s*Lire en français/,
    )
  })
})

describe('IndexPage', () => {
  it('offers to subscribe where nothing was sent yet', async () => {
    const { status, texts, view } = await indexPage(await openTestMailshot(), ask())
    const html = await render(IndexPage, { page: { status, texts, view } })
    expect(html).toContain('<h1>Rien n’a encore été envoyé</h1>')
    expect(html).toMatch(/href="\/mailshot\/subscribe\?lang=fr"/)
  })
})

/** The page of a letter that was sent, in one of its languages. */
async function letter(files: Record<string, string>, lang?: string): Promise<string> {
  const mailshot = await openTestMailshot()
  await addReaders(mailshot, 1)
  await sendCampaign(mailshot, files)
  const page = await letterPage(mailshot, { slug: 'a', lang }, ask())
  return render(LetterPage, { page })
}

function ask(): Request {
  return new Request('https://example.org/newsletters', { headers: { 'accept-language': 'fr' } })
}

async function render(
  component: Parameters<AstroContainer['renderToString']>[0],
  props: Record<string, unknown>,
): Promise<string> {
  const container = await AstroContainer.create()
  return container.renderToString(component, { props })
}

function elements(html: string, name: string) {
  return DomUtils.getElementsByTagName(name, parseDocument(html))
}
