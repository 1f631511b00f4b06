import mjml2html from 'mjml'
import { describe, expect, it } from 'vitest'
import type { LetterContent } from '../../integrations/mailshot/letter/content.ts'
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

  it('links the addresses of pages, without what ends their sentence', () => {
    const paragraphs = ['Ici : https://example.org/a?b=1&c=2.', '«http://example.org/é» 你好。']
    const html = letterHtml({ subject: '', paragraphs }, { lang: 'fr', dir: 'ltr', foot })
    const links = [...html.matchAll(/<a href="([^"]*)"[^>]*>([^<]*)<\/a>(.)/g)]
    expect(links.map(([, ...parts]) => parts)).toEqual([
      ['https://example.org/a?b=1&amp;c=2', 'https://example.org/a?b=1&amp;c=2', '.'],
      ['http://example.org/', 'http://example.org/', 'é'],
    ])
  })

  it('has colours for dark mode, since it says so', () => {
    const { dark, light } = coloursOf(letterHtml(content, { lang: 'fr', dir: 'ltr', foot }))
    expect(light).toEqual({ content: '#1a1a1a', foot: '#595959' })
    expect(dark).toEqual({ content: '#dcdee3', foot: '#a6abb5' })
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

/** Of the text in each kind of row; in dark mode, by what wins over the style attributes. */
function coloursOf(html: string) {
  const dark = html.split('(prefers-color-scheme: dark)')[1]?.split('</style>')[0] ?? ''
  const colours = (text: string, pattern: RegExp) =>
    Object.fromEntries([...text.matchAll(pattern)].map(([, name = '', colour]) => [name, colour]))
  return {
    light: colours(html, /<td align="\w+" class="(\w+)"[^>]*> *\s<div [^>]*;color:(#\w+)/g),
    dark: colours(dark, /\.(\w+) > div \{ color: (#\w+) !important/g),
  }
}

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
        <mj-style>
          :root { color-scheme: light dark; supported-color-schemes: light dark; }
          @media (prefers-color-scheme: dark) {
            .content > div { color: #dcdee3 !important; }
            .foot > div { color: #a6abb5 !important; }
            .content > div > a, .foot > div > a { color: #8db5ff !important; }
          }
        </mj-style>
        <mj-raw>
          <meta name="color-scheme" content="light dark">
          <meta name="supported-color-schemes" content="light dark">
        </mj-raw>
      </mj-head>
      <mj-body width="560px"><mj-section direction="${dir}"><mj-column direction="${dir}">
        <mj-text css-class="content">Bonjour,<br>encore une étape.</mj-text>
        <mj-text css-class="content">À 5 &lt; 6 &amp; plus</mj-text>
        <mj-button href="https://example.org/confirm?a=1&amp;b=2">Je confirme &quot;oui&quot;</mj-button>
        <mj-text css-class="foot" font-size="14px" color="#595959">Sinon, ne faites rien.</mj-text>
        <mj-text css-class="foot" font-size="14px" color="#595959"><span dir="auto">Les Nouvelles</span
          ><br><span dir="auto">1 rue du Port</span></mj-text>
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
