import MailComposer from 'nodemailer/lib/mail-composer'
import { encodeWord } from 'nodemailer/lib/mime-funcs'
import type { Message } from '../transport.ts'

/** Writes a message as RFC 5322 bytes: text and HTML as alternatives, both quoted-printable. */
export async function encodeMime(message: Omit<Message, 'mime'>): Promise<Uint8Array> {
  const { from, to, replyTo, subject, text, html, messageId } = message
  const composer = new MailComposer({
    from,
    to,
    ...(replyTo && { replyTo }),
    subject,
    text,
    html,
    messageId,
    date: new Date(),
    headers: Object.entries(message.headers).map(([key, value]) => ({
      key,
      value: encodeHeader(key, value),
    })),
    textEncoding: 'quoted-printable',
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return composer.compile().build()
}

/** The words before the id of a List-Id are a phrase (RFC 2919 §3): quoted, or encoded where they are not ASCII. */
function encodeHeader(key: string, value: string): string {
  const [, words, id] = (key === 'List-Id' && /^(.*) (<[^<>]+>)$/.exec(value)) || []
  if (words === undefined) return value
  if (/^[\w ]*$/.test(words)) return value
  // oxlint-disable-next-line no-control-regex -- the ASCII range
  return /^[\x20-\x7e]*$/.test(words)
    ? `"${words.replace(/["\\]/g, '\\$&')}" ${id}`
    : `${encodeWord(words, 'B')} ${id}`
}
