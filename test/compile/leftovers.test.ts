import { describe, expect, test } from 'vitest'
import { markdown, mjml, problemsOf } from '../campaign-folder.ts'

/** What is wrong with a body of Markdown, which begins at line 5. */
const inMarkdown = (body: string) => problemsOf({ 'a.md': markdown(body) })
const inMjml = (body: string) =>
  problemsOf({
    'a.mjml': mjml(`<mj-section><mj-column><mj-text>${body}</mj-text></mj-column></mj-section>`),
  })

describe('lintShownText', () => {
  test('finds placeholders that only readers see as such', async () => {
    expect(
      await inMarkdown(
        'un\n\n\\{\\{ nom \\}\\}\n\n&lbrace;&lbrace; city &rbrace;&rbrace;\n\n&#123;&#123; plan &#125;&#125;\n\n*\\|NOM\\|*\n\n\\*|CITY|\\*\n\n[[nom\\]]\n\n*|**PLAN**|*\n\n&#123;&#123; email',
      ),
    ).toEqual([
      'a.md:7: "{{ nom }}" looks like a placeholder',
      'a.md:9: "{{ city }}" looks like a placeholder',
      'a.md:11: "{{ plan }}" looks like a placeholder',
      'a.md:13: "*|NOM|*" looks like a placeholder',
      'a.md:15: "*|CITY|*" looks like a placeholder',
      'a.md:17: "[[nom]]" looks like a placeholder',
      'a.md:19: "*|**PLAN**|*" looks like a placeholder',
      'a.md:21: "{{" without its other half',
    ])
    expect(await inMjml('\n&#123;&#37; if nom %&rbrace; <b title="*&#124;NOM|*">x</b>')).toEqual([
      'a.mjml:7: "*|NOM|*" looks like a placeholder',
      'a.mjml:7: "{% if nom %}" looks like a placeholder',
    ])
  })

  test('finds placeholders that a parameter or a condition brings in', async () => {
    const layout = `---\nparams:\n  word: x\n---\n${mjml('<mj-section><mj-column><mj-text>{{ content }}</mj-text></mj-column></mj-section>').split('---\n')[2]}`
    expect(
      await problemsOf({
        'a.md': markdown('{{ params.word }}', 'layout: own', 'params: { word: "[[nom]]" }'),
        'layouts/own.mjml': layout.replace('{{ footer }}', ''),
      }),
    ).toContain('a.md:7: "[[nom]]" looks like a placeholder')
    expect(await inMarkdown('[[{% if nom %}nom{% endif %}]]')).toEqual([
      'a.md:5: "[[nom]]" looks like a placeholder',
    ])
  })

  test('leaves what a mail about mails shows as code', async () => {
    expect(
      await inMjml('<code>&lbrace;&lbrace; nom }&rbrace; [^1] [x](https://a.org)</code>'),
    ).toEqual([])
  })

  test('finds images and links that Markdown did not understand', async () => {
    const problems = await problemsOf({
      'a.md': markdown('![a](my photo.jpg)\n\n[lien](https://a.org/un deux)\n\n[a] (b) [c]'),
      'my photo.jpg': 'x',
    })
    expect(problems).toEqual([
      'a.md:5: "![a](my photo.jpg)" is not an image',
      'a.md:7: "[lien](https://a.org/un deux)" is not a link',
    ])
    expect(await inMjml('[lien](https://a.org)')).toEqual([
      'a.mjml:6: "[lien](https://a.org)" is not a link',
    ])
  })

  test('finds footnotes', async () => {
    expect(await inMarkdown('un\n\ndeux[^1]\n\n[^1]: Une note.')).toEqual([
      'a.md:7: the footnote [^1]',
    ])
  })
})

describe('holdsPlaceholder', () => {
  test('keeps placeholders out of sender and reply address', async () => {
    const from = 'from: {{ nom }} <a@b.org>'
    const replyTo = 'replyTo: *|X|* <a@b.org>'
    expect(await problemsOf({ 'a.md': markdown('x', from, replyTo) })).toEqual([
      'a.md:4: "{{ nom }} <a@b.org>" is not an address',
      'a.md:5: "*|X|* <a@b.org>" is not an address',
    ])
  })
})
