import type { Mailbox, Message } from '../transport.ts'
import { addressField, headerField, textField, tokenField } from './header-field.ts'
import { encodeQuotedPrintable } from './quoted-printable.ts'

type Head = Omit<Message, 'html' | 'text' | 'mime'>

/** Writes a message as {@link Message.mime} promises: text and HTML as alternatives, both quoted-printable. */
export function encodeMime(message: Omit<Message, 'mime'>, date: Date): string {
  return joinPieces(
    mimePieces(message, date, {
      text: [encodeQuotedPrintable(message.text)],
      html: [encodeQuotedPrintable(message.html)],
    }),
  )
}

/** The same for bodies that are pieces of quoted-printable already. */
export function mimePieces(
  head: Head,
  date: Date,
  bodies: Record<'text' | 'html', string[]>,
): string[] {
  const boundary = boundaryOf(head.messageId)
  return gather([
    Buffer.from(headerOf(head, date), 'latin1').toString('latin1'),
    `MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="${boundary}"\r\n\r\n`,
    `--${boundary}\r\n${plainHead}`,
    ...bodies.text,
    `\r\n--${boundary}\r\n${htmlHead}`,
    ...bodies.html,
    `\r\n--${boundary}--\r\n`,
  ])
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
    header += ofOneReader.has(name)
      ? headerField(name, value)
      : shared(`${name}: ${value}`, () => headerField(name, value))
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

function sharedAddress(name: string, mailbox: Mailbox): string {
  return shared(`${name}: ${mailbox.name} <${mailbox.address}>`, () => addressField(name, mailbox))
}

/** The fields that many mails share are written once, by their unencoded form. */
const written = new Map<string, string>()
const mostWritten = 1000

function shared(key: string, write: () => string): string {
  const known = written.get(key)
  if (known !== undefined) return known
  if (written.size >= mostWritten) written.clear()
  const field = write()
  written.set(key, field)
  return field
}

/** The same for a message on every try, and nothing that a body holds: quoted-printable has no `=_`. */
function boundaryOf(messageId: string): string {
  return `=_${messageId
    .replace(/[<>]/g, '')
    .replace(/[^\w.-]/g, '_')
    .slice(0, 60)}`
}

const scratch = Buffer.allocUnsafe(16 * 1024)
/** From so many octets on, a piece is pointed at. */
const longPiece = 256

/**
 * Puts short pieces together. Long ones, which all readers share, are only pointed at: a mail that waits for its turn takes some
 * 5 KB, not 60. Short ones are copied, since one that came out of a text with other characters makes two octets of every
 * character that it is joined with.
 */
function gather(parts: readonly string[]): string[] {
  const pieces: string[] = []
  let at = 0
  const flush = () => {
    if (at > 0) pieces.push(scratch.toString('latin1', 0, at))
    at = 0
  }
  for (const part of parts) {
    const isLong = part.length >= longPiece
    if (isLong || at + part.length > scratch.length) flush()
    if (isLong) pieces.push(part)
    else at += scratch.write(part, at, 'latin1')
  }
  flush()
  return pieces
}

/** The whole of pieces, as a tree of strings that V8 puts in a row only for whoever reads it. */
export function joinPieces(pieces: readonly string[]): string {
  let joined = ''
  for (const piece of pieces) joined += piece
  return joined
}
