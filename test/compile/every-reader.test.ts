import { describe, expect, test } from 'vitest'
import { compileOnly, markdown, mjml, problemsOf } from '../campaign-folder.ts'

const section = (inner: string) =>
  `<mj-section><mj-column><mj-text>${inner}</mj-text></mj-column></mj-section>`
const link = '<a href="{{ url_unsubscribe }}">u</a>'
/** What is wrong with a mail that has no footer but what stands in its body. */
const inMjml = (body: string) =>
  problemsOf({ 'a.mjml': mjml(section(body)).replace('{{ footer }}', '') })
const withSubject = (subject: string) =>
  problemsOf({ 'a.md': markdown('x', `subject: ${subject}`) })

describe('noLink', () => {
  test('is content with a link for all, or one in every branch', async () => {
    expect(await inMjml(`x ${link}`)).toEqual([])
    expect(await inMjml(`{% if nom %}x ${link}{% else %}y ${link}{% endif %}`)).toEqual([])
    expect(
      await inMjml(`{% case plan %}{% when "pro" %}${link}{% else %}${link}{% endcase %}`),
    ).toEqual([])
  })

  test('finds a link that some readers do not get', async () => {
    const wrong = ['a.mjml:5: no unsubscribe link']
    expect(await inMjml(`x {% if plan == "pro" %}${link}{% endif %}`)).toEqual(wrong)
    expect(await inMjml(`{% if nom %}${link}{% else %}y{% endif %}`)).toEqual(wrong)
    expect(await inMjml(`{% for l in lists %}${link}{% endfor %}`)).toEqual(wrong)
    expect(
      await inMjml(
        '<a href="{% if nom %}{{ url_unsubscribe }}{% else %}{{ url_view }}{% endif %}">u</a>',
      ),
    ).toEqual(wrong)
  })

  test('finds one that is no link', async () => {
    const wrong = ['a.mjml:5: no unsubscribe link']
    expect(await inMjml('<span title="{{ url_unsubscribe }}">u</span>')).toEqual(wrong)
    expect(await inMjml('<img src="{{ url_unsubscribe }}" alt="">')).toEqual(wrong)
    expect(await inMjml('{{ url_unsubscribe }}')).toEqual(wrong)
    expect(await inMjml(`<!--[if mso]>${link}<![endif]-->`)).toEqual(wrong)
  })
})

describe('isInText', () => {
  test('ends a text part with the link that its own conditions may hide', async () => {
    const text = 'un {% if plan == "pro" %}{{ url_unsubscribe }}{% endif %}\n'
    const { compiled } = await compileOnly({ 'a/fr.md': markdown('x'), 'a/fr.txt': text })
    const parts = compiled.variants['fr']?.text ?? []
    const links = parts.filter((part) => typeof part === 'object' && 'output' in part)
    expect(links.map((part) => part.output)).toEqual([
      'url_unsubscribe',
      'url_view',
      'url_unsubscribe',
    ])
  })
})

describe('emptySubject', () => {
  test('finds a subject that comes to nothing for some readers', async () => {
    const wrong = ['a.md:2: the subject is empty for some readers']
    expect(await withSubject('{% if nom %}Bonjour {{ nom }}{% endif %}')).toEqual(wrong)
    expect(await withSubject('{% unless city == "Paris" %}Bonjour{% endunless %}')).toEqual(wrong)
    expect(await withSubject('{% if nom %}Bonjour{% else %} {% endif %}')).toEqual(wrong)
  })

  test('is content with words in every branch, or a value that is always there', async () => {
    expect(await withSubject('{% if nom %}Bonjour {{ nom }}{% else %}Bonjour{% endif %}')).toEqual(
      [],
    )
    expect(await withSubject('{{ nom | default: "Bonjour" }}')).toEqual([])
    expect(await withSubject('{{ list_title }}')).toEqual([])
  })
})
