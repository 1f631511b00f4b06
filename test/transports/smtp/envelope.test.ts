import { contentOf } from '../../../integrations/mailshot/transports/smtp/content.ts'
import { describe, expect, it } from 'vitest'
import {
  readExtensions,
  writeEnvelope,
} from '../../../integrations/mailshot/transports/smtp/envelope.ts'

const plain = readExtensions('250 relay.example')
const content = contentOf({ mime: () => 'Subject: hello\r\n\r\nhello\r\n' })
const from = 'bounces@example.org'
const to = 'reader@example.com'

describe('readExtensions', () => {
  it('reads what a server offers, in any case and order', () => {
    const ehlo = '250-relay.example PIPELINING\n250-size 1000\r\n250-8BitMIME\n250 SMTPUTF8'
    expect(readExtensions(ehlo)).toEqual({
      pipelining: false,
      eightBitMime: true,
      smtpUtf8: true,
      size: { most: 1000 },
    })
  })

  it('finds none in the answer to HELO', () => {
    expect(plain).toEqual({
      pipelining: false,
      eightBitMime: false,
      smtpUtf8: false,
      size: undefined,
    })
  })

  it('takes a SIZE of zero, or of nothing, for no limit (RFC 1870 §4)', () => {
    expect(readExtensions('250-relay\n250 SIZE').size).toEqual({ most: Infinity })
    expect(readExtensions('250-relay\n250 SIZE 0').size).toEqual({ most: Infinity })
  })
})

describe('writeEnvelope', () => {
  it('writes the bare commands where nothing is offered', () => {
    expect(writeEnvelope({ from, to }, content, plain)).toEqual({
      mail: `MAIL FROM:<${from}>`,
      rcpt: `RCPT TO:<${to}>`,
    })
  })

  it('names the size where SIZE is offered', () => {
    const envelope = writeEnvelope({ from, to }, content, { ...plain, size: { most: Infinity } })
    expect(envelope).toMatchObject({ mail: `MAIL FROM:<${from}> SIZE=${content.length}` })
  })

  it('stops the send at a message larger than the relay takes, and names both sizes', () => {
    const limited = { ...plain, size: { most: content.length - 1 } }
    expect(writeEnvelope({ from, to }, content, limited)).toMatchObject({
      status: 'blocked',
      reason: `the message has ${content.length} octets, and the relay takes at most ${content.length - 1} (SIZE)`,
    })
  })

  it('writes the null sender of a report', () => {
    expect(writeEnvelope({ from: '', to }, content, plain)).toMatchObject({ mail: 'MAIL FROM:<>' })
  })

  it('asks for SMTPUTF8 where an address needs it, in UTF-8 octets', () => {
    const utf8 = { ...plain, smtpUtf8: true, eightBitMime: true }
    const envelope = { from, to: 'élodie@example.com' }
    expect(writeEnvelope(envelope, content, utf8)).toEqual({
      mail: `MAIL FROM:<${from}> SMTPUTF8`,
      rcpt: 'RCPT TO:<Ã©lodie@example.com>',
    })
    expect(
      writeEnvelope(envelope, contentOf({ mime: () => 'To: Ã©lodie\r\n\r\nhello\r\n' }), utf8),
    ).toMatchObject({
      mail: `MAIL FROM:<${from}> BODY=8BITMIME SMTPUTF8`,
    })
  })

  it('says clearly where a relay does not take such an address', () => {
    expect(writeEnvelope({ from, to: 'élodie@example.com' }, content, plain)).toMatchObject({
      status: 'rejected',
      class: 'soft',
      reason: expect.stringContaining('SMTPUTF8'),
    })
    expect(writeEnvelope({ from: 'élodie@example.com', to }, content, plain)).toMatchObject({
      status: 'blocked',
      reason: expect.stringContaining('SMTPUTF8'),
    })
  })

  it.each(['a@b.example>\r\nRCPT TO:<c@d.example', 'a b@c.example', 'a\u0000@b.example', ''])(
    'never writes %j as a recipient',
    (wrong) => {
      expect(writeEnvelope({ from, to: wrong }, content, plain)).toMatchObject({
        status: 'rejected',
        class: 'hard',
      })
    },
  )

  it('never writes a sender with a line end in it', () => {
    expect(writeEnvelope({ from: 'a@b\r\nDATA', to }, content, plain)).toMatchObject({
      status: 'blocked',
    })
  })
})
