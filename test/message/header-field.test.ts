import * as fc from 'fast-check'
import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import { encodeMime } from '../../integrations/mailshot/message/mime.ts'
import type { Message } from '../../integrations/mailshot/transport.ts'
import { testMessage } from '../messages.ts'

type Parts = Partial<Omit<Message, 'mime'>>

/** The header as it is written, and as a mail program reads it. */
async function headerOf(parts: Parts) {
  const mime = encodeMime(testMessage(parts), new Date(0))
  const raw = mime.slice(0, mime.indexOf('\r\n\r\n'))
  const field = (name: string) => new RegExp(`^${name}:.*(?:\r\n[ \t].*)*`, 'm').exec(raw)?.[0]
  return { raw, field, mail: await simpleParser(Buffer.from(mime, 'latin1')) }
}

describe('the header of Message.mime', () => {
  test('begins no field that the message does not have, whatever its values hold', async () => {
    const names = (raw: string) => raw.match(/^[^ \t:]+(?=:)/gm)
    const { raw: harmless } = await headerOf({})
    const nasty = fc.string({
      unit: fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        'Bcc: x@y.org',
        '\0',
        ' ',
        '"',
        '<',
        '>',
        '\u2028',
        'é',
      ),
    })
    await fc.assert(
      fc.asyncProperty(nasty, async (value) => {
        const mailbox = { name: value, address: `a${value}@example.org` }
        const given = testMessage().headers
        const headers = Object.fromEntries(
          Object.keys(given).map((name) => [name, `${given[name]}${value}`]),
        )
        const parts = { from: mailbox, to: mailbox, subject: `x${value}`, headers }
        const { raw } = await headerOf({ ...parts, messageId: `<${value}7@example.org>` })
        expect(names(raw)).toEqual(names(harmless))
      }),
    )
  })

  test('keeps to 78 characters a line where there is a place to break it', async () => {
    const long = 'Une très longue lettre, avec “des guillemets” et 👩‍👩‍👧 '.repeat(8).trim()
    const { raw, mail } = await headerOf({
      subject: long,
      from: { name: long, address: 'news@example.org' },
      to: { name: 'plain words, and a comma '.repeat(9).trim(), address: 'reader@example.com' },
      headers: { 'List-Id': `${long} <weekly.example.org>`, 'Feedback-ID': 'a b '.repeat(60) },
    })
    expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78)
    expect(mail.subject).toBe(long)
    expect(mail.from?.value[0]?.name).toBe(long)
  })

  test('leaves an address to unsubscribe in one piece, up to the longest line', async () => {
    const url = `<https://example.org/mailshot/unsubscribe/${'t'.repeat(800)}>`
    const { field } = await headerOf({ headers: { 'List-Unsubscribe': url } })
    expect(field('List-Unsubscribe')).toBe(`List-Unsubscribe: ${url}`)
  })

  test('breaks a longer one where white space counts for nothing (RFC 2369 §2)', async () => {
    const url = `<https://example.org/mailshot/unsubscribe/${'t'.repeat(2500)}>`
    const { raw, field } = await headerOf({ headers: { 'List-Unsubscribe': url } })
    expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998)
    expect(field('List-Unsubscribe')?.replace(/\s/g, '')).toBe(`List-Unsubscribe:${url}`)
  })

  test('encodes no word of what machines read', async () => {
    const feedback = `${'long-slug-'.repeat(12)}:weekly:send1:example.org`
    const { field } = await headerOf({ headers: { 'Feedback-ID': feedback } })
    expect(field('Feedback-ID')).toBe(`Feedback-ID: ${feedback}`)
  })

  test('quotes a name with quotation marks, and encodes one beyond ASCII', async () => {
    const { field, mail } = await headerOf({
      from: { name: String.raw`News "A\B", weekly`, address: 'news@example.org' },
      to: { name: 'Zoé', address: 'zoe@example.com' },
    })
    expect(field('From')).toBe(String.raw`From: "News \"A\\B\", weekly" <news@example.org>`)
    expect(field('To')).toBe('To: =?utf-8?Q?Zo=C3=A9?= <zoe@example.com>')
    expect(mail.from?.value[0]?.name).toBe(String.raw`News "A\B", weekly`)
  })

  test('encodes the name of a list, never its id (RFC 2919 §3)', async () => {
    const { field } = await headerOf({ headers: { 'List-Id': 'L’été <weekly.example.org>' } })
    expect(field('List-Id')).toBe(
      'List-Id: =?utf-8?Q?L=E2=80=99=C3=A9t=C3=A9?= <weekly.example.org>',
    )
  })

  test('writes a domain in ASCII, and a local part beyond it in UTF-8', async () => {
    const { raw, field } = await headerOf({
      from: { name: '', address: 'news@café.example' },
      to: { name: '', address: 'zoé@café.example' },
    })
    expect(field('From')).toBe('From: <news@xn--caf-dma.example>')
    const to = Buffer.from(field('To') ?? '', 'latin1').toString()
    expect(to).toBe('To: <zoé@xn--caf-dma.example>')
    expect(raw.replace('zo\u00c3\u00a9', '')).toMatch(/^[\r\n -~]*$/)
  })

  test('dates the mail', async () => {
    expect((await headerOf({})).field('Date')).toBe('Date: Thu, 01 Jan 1970 00:00:00 +0000')
  })
})
