import { fill } from '../texts.ts'
import type { Mailbox, Message } from '../transport.ts'
import type { Words } from './words.ts'

/** The headers of a mail, readable: encoding them is left to the way out. */
export function headersOf(message: Message, { text }: Words): [name: string, value: string][] {
  const { from, to, replyTo, subject, messageId, headers, envelope } = message
  return [
    ['From', mailboxText(from)],
    ['To', mailboxText(to)],
    ...(replyTo ? [['Reply-To', mailboxText(replyTo)] satisfies [string, string]] : []),
    ['Subject', subject],
    ['Message-ID', messageId],
    ...Object.entries(headers),
    [text.envelope, fill(text.envelopeText, { from: envelope.from, to: envelope.to })],
  ]
}

function mailboxText({ name, address }: Mailbox): string {
  return name === '' ? address : `${name} <${address}>`
}
