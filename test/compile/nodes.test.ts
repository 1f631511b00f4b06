import { describe, expect, test } from 'vitest'
import { htmlNodes, plainNodes } from '../../integrations/mailshot/compile/nodes.ts'
import { createTokens, protect } from '../../integrations/mailshot/compile/tokens.ts'

/** Swaps the placeholders of a text for tokens. */
function tokenized(source: string) {
  const tokens = createTokens([source])
  const place = { file: 'a.md', line: 1 }
  return { tokens, text: protect(source, { tokens, place, resolve: () => undefined }).text }
}

/** What each placeholder of HTML becomes: its escape, or what is wrong with its place. */
function spotsIn(source: string): string[] {
  const { tokens, text } = tokenized(source)
  const { nodes, problems } = htmlNodes(tokens, text)
  if (problems.length > 0) return problems.map(({ what }) => what)
  return nodes.flatMap((node) => (typeof node === 'object' ? [node.escape] : []))
}

describe('htmlNodes', () => {
  test('escapes by where a value stands', () => {
    expect(
      spotsIn(
        `{{ a }}<b title="{{ b }}" lang='x{{ c }}'><a href="{{ d }}">{{ e }}</a><img src="https://a.org/{{ f }}">`,
      ),
    ).toEqual(['html', 'html', 'html', 'url', 'html', 'url-part'])
  })

  test('refuses a placeholder that stands in the markup itself', () => {
    const amid = 'a placeholder stands amid the parts of a tag'
    for (const html of [
      '<b {{ a }}>x</b>',
      '<b {{ a }}="x">y</b>',
      '<b x{{ a }}y>z</b>',
      '<b ="{{ a }}">x</b>',
      '<b "{{ a }}">x</b>',
      '<b>x</b {{ a }}>',
      '<b>x</b title={{ a }}>',
      '<!--[if {{ a }}]>x<![endif]-->',
      '<!doctype {{ a }}>',
    ]) {
      expect(spotsIn(html)).toEqual([amid])
    }
    expect(spotsIn('<p {% if a %}title="x"{% endif %}>')).toEqual([
      '{% if a %} stands amid the parts of a tag',
      '{% endif %} stands amid the parts of a tag',
    ])
  })
  test('refuses a value where quotes, styles, scripts or addresses would make it more than text', () => {
    for (const html of [
      '<b title={{ a }}>x</b>',
      "<b x=y'title='{{ a }}'>x</b>",
      '<b style="{{ a }}">x</b>',
      '<b onclick="{{ a }}">x</b>',
      '<img srcset="{{ a }}">',
      '<svg><a xlink:href="{{ a }}">x</a></svg>',
      '<meta http-equiv="refresh" content="{{ a }}">',
      '<{{ a }}>x',
      '</{{ a }}>x',
      '<style>{{ a }}</style>',
      '<xmp>{{ a }}</xmp>',
      '<a href="https://{{ a }}">x</a>',
      '<a href="{% if b %}https://a.org/{% endif %}{{ a }}">x</a>',
    ]) {
      expect(spotsIn(html)).toEqual([expect.stringContaining('a placeholder stands')])
    }
  })
})

describe('plainNodes', () => {
  test('encodes what stands within an address', () => {
    const escapes = (source: string) => {
      const { tokens, text } = tokenized(source)
      return plainNodes(tokens, text, 'plain').flatMap((node) =>
        typeof node === 'object' && node.token.kind === 'output' ? [node.escape] : [],
      )
    }
    expect(escapes('{{ a }} https://a.org/{{ b }}{{ c }} {{ d }}')).toEqual([
      'plain',
      'url-part',
      'url-part',
      'plain',
    ])
    expect(escapes('a (https://a.org){{ b }}, <mailto:{{ c }}>{{ d }}')).toEqual([
      'plain',
      'url-part',
      'plain',
    ])
    expect(escapes('ht{% if a %}tps://a.org/{{ b }}{% else %}{{ c }}{% endif %}{{ d }}')).toEqual([
      'url-part',
      'plain',
      'plain',
    ])
  })
})
