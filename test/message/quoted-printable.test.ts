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
        expect(encoded).toMatch(/^(?:(?!\.|From )[\t -~]{0,76}(?<![\t ])(?:\r\n|$))*$/)
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

describe('mailOctets', () => {
  test('encodes the pieces of a body apart so that together they decode to the whole', () => {
    // Nobody cuts a character or a line end in two.
    const parts = fc.array(texts.map((text) => text.toWellFormed().replaceAll('\r', '')))
    const frame = { header: '\u0001', between: '\u0001', end: '\u0001' }
    fc.assert(
      fc.property(parts, parts, (some, others) => {
        const octets = mailOctets(frame, bodyOf(some), bodyOf(others))
        const mail = Buffer.alloc(octets.length + 2)
        expect(octets.write(mail, 1)).toBe(mail.length - 1)
        const [start, text = '', html = '', end] = mail.toString('latin1').split('\u0001')
        expect([start, end]).toEqual(['\0', '\0'])
        expect(decode(text)).toBe(some.join('').replaceAll('\n', '\r\n'))
        expect(decode(html)).toBe(others.join('').replaceAll('\n', '\r\n'))
        expect(`${text}\r\n${html}`).toMatch(/^(?:(?!\.|From )[\t -~]{0,76}(?<![\t ])(?:\r\n|$))*$/)
        expect([text, html].filter((encoded) => encoded.endsWith('=\r\n'))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})

/** Literals and values in turn. */
function bodyOf(parts: string[]) {
  const order = parts.map((_, index) => (index % 2 === 0 ? index : ~index))
  return { order, literals: parts.map(encodePiece), values: parts }
}
