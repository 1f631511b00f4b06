import type { Message, Outcome } from '../../transport.ts'
import { type Content, isBeyondAscii } from './content.ts'

/** What the server's EHLO offers, of what a sender of mail can use. */
export interface Extensions {
  /** RFC 2920: commands may be sent before the answers to earlier ones. */
  pipelining: boolean
  /** RFC 6152 */
  eightBitMime: boolean
  /** RFC 6531 */
  smtpUtf8: boolean
  /** RFC 1870; `most` octets, where the server names a limit. */
  size: { most: number } | undefined
}

/** The envelope's commands, one character an octet, without their line ends. */
export interface Envelope {
  mail: string
  rcpt: string
}

/** Reads the extensions out of the whole answer to EHLO (RFC 5321 §4.1.1.1); that to HELO has none. */
export function readExtensions(ehlo: string): Extensions {
  const offered = new Map(
    ehlo
      .split(/\r?\n/)
      .slice(1)
      .map((line) => {
        const [keyword = '', parameter = ''] = line.slice(4).trim().split(/\s+/)
        return [keyword.toUpperCase(), parameter]
      }),
  )
  const size = offered.get('SIZE')
  return {
    pipelining: offered.has('PIPELINING'),
    eightBitMime: offered.has('8BITMIME'),
    smtpUtf8: offered.has('SMTPUTF8'),
    // RFC 1870 §4: zero, or nothing, names no limit.
    size: size === undefined ? undefined : { most: Number(size) || Infinity },
  }
}

// oxlint-disable-next-line no-control-regex -- a control character could end the command
const unwritable = /[\u0000-\u0020<>\u007f]/
const beyondAscii = /[^\u0000-\u007f]/ // oxlint-disable-line no-control-regex -- the whole of ASCII

/** Writes a message's envelope for this server, or says why the message cannot go over it. */
export function writeEnvelope(
  { from, to }: Message['envelope'],
  content: Content,
  extensions: Extensions,
): Envelope | Exclude<Outcome, { status: 'accepted' }> {
  if (unwritable.test(from)) {
    return { status: 'blocked', reason: `Invalid sender ${JSON.stringify(from)}` }
  }
  if (to === '' || unwritable.test(to)) {
    const reason = `Invalid recipient ${JSON.stringify(to)}`
    return { status: 'rejected', class: 'hard', reason }
  }
  const { size } = extensions
  if (size && content.length > size.most) return tooLarge(content.length, size.most)
  const mail = `MAIL FROM:<${octets(from)}>${size ? ` SIZE=${content.length}` : ''}`
  if (!beyondAscii.test(from) && !beyondAscii.test(to)) return { mail, rcpt: `RCPT TO:<${to}>` }
  if (!extensions.smtpUtf8) return beyondAscii.test(from) ? senderBeyondAscii : recipientBeyondAscii
  // Only with such an address may a message hold more than ASCII, in its header.
  const body = extensions.eightBitMime && isBeyondAscii(content) ? ' BODY=8BITMIME' : ''
  return { mail: `${mail}${body} SMTPUTF8`, rcpt: `RCPT TO:<${octets(to)}>` }
}

function octets(address: string): string {
  return beyondAscii.test(address) ? Buffer.from(address).toString('latin1') : address
}

/** The mails of a campaign hardly differ in size. */
function tooLarge(size: number, most: number): Exclude<Outcome, { status: 'accepted' }> {
  const reason = `the message has ${size} octets, and the relay takes at most ${most} (SIZE)`
  return { status: 'blocked', reason }
}

const withoutSmtpUtf8 = 'which the relay does not take (it does not offer SMTPUTF8)'
const senderBeyondAscii = {
  status: 'blocked',
  reason: `the sender’s address is beyond ASCII, ${withoutSmtpUtf8}`,
} as const
const recipientBeyondAscii = {
  status: 'rejected',
  class: 'soft',
  enhanced: '5.6.7',
  reason: `the address is beyond ASCII, ${withoutSmtpUtf8}`,
} as const
