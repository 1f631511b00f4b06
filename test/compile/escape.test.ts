import { assert, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  asText,
  escapeHtml,
  escapeValue,
  isBlank,
  oneLine,
  unescapeHtml,
} from '../../integrations/mailshot/compile/escape.ts'

describe('escapeValue', () => {
  test('writes markup as text', () => {
    expect(escapeValue(`<b title="it's">&amp;`, 'html')).toBe(
      '&lt;b title=&quot;it&#39;s&quot;&gt;&amp;amp;',
    )
  })

  test('writes a value into an address as one part of it', () => {
    expect(escapeValue("a/b?c=d&e='f' é", 'url-part')).toBe('a%2Fb%3Fc%3Dd%26e%3D%27f%27%20%C3%A9')
  })

  test('climbs out of no folder of an address', () => {
    for (const dots of ['.', '..', '.\0.']) expect(escapeValue(dots, 'url-part')).toBe('')
    expect(escapeValue('...', 'url-part')).toBe('...')
    expect(escapeValue('a.b', 'url-part')).toBe('a.b')
  })

  test('lets an address through, encoded, and nothing else', () => {
    expect(escapeValue('HTTPS://a.org/ü ?a=1&b=%20', 'url')).toBe(
      'HTTPS://a.org/%C3%BC?a=1&amp;b=%20',
    )
    expect(escapeValue('tel:+33 1', 'url')).toBe('tel:+331')
    for (const bad of [
      'javascript:x',
      'java\0script:x',
      '\u0001javascript:x',
      'vbscript:x',
      'file:///x',
      '/x',
      'x',
      '',
      'https://',
      'mailto:',
    ]) {
      expect(escapeValue(bad, 'url')).toBe('#')
    }
  })

  test('keeps lines in plain text, and makes one of them in a header', () => {
    expect(escapeValue('a\r\nb\rc\u2028d', 'plain')).toBe('a\nb\nc\nd')
    expect(escapeValue('a\r\n Bcc: b\tc', 'header')).toBe('a Bcc: b c')
  })

  test('drops what could break or turn round the text after it', () => {
    expect(escapeValue('a\0b\u001bc\u202Ed\u2066e\uFDD0f\u0085g', 'plain')).toBe('abcdefg')
    expect(escapeValue('a\uD800b', 'plain')).toBe('ab')
    expect(escapeValue('שלום\u200F!', 'plain')).toBe('שלום\u200F!')
    expect(escapeValue('👩‍👩‍👧', 'plain')).toBe('👩‍👩‍👧')
  })

  test('never throws, and leaves whole characters', () => {
    assert(
      property(string({ unit: 'binary' }), (value) => {
        for (const escape of ['html', 'url', 'url-part', 'plain', 'header'] as const) {
          expect(escapeValue(value, escape).isWellFormed()).toBe(true)
        }
      }),
    )
  })
})

describe('oneLine', () => {
  test('leaves spaces that do not break, as before a French question mark', () => {
    const title = 'Prêts\u202f? «\u00a0Oui\u00a0»'
    expect(oneLine(` ${title.replace(' ', '\u2028\n ')}\t`)).toBe(title)
  })

  test('cuts what no header may hold, between characters', () => {
    expect(oneLine('x'.repeat(300))).toBe(`${'x'.repeat(250)}…`)
    expect(oneLine(`${'x'.repeat(249)}😀😀`)).toBe(`${'x'.repeat(249)}…`)
  })
})

describe('asText', () => {
  test('writes values as a reader sees them', () => {
    expect(asText(['a', 1, true])).toBe('a, 1, true')
    expect(asText(undefined)).toBe('')
    expect(asText({ a: 1 })).toBe('')
    expect(asText(0)).toBe('0')
  })
})

describe('isBlank', () => {
  test('counts nothing, white space, false and an empty list as blank, but not zero', () => {
    expect([null, undefined, '', ' \n', false, []].every(isBlank)).toBe(true)
    expect([0, true, 'x', ['x']].some(isBlank)).toBe(false)
  })
})

describe('unescapeHtml', () => {
  test('undoes escapeHtml', () => {
    assert(
      property(string(), (text) => {
        expect(unescapeHtml(escapeHtml(text))).toBe(text)
      }),
    )
  })
})
