import type { Message } from '../transport.ts'
import { addressField, listIdField, textField, tokenField } from './header-field.ts'
import { encodeQuotedPrintable } from './quoted-printable.ts'

/** Writes a message as {@link Message.mime} promises: text and HTML as alternatives, both quoted-printable. */
export function encodeMime(message: Omit<Message, 'mime'>, date: Date): string {
  const boundary = boundaryOf(message.messageId)
  return (
    headerOf(message, date) +
    `Content-Type: multipart/alternative;\r\n boundary="${boundary}"\r\n\r\n` +
    part(boundary, 'text/plain', encodeQuotedPrintable(message.text)) +
    part(boundary, 'text/html', encodeQuotedPrintable(message.html)) +
    `--${boundary}--\r\n`
  )
}

function headerOf(message: Omit<Message, 'mime'>, date: Date): string {
  const { from, to, replyTo, subject, messageId } = message
  const further = Object.entries(message.headers).map(([name, value]) => headerField(name, value))
  return [
    addressField('From', from),
    addressField('To', to),
    replyTo === undefined ? '' : addressField('Reply-To', replyTo),
    textField('Subject', subject),
    tokenField('Message-ID', messageId),
    ...further,
    tokenField('Date', date.toUTCString().replace('GMT', '+0000')),
    'MIME-Version: 1.0\r\n',
  ].join('')
}

function headerField(name: string, value: string): string {
  if (name === 'List-Id') return listIdField(value)
  return name.startsWith('List-') ? tokenField(name, value) : textField(name, value)
}

function part(boundary: string, type: string, body: string): string {
  return `--${boundary}\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${body}\r\n`
}

/** The same for a message on every try, and nothing that a body holds: quoted-printable has no `=_`. */
function boundaryOf(messageId: string): string {
  return `=_${messageId
    .replace(/[<>]/g, '')
    .replace(/[^\w.-]/g, '_')
    .slice(0, 60)}`
}
