import { describe, expect, test } from 'vitest'
import type { Template } from '../../integrations/mailshot/compile.ts'
import { compileOnly, markdown, mjml } from '../campaign-folder.ts'

const link = '<a href="{{ url_unsubscribe }}">partir</a>'
const section = (content: string) =>
  `<mj-section><mj-column><mj-text>${content}</mj-text></mj-column></mj-section>`
const wholeMail = (...sections: string[]) =>
  markdown(`<mjml><mj-body>${sections.map(section).join('\n')}</mj-body></mjml>`)

/** The only page of the only campaign, its placeholders written out. */
async function pageOf(files: Record<string, string>): Promise<{ kind: string; html: string }> {
  const { compiled } = await compileOnly(files)
  const [page] = Object.values(compiled.pages)
  if (!page) throw new Error('the campaign has no page')
  return { kind: page.kind, html: written(page.html) }
}

function written(template: Template): string {
  const parts = template.map((part) => {
    if (typeof part === 'string') return part
    return 'tag' in part ? `{% ${part.tag} %}` : `{{ ${part.output} }}`
  })
  return parts.join('')
}

/** What a reader sees of a mail: its body's text, in one line. */
function textOf(html: string): string {
  return html
    .replace(/^[^]*<body[^>]*>/, '')
    .replace(/<!--[^]*?-->|<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

describe('archivePage', () => {
  test('keeps of Markdown what the author wrote, without layout, footer and preheader', async () => {
    const { kind, html } = await pageOf({
      'a.md': markdown('# Titre\n\nBonjour {{ nom | default: "à tous" }}', 'preheader: Avant'),
    })
    expect(kind).toBe('content')
    expect(html.trim()).toBe('<h1>Titre</h1>\n<p>Bonjour {{ nom | default: "à tous" }}</p>')
  })

  test('makes a page of each language, whether the archive is to show it or not', async () => {
    const both = { 'a/fr.md': markdown('Bonjour'), 'a/en.md': markdown('Hello') }
    expect(Object.keys((await compileOnly(both)).compiled.pages).toSorted()).toEqual(['en', 'fr'])
    const hidden = { 'a.md': markdown('x', 'archive: false') }
    expect(Object.keys((await compileOnly(hidden)).compiled.pages)).toEqual(['fr'])
  })

  test('is no part of the content hash', async () => {
    const shown = await compileOnly({ 'a.md': markdown('x') })
    const hidden = await compileOnly({ 'a.md': markdown('x', 'archive: false') })
    expect(shown.compiled.hash).toBe(hidden.compiled.hash)
  })

  test('keeps conditions, whole links and the addresses of images', async () => {
    const { html } = await pageOf({
      'a.md': markdown('{% if city %}\n[{{ city }}](https://example.org/{{ city }})\n{% endif %}'),
    })
    expect(html).toContain('{% if city %}')
    expect(html).toContain('<a href="https://example.org/{{ city }}">{{ city }}</a>')
  })

  test('takes the footer off an MJML mail', async () => {
    const { kind, html } = await pageOf({ 'a.mjml': mjml(section('<h1>Titre</h1> texte')) })
    expect(kind).toBe('mail')
    expect(html).toMatch(/^<!doctype html>/i)
    expect(textOf(html)).toBe('Titre texte')
  })

  test('takes off the whole section that an author made a foot of', async () => {
    const foot = `<p>{{ words.why }}</p><p>${link} <a href="{{ url_preferences }}">choisir</a></p>`
    const { html } = await pageOf({ 'a.mjml': wholeMail('<h1>Titre</h1>', 'texte', foot) })
    expect(textOf(html)).toBe('Titre texte')
    expect(html).not.toContain('url_')
    expect(html).not.toContain('email }}')
  })

  test('takes out the last block where all stands in one section', async () => {
    const body = `<mj-section><mj-column><mj-text><h1>Titre</h1></mj-text>
      <mj-text>${'texte '.repeat(200)}</mj-text><mj-text>Trop de mails ? ${link}</mj-text></mj-column></mj-section>`
    const { html } = await pageOf({
      'a.mjml': markdown(`<mjml><mj-body>${body}</mj-body></mjml>`),
    })
    expect(textOf(html)).toMatch(/^Titre texte .* texte$/)
  })

  test('takes out the paragraph, or only the link, where more stands around it', async () => {
    const short = `<h1>Titre</h1><p>texte</p><p>Trop de mails ? ${link}</p>`
    expect(textOf((await pageOf({ 'a.mjml': wholeMail(short) })).html)).toBe('Titre texte')
    const long = `<h1>Titre</h1><p>${'mot '.repeat(100)}${link} fin</p>`
    expect(textOf((await pageOf({ 'a.mjml': wholeMail(long) })).html)).toMatch(/mot mot fin$/)
  })

  test('leaves something to read of a mail that is nothing but short', async () => {
    const { html } = await pageOf({ 'a.mjml': wholeMail(`Réunion demain. ${link}`) })
    expect(textOf(html)).toBe('Réunion demain.')
  })

  test('leaves conditions whole, whatever is taken out of them', async () => {
    const foot = `{% if city %}<p>${link} à {{ city }}</p>{% else %}<p>${link}</p>{% endif %}`
    const { html } = await pageOf({ 'a.mjml': wholeMail('<h1>Titre</h1>', foot) })
    expect(textOf(html)).toBe('Titre')
    const amid = `<h1>Titre</h1>{% if city %}<p>Chez {{ city }}.</p><p>${link}</p>{% else %}<p>${link}</p>{% endif %}`
    const rest = await pageOf({ 'a.mjml': wholeMail(amid) })
    expect(textOf(rest.html)).toBe('Titre {% if city %} Chez {{ city }}. {% else %}{% endif %}')
  })

  test('takes the unsubscribe link out of Markdown too', async () => {
    const { html } = await pageOf({
      'a.md': markdown('# Titre\n\ntexte\n\nTrop de mails ? [Partir]({{ url_unsubscribe }})'),
    })
    expect(html).not.toContain('Trop de mails')
    expect(html).not.toContain('url_unsubscribe')
    expect(html).toContain('texte')
  })
})
