import type { Mailbox, Message } from '../transport.ts'
import { addressField, headerField, textField, tokenField } from './header-field.ts'
import type { Frame } from './octets.ts'
import { encodeQuotedPrintable } from './quoted-printable.ts'

type Head = Omit<Message, 'html' | 'text' | 'mime' | 'octets'>

/** Writes a message as {@link Message.mime} promises: text and HTML as alternatives, both quoted-printable. */
export function encodeMime(message: Omit<Message, 'mime'>, date: Date): string {
  const { header, between, end } = frameOf(message, date)
  const [text, html] = [message.text, message.html].map(encodeQuotedPrintable)
  return `${header}${text}${between}${html}${end}`
}

/** What of a mail stands around its bodies. */
export function frameOf(head: Head, date: Date): Frame {
  const boundary = boundaryOf(head.messageId)
  const start = `MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="${boundary}"\r\n\r\n`
  return {
    header: `${headerOf(head, date)}${start}--${boundary}\r\n${plainHead}`,
    between: `\r\n--${boundary}\r\n${htmlHead}`,
    end: `\r\n--${boundary}--\r\n`,
  }
}

const encoding = 'Content-Transfer-Encoding: quoted-printable\r\n\r\n'
const plainHead = `Content-Type: text/plain; charset=utf-8\r\n${encoding}`
const htmlHead = `Content-Type: text/html; charset=utf-8\r\n${encoding}`

function headerOf({ from, to, replyTo, subject, messageId, headers }: Head, date: Date): string {
  let header = sharedAddress('From', from) + addressField('To', to)
  if (replyTo !== undefined) header += sharedAddress('Reply-To', replyTo)
  header += textField('Subject', subject) + tokenField('Message-ID', messageId)
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? ''
    header += ofOneReader.has(name) ? headerField(name, value) : sharedField(name, value)
  }
  return header + dateField(date)
}

let dated = { second: NaN, field: '' }

/** Mails of one second have one date. */
function dateField(date: Date): string {
  const second = Math.floor(date.getTime() / 1000)
  if (second !== dated.second) {
    dated = { second, field: `Date: ${date.toUTCString().replace('GMT', '+0000')}\r\n` }
  }
  return dated.field
}

const ofOneReader = new Set(['List-Unsubscribe', 'X-Mailshot-Redirected-From'])

/** The fields of senders, who are objects of the configuration or the campaign. */
const addresses = new WeakMap<Mailbox, Map<string, string>>()

function sharedAddress(name: string, mailbox: Mailbox): string {
  let fields = addresses.get(mailbox)
  if (fields === undefined) addresses.set(mailbox, (fields = new Map()))
  return shared(fields, name, () => addressField(name, mailbox))
}

/** The fields that many mails share are written once, by name and unencoded value. */
const written = new Map<string, Map<string, string>>()

function sharedField(name: string, value: string): string {
  let fields = written.get(name)
  if (fields === undefined) written.set(name, (fields = new Map()))
  return shared(fields, value, () => headerField(name, value))
}

const mostShared = 1000

function shared(fields: Map<string, string>, key: string, write: () => string): string {
  const known = fields.get(key)
  if (known !== undefined) return known
  if (fields.size >= mostShared) fields.clear()
  const field = write()
  fields.set(key, field)
  return field
}

/** The same for a message on every try, and nothing that a body holds: quoted-printable has no `=_`. */
function boundaryOf(messageId: string): string {
  return `=_${messageId
    .replace(/[<>]/g, '')
    .replace(/[^\w.-]/g, '_')
    .slice(0, 60)}`
}
