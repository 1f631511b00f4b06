import mjml2html from 'mjml'
import { describe, expect, it } from 'vitest'
import type { LetterContent } from '../../integrations/mailshot/letter/compose.ts'
import { letterHtml } from '../../integrations/mailshot/letter/html.ts'

const content: LetterContent = {
  subject: 'Confirmez "votre" adresse',
  paragraphs: ['Bonjour,\nencore une étape.', 'À 5 < 6 & plus'],
  button: { label: 'Je confirme "oui"', url: 'https://example.org/confirm?a=1&b=2' },
  notes: ['Sinon, ne faites rien.'],
}
const foot = ['Les Nouvelles', '1 rue du Port']

describe('letterHtml', () => {
  it('is what MJML makes of the same letter', async () => {
    const ours = letterHtml(content, { lang: 'fr', dir: 'ltr', foot })
    expect(squeezed(ours)).toBe(squeezed(await byMjml('fr', 'ltr')))
  })

  it('is so for languages written from right to left', async () => {
    const ours = letterHtml(content, { lang: 'ar', dir: 'rtl', foot })
    expect(squeezed(ours)).toBe(squeezed(await byMjml('ar', 'rtl')))
  })

  it('is text alone, whatever is in it', () => {
    const subject = '</title><script>'
    const html = letterHtml(
      { subject, paragraphs: ['<img src=x>'], button: { label: '<b>', url: 'x" onclick="y' } },
      { lang: 'fr', dir: 'ltr', foot: ['<hr>'] },
    )
    expect(html).not.toMatch(/<(?:script|img|b|hr)\b/)
    expect(html).toContain('href="x&quot; onclick=&quot;y"')
  })
})

async function byMjml(lang: string, dir: 'ltr' | 'rtl'): Promise<string> {
  const align = dir === 'rtl' ? 'right' : 'left'
  const { html } = await mjml2html(
    `<mjml lang="${lang}" dir="${dir}">
      <mj-head>
        <mj-title>Confirmez &quot;votre&quot; adresse</mj-title>
        <mj-attributes>
          <mj-all font-family="system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif" />
          <mj-text font-size="16px" line-height="1.6" color="#1a1a1a" align="${align}" />
          <mj-button background-color="#1d4ed8" color="#ffffff" font-size="16px" border-radius="6px" />
        </mj-attributes>
        <mj-raw><meta name="color-scheme" content="light dark"></mj-raw>
      </mj-head>
      <mj-body width="560px"><mj-section direction="${dir}"><mj-column direction="${dir}">
        <mj-text>Bonjour,<br>encore une étape.</mj-text><mj-text>À 5 &lt; 6 &amp; plus</mj-text>
        <mj-button href="https://example.org/confirm?a=1&amp;b=2">Je confirme &quot;oui&quot;</mj-button>
        <mj-text font-size="14px" color="#595959">Sinon, ne faites rien.</mj-text>
        <mj-text font-size="14px" color="#595959">Les Nouvelles<br>1 rue du Port</mj-text>
      </mj-column></mj-section></mj-body>
    </mjml>`,
    { fonts: {}, validationLevel: 'strict' },
  )
  return html
}

/** Without the white space that shows nowhere. */
function squeezed(html: string): string {
  return html
    .replace(/\s+/g, ' ')
    .replace(/ ?([<>]) ?/g, '$1')
    .trim()
}
