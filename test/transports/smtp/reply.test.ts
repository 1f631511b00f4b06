import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeReplyReader } from '../../../integrations/mailshot/transports/smtp/reply.ts'

describe('makeReplyReader', () => {
  it('reads many replies of one chunk, in order', () => {
    expect(makeReplyReader()('250 2.1.0 Ok\r\n250\r\n354 go on\r\n')).toEqual({
      replies: [
        { code: 250, text: '250 2.1.0 Ok' },
        { code: 250, text: '250' },
        { code: 354, text: '354 go on' },
      ],
    })
  })

  it('reads a reply of several lines as one', () => {
    const text = '550-5.1.1 no\r\n550-5.1.1 such\r\n550 5.1.1 user'
    expect(makeReplyReader()(`${text}\r\n`)).toEqual({ replies: [{ code: 550, text }] })
  })

  it('reads words in UTF-8, and in Latin-1 where they are none', () => {
    const { replies } = makeReplyReader()('550 refus\u00c3\u00a9\r\n550 refus\u00e9\r\n')
    expect(replies.map(({ text }) => text)).toEqual(['550 refusé', '550 refusé'])
  })

  it('reads the same wherever the stream is cut', () => {
    const line = fc.tuple(
      fc.constantFrom('250', '354', '421', '550'),
      fc.stringMatching(/^[ -~é]{0,40}$/),
    )
    const reply = fc.tuple(line, fc.nat(3)).map(([[code, words], lines]) => ({
      code: Number(code),
      text: [...Array(lines).fill(`${code}-${words}`), `${code} ${words}`].join('\r\n'),
    }))
    fc.assert(
      fc.property(fc.array(reply), fc.array(fc.nat(200)), (replies, cuts) => {
        const read = makeReplyReader()
        const chunks = cut(replies.map(({ text }) => `${text}\r\n`).join(''), cuts)
        const readings = chunks.map((chunk) => read(chunk))
        expect(readings.flatMap((reading) => reading.replies)).toEqual(replies)
        expect(readings.some((reading) => reading.breach)).toBe(false)
      }),
    )
  })

  it.each([
    ['words alone', 'hello\r\n', /no SMTP reply: "hello"/],
    ['an empty line', '\r\n', /no SMTP reply: ""/],
    ['a code out of range', '650 Ok\r\n', /no SMTP reply/],
    ['a code of one digit too many', '2500 Ok\r\n', /no SMTP reply/],
    ['a line that LF alone ends', '250 Ok\n', /no SMTP reply/],
    ['a CR within a line', '250 Ok\r250 Ok\r\n', /no SMTP reply/],
    ['an octet that is no text', '250 \u0000\r\n', /no SMTP reply/],
    ['two codes in one reply', '250-Ok\r\n550 no\r\n', /a reply of two codes: "250-Ok", "550 no"/],
    ['a line without an end', '2'.repeat(4096), /a reply line without an end/],
    ['an endless line that ends', `250 ${'a'.repeat(4096)}\r\n`, /a reply line without an end/],
    ['lines without an end', '250-more\r\n'.repeat(200), /a reply of too many lines/],
  ])('refuses %s', (_what, stream, breach) => {
    expect(makeReplyReader()(stream).breach).toMatch(breach)
  })

  it('keeps what came before the fault', () => {
    expect(makeReplyReader()('250 Ok\r\nwhat?\r\n250 Ok\r\n')).toEqual({
      replies: [{ code: 250, text: '250 Ok' }],
      breach: 'no SMTP reply: "what?"',
    })
  })
})

/** Cuts the text into pieces of these lengths, and what is left. */
function cut(text: string, lengths: number[]): string[] {
  const starts = lengths.map((_, index) =>
    lengths.slice(0, index).reduce((sum, one) => sum + one, 0),
  )
  const pieces = starts.map((start, index) => text.slice(start, start + (lengths[index] ?? 0)))
  return [...pieces, text.slice(lengths.reduce((sum, one) => sum + one, 0))]
}
