import { localize, type MailshotConfig } from '../config.ts'
import { encodeMime } from '../message/mime.ts'
import type { Message } from '../transport.ts'
import type { LetterWords } from './template.ts'

/** What a letter's message has that is neither its words nor the site's. */
interface LetterAddress {
  /** `letter.<number>` */
  id: string
  email: string
  lang: string
  envelopeFrom: string
  /** With its angle brackets; the same on every try. */
  messageId: string
}

/** A letter as it is handed over. */
export function letterMessage(
  config: MailshotConfig,
  { id, email, lang, envelopeFrom, messageId }: LetterAddress,
  words: Omit<LetterWords, 'lang'>,
): Message {
  const address = config.redirectTo ?? email
  const name = config.from.name || localize(config.title, lang, config.lang)
  const parts = {
    id,
    envelope: { from: envelopeFrom, to: address },
    from: { ...config.from, name },
    to: { name: '', address },
    replyTo: config.replyTo,
    ...words,
    messageId,
    // RFC 3834: no vacation reply to a mail that a machine wrote.
    headers: { 'Auto-Submitted': 'auto-generated' },
    campaign: undefined,
    track: { opens: false, clicks: false },
  }
  let mime: string | undefined
  return { ...parts, mime: () => (mime ??= encodeMime(parts, new Date())) }
}
