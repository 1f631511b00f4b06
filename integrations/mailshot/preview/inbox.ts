import { convert } from 'html-to-text'
import type { Message } from '../transport.ts'

/** A mail before it is opened, as a list of mails shows it. */
export interface InboxLine {
  from: string
  subject: string
  /** The first words that the mail shows: its preheader, and what follows where that is short. */
  snippet: string
}

/** What an inbox says of a mail. */
export function inboxLine({
  from,
  subject,
  html,
}: Pick<Message, 'from' | 'subject' | 'html'>): InboxLine {
  return { from: from.name || from.address, subject, snippet: snippetOf(html) }
}

/** Whether a mail has something to look at: broken MJML leaves an empty page. */
export function isVisible(html: string): boolean {
  return snippetOf(html) !== '' || /<img\b/i.test(html)
}

const longest = 160

function snippetOf(html: string): string {
  const text = convert(html, {
    wordwrap: false,
    selectors: [
      { selector: 'img', format: 'skip' },
      { selector: 'a', options: { ignoreHref: true } },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
        selector,
        options: { uppercase: false },
      })),
    ],
  })
  // Invisible characters push what follows the preheader out of the line.
  const line = text.replace(/(?:[\s\u00ad\u200b-\u200f\u2007\u2060\ufeff]|\u034f)+/g, ' ').trim()
  return line.length <= longest ? line : `${line.slice(0, longest).toWellFormed().trimEnd()}…`
}
