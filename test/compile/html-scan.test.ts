import { assert, constantFrom, property, string } from 'fast-check'
import { Parser } from 'htmlparser2'
import { describe, expect, test } from 'vitest'
import { brokenMarkupAt, scanHtml } from '../../integrations/mailshot/compile/html-scan.ts'

/** What a scan sees, in short. */
function seen(html: string): string[] {
  return scanHtml(html).map((event) => {
    switch (event.type) {
      case 'open': {
        const attributes = event.attributes.map(({ name, value }) => ` ${name}=${value}`).join('')
        return `<${event.name}${attributes}${event.selfClosing ? '/' : ''}>`
      }
      case 'close':
        return `</${event.name}>`
      case 'raw':
        return `raw ${event.text}`
      case 'comment':
        return `comment ${event.text}`
      case 'text':
        return event.text
    }
  })
}

describe('scanHtml', () => {
  test('sees elements, attributes and texts in their order', () => {
    expect(seen('a<B c="d>e" f=\'g"h\' i=j k/>l</B>m')).toEqual([
      'a',
      '<b c=d>e f=g"h i=j k=/>',
      'l',
      '</b>',
      'm',
    ])
  })

  test('sees the markup in Outlook’s conditional comments, and not in others', () => {
    expect(
      seen('<!--[if mso | IE]><td><![endif]-->x<!--[if !mso]><!--><p><!--<![endif]--><!-- <b> -->'),
    ).toEqual(['<td>', 'x', '<p>', 'comment  <b> '])
  })

  test('takes styles and scripts whole', () => {
    expect(seen('<style>a > b { }</style><p>')).toEqual([
      '<style>',
      'raw a > b { }',
      '</style>',
      '<p>',
    ])
    expect(seen('<SCRIPT>if (a<b) "</p>"</SCRIPT>')).toEqual([
      '<script>',
      'raw if (a<b) "</p>"',
      '</script>',
    ])
    expect(seen('<style>a')).toEqual(['<style>', 'raw a'])
  })

  test('says where a value stands', () => {
    const html = `<a  href = "x"  title='y' rel=z>`
    const [event] = scanHtml(html)
    const attributes = event?.type === 'open' ? event.attributes : []
    expect(attributes.map(({ start, value }) => html.slice(start, start + value.length))).toEqual([
      'x',
      'y',
      'z',
    ])
    expect(attributes.map(({ quoted }) => quoted)).toEqual([true, true, false])
  })

  test('reads attributes as browsers do, however they are written', () => {
    expect(seen(`<a b=c'title='d e'>`)).toEqual([`<a b=c'title='d e'=>`])
    expect(seen('<a b"c>d<i e="f">')).toEqual(['<a b"c=>', 'd', '<i e=f>'])
    expect(seen('<a ="b" c==d>')).toEqual(['<a ="b"= c==d>'])
    expect(seen('<a href=b/>c</a title=">">d')).toEqual(['<a href=b/>', 'c', '</a>', 'd'])
  })

  test('sees the attributes that a parser sees', () => {
    const unit = constantFrom('"', "'", '=', ' ', '/', 'x', 'a="', "b='", 'c=', '\n')
    assert(
      property(string({ unit, maxLength: 12 }), (inside) => {
        const html = `<b ${inside}>"'>`
        const [event] = scanHtml(html)
        if (event?.type !== 'open') return
        const names: string[] = []
        const parser = new Parser({ onattribute: (name) => names.push(name) })
        parser.end(html)
        expect(event.attributes.map(({ name }) => name)).toEqual(names)
      }),
      { numRuns: 2000 },
    )
  })

  test('leaves out nothing that is text, and says where it stands', () => {
    const unit = constantFrom(
      '<',
      '>',
      '"',
      "'",
      '<a b="',
      '</a>',
      '<!--',
      '-->',
      '=',
      ' ',
      'x',
      '/',
      '<style>',
      '<br/>',
    )
    assert(
      property(string({ unit }), (html) => {
        const texts = scanHtml(html).filter(
          (event) => event.type === 'text' || event.type === 'raw',
        )
        for (const { start, text } of texts)
          expect(html.slice(start, start + text.length)).toBe(text)
      }),
    )
  })
})

describe('brokenMarkupAt', () => {
  test('finds where markup begins that never ends, and no other sign', () => {
    const broken = (html: string) =>
      scanHtml(html).map((event) => (event.type === 'text' ? brokenMarkupAt(event.text) : -1))
    expect(broken('a < b && b > c <3')).toEqual([-1])
    for (const html of ['ab<!-- x', 'ab<i title="x', 'ab</i', 'ab<?x', 'ab<![CDATA[x]]>']) {
      expect(broken(html)).toEqual([2])
    }
    expect(broken('<!--[if mso]><td title="<![endif]-->">')[0]).toBe(0)
  })
})
