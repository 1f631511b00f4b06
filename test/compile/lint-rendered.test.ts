import { describe, expect, test } from 'vitest'
import { lintRendered } from '../../integrations/mailshot/compile/lint-rendered.ts'
import { createTokens } from '../../integrations/mailshot/compile/tokens.ts'
import { markdown, mjml, problemsOf } from '../campaign-folder.ts'

/** What is wrong with a body of Markdown, which begins at line 5. */
const inMarkdown = (body: string) => problemsOf({ 'a.md': markdown(body) })
/** What is wrong with the body of a mail in MJML, which begins at line 6. */
const inMjml = (body: string, head = '') => problemsOf({ 'a.mjml': mjml(body, head) })
const section = (inner: string) => `<mj-section><mj-column>${inner}</mj-column></mj-section>`
const script = 'the link javascript:alert(1) is not allowed'

describe('lintRendered', () => {
  test('looks for the places of what may be wrong only', () => {
    const asked: string[][] = []
    const locate = (...texts: string[]) => {
      asked.push(texts)
      return { file: 'a.md', line: 1 }
    }
    const html =
      '<table role="presentation" width="600" style="width:600px"><a href="https://a.org" title="x">x</a></table>'
    const options = { tokens: createTokens([]), images: new Map(), site: 'https://b.org', locate }
    expect(lintRendered(html, options)).toEqual([])
    expect(asked).toEqual([['href="https://a.org"', 'https://a.org']])
  })

  test('looks at the address that each branch of a condition makes', async () => {
    expect(await inMarkdown('[x]({% if nom %}javascript:alert(1){% else %}/x{% endif %})')).toEqual(
      [`a.md:5: ${script}`, 'a.md:5: the link /x has no beginning'],
    )
    expect(
      await inMarkdown(
        'un\n\n[x]({% if nom %}https://a.org{% else %}javascript:alert(1){% endif %})',
      ),
    ).toEqual([`a.md:7: ${script}`])
    expect(
      await inMjml(
        section(
          `<mj-button href="{% if plan == 'pro' %}https://a.org{% else %}javascript:alert(1){% endif %}">x</mj-button>`,
        ),
      ),
    ).toEqual([`a.mjml:6: ${script}`])
    expect(
      await inMarkdown(
        '<a href="{% case plan %}{% when "pro" %}https://a.org{% when "free" %}javascript:alert(1){% else %}{% if nom %}https://b.org{% endif %}{% endcase %}">x</a>',
      ),
    ).toEqual([`a.md:5: ${script}`, 'a.md:5: a link without an address'])
  })

  test('takes an address that is good in every branch', async () => {
    expect(
      await inMarkdown(
        '[x]({% if nom %}https://a.org/a{% else %}https://a.org/b{% endif %}) [y](https://a.org/{% if nom %}a{% endif %}) [z]({{ url_view }}?a={{ nom | default: "b" }})',
      ),
    ).toEqual([])
  })

  test('asks for fewer conditions where there are too many forms to look at', async () => {
    const conditions = '{% if nom %}a{% else %}b{% endif %}c'.repeat(9)
    expect(await inMarkdown(`<a href="https://a.org/${conditions}">x</a>`)).toEqual([
      'a.md:5: too many conditions in the attribute href',
    ])
  })

  test('looks at the address that a parameter makes', async () => {
    const params = 'params: { accent: "javascript:alert(1)" }'
    expect(
      await problemsOf({ 'a.md': markdown('un\n\n[x]({{ params.accent }})', params) }),
    ).toContain(`a.md:8: ${script}`)
  })

  test('looks at what defaults and selectors of MJML add', async () => {
    const button = section(
      '<mj-button mj-class="c">x</mj-button><mj-text css-class="x">y</mj-text>',
    )
    const add = (head: string) => inMjml(button, `<mj-head>${head}</mj-head>`)
    expect(
      await add('<mj-attributes><mj-button href="javascript:alert(1)"/></mj-attributes>'),
    ).toEqual([`a.mjml:5: ${script}`])
    expect(
      await add('<mj-attributes><mj-class name="c" href="javascript:alert(1)"/></mj-attributes>'),
    ).toEqual([`a.mjml:5: ${script}`])
    const attribute = (name: string) =>
      `<mj-html-attributes><mj-selector path=".x div"><mj-html-attribute name="${name}">javascript:alert(1)</mj-html-attribute></mj-selector></mj-html-attributes>`
    expect(await add(attribute('href'))).toEqual([`a.mjml:5: ${script}`])
    expect(await add(attribute('onclick'))).toEqual(['a.mjml:5: the attribute onclick'])
  })

  test('follows the definition that Markdown follows', async () => {
    expect(await inMarkdown('[x]\n\n[x]: javascript:alert(1)\n[x]: https://a.org')).toEqual([
      `a.md:5: ${script}`,
    ])
    expect(await inMarkdown('a [^1]\n\n[^1]: javascript:alert(1)')).toEqual([`a.md:5: ${script}`])
  })

  test('finds scripts in every attribute and in styles', async () => {
    expect(
      await inMarkdown(
        [
          '<meta http-equiv="refresh" content="0;url=javascript:alert(1)">',
          '<svg><a xlink:href="javascript:alert(1)">x</a></svg>',
          '<img src="https://a.org/a.png" alt="" srcset="javascript:alert(1) 2x">',
          '<p style="background:url(javascript:alert(1))">x</p>',
          '<p data-x="&#106;avascript:alert(1)">x</p>',
        ].join('\n\n'),
      ),
    ).toEqual([
      'a.md:5: <meta http-equiv="refresh">',
      'a.md:7: <svg> in a mail',
      `a.md:7: ${script}`,
      'a.md:9: an image written into the source',
      'a.md:11: an image written into the source',
      `a.md:13: ${script}`,
    ])
  })

  test('reads a tag on, beyond the end of its Markdown block', async () => {
    expect(await inMarkdown('<div><a href="javascript:alert(1)"\n\n</div>')).toContain(
      `a.md:5: ${script}`,
    )
  })

  test('finds images that are missing wherever they may stand', async () => {
    expect(
      await inMarkdown(
        [
          '<img src="https://a.org/a.png" alt="" srcset="a.png 2x">',
          '<p style="background-image:url(b.png)">x</p>',
          '<video src="https://a.org/a.mp4" poster="c.png"></video>',
          '{% if nom %}<img src="{% if city %}d.png{% else %}https://a.org/{% endif %}" alt="">{% endif %}',
        ].join('\n\n'),
      ),
    ).toEqual(
      expect.arrayContaining([
        'a.md:5: the image a.png is not published',
        'a.md:7: the image b.png is not published',
        'a.md:9: the image c.png is not published',
        'a.md:11: the image d.png is not published',
      ]),
    )
    const accordion =
      '<mj-accordion icon-wrapped-url="a.png" icon-unwrapped-url="b.png"><mj-accordion-element /></mj-accordion>'
    const social = '<mj-social><mj-social-element src="c.png">x</mj-social-element></mj-social>'
    expect(
      await inMjml(
        section(`${accordion}\n${social}\n<mj-image alt="" />`),
        '<mj-head><mj-attributes><mj-image src="d.png" /></mj-attributes></mj-head>',
      ),
    ).toEqual([
      'a.mjml:6: the image a.png is missing',
      'a.mjml:6: the image b.png is missing',
      'a.mjml:7: the image c.png is missing',
      'a.mjml:8: the image d.png is missing',
    ])
  })

  test('finds links that end with their beginning', async () => {
    expect(await inMarkdown('[x](https://)\n[y](mailto:)\n[z](https://?a)')).toEqual([
      'a.md:5: the link https:// has no end',
      'a.md:6: the link mailto: has no end',
      'a.md:7: the link https://?a has no end',
    ])
  })

  test('warns of pictures that MJML takes from other sites', async () => {
    const social =
      '<mj-social><mj-social-element name="facebook" href="https://a.org">x</mj-social-element></mj-social>'
    expect(await inMjml(section(`${social}\n<mj-accordion></mj-accordion>`))).toEqual([
      'a.mjml:6: warning: <mj-social-element> shows a picture of another site',
      'a.mjml:7: warning: <mj-accordion> shows a picture of another site',
    ])
  })

  test('warns of the boxes of a task list, and refuses other inputs', async () => {
    expect(await inMarkdown('un\n\n- [ ] deux\n- [x] trois')).toEqual([
      'a.md:7: warning: a list of tasks has boxes',
    ])
    expect(await inMarkdown('<input name="x">')).toEqual(['a.md:5: <input> in a mail'])
  })
})
