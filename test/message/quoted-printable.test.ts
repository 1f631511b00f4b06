import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mailOctets } from '../../integrations/mailshot/message/octets.ts'
import {
  encodePiece,
  encodeQuotedPrintable,
} from '../../integrations/mailshot/message/quoted-printable.ts'

/** As RFC 2045 §6.7 says, without what decoders forgive. */
function decode(encoded: string): string {
  const octets = encoded
    .replaceAll('=\r\n', '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(octets, 'latin1').toString()
}

const shortLines = /^(?:(?!\.|From )[\t -~]{0,76}(?<![\t ])(?:\r\n|$))*$/
const long = 'x'.repeat(75)
const units = fc.constantFrom(
  'a',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '.',
  '=',
  'é',
  '😀',
  'From ',
  '\0',
  '\ud800',
  '=\n',
  ' '.repeat(75),
  `${long}.`,
  `${long}From `,
  'é'.repeat(12),
  long,
)
const texts = fc.oneof(fc.string({ unit: units }), fc.string({ unit: 'binary' }))

describe('encodeQuotedPrintable', () => {
  test('decodes to the text, with its line ends as CRLF', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const expected = text.toWellFormed().replace(/\r\n?|\n/g, '\r\n')
        expect(decode(encodeQuotedPrintable(text))).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('writes short lines that begin with no dot and end with no white space', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const encoded = encodeQuotedPrintable(text)
        expect(encoded).toMatch(shortLines)
      }),
      { numRuns: 500 },
    )
  })

  test('never cuts a character in two', () => {
    const lines = encodeQuotedPrintable('é€😀'.repeat(40)).split('=\r\n')
    expect(lines.length).toBeGreaterThan(5)
    expect(lines.map(decode).join('')).toBe('é€😀'.repeat(40))
    expect(lines.map(decode).join('|')).not.toContain('\uFFFD')
  })
})

/** In any order, again and again, or not at all. */
const picks = fc.array(fc.record({ isLiteral: fc.boolean(), index: fc.nat(100) }), {
  maxLength: 14,
})
/** Nobody cuts a character or a line end in two. */
const pieces = fc.array(
  texts.map((text) => text.toWellFormed().replaceAll('\r', '')),
  { maxLength: 6 },
)
const bodies = fc.record({ texts: pieces, values: pieces, picks }).map(bodyOf)
const unused = 0xff

describe('mailOctets', () => {
  test('encodes the pieces of a body apart so that together they decode to the whole', () => {
    fc.assert(
      fc.property(bodies, bodies, fc.nat(9), fc.nat(9), (plain, html, start, behind) => {
        const frame = { header: '\u0001', between: '\u0001', end: '\u0001' }
        const octets = mailOctets(frame, plain.body, html.body)
        const into = Buffer.alloc(start + octets.length + behind, unused)
        const end = octets.write(into, start)
        expect(end).toBe(start + octets.length)
        expect(into.subarray(0, start)).toEqual(Buffer.alloc(start, unused))
        expect(into.subarray(end)).toEqual(Buffer.alloc(behind, unused))
        const written = into.toString('latin1', start, end).split('\u0001')
        const [, first = '', second = ''] = written
        expect(written).toEqual(['', first, second, ''])
        expect(decode(first)).toBe(plain.whole)
        expect(decode(second)).toBe(html.whole)
        expect(`${first}\r\n${second}`).toMatch(shortLines)
        expect([first, second].filter((encoded) => encoded.endsWith('=\r\n'))).toEqual([])
      }),
      { numRuns: 400 },
    )
  })
})

function bodyOf(given: {
  texts: string[]
  values: string[]
  picks: { isLiteral: boolean; index: number }[]
}) {
  const { texts: literals, values } = given
  const order = given.picks.flatMap(({ isLiteral, index }) => {
    const count = isLiteral ? literals.length : values.length
    if (count === 0) return []
    return [isLiteral ? index % count : ~(index % count)]
  })
  const whole = order.map((place) => (place < 0 ? values[~place] : literals[place])).join('')
  return {
    body: { order, literals: literals.map(encodePiece), values },
    whole: whole.replaceAll('\n', '\r\n'),
  }
}
