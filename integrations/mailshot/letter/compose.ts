import { bounceAddress } from '../bounce/verp.ts'
import { localize } from '../config.ts'
import type { LetterKind } from '../letter.ts'
import type { Mailshot } from '../mailshot.ts'
import { encodeMime } from '../message/mime.ts'
import { domainOf } from '../email-address.ts'
import { languageOfTexts } from '../reader-language.ts'
import { findPerson } from '../subscriber/person.ts'
import { directionOf, fill, textsFor } from '../texts.ts'
import type { Message } from '../transport.ts'
import { alarmContent } from './alarm.ts'
import { letterHtml } from './html.ts'
import { ownContent } from './own.ts'
import { fillTemplate, findTemplate, type LetterWords } from './template.ts'

export interface Letter {
  id: number
  kind: LetterKind
  email: string
  lang: string
  values: Record<string, string>
  tries: number
  createdAt: number
}

/** What a letter says: plain sentences and at most one button. Nothing in it is markup. */
export interface LetterContent {
  subject: string
  paragraphs: string[]
  button?: { label: string; url: string } | undefined
  /** Below the button, smaller. */
  notes?: string[] | undefined
}

/**
 * Composes a single mail in the reader's language, or the site's where we have no texts in theirs, the same bytes but for
 * its date on every try.
 */
export async function composeLetter(mailshot: Mailshot, given: Letter): Promise<Message> {
  const { config } = mailshot
  const values = { ...given.values, ...(await inviterOf(mailshot, given)) }
  const letter = { ...given, values, lang: languageOfTexts(config, given.lang) }
  const title = localize(config.title, letter.lang, config.lang)
  const parts = {
    id: `letter.${letter.id}`,
    envelope: {
      from: bounceAddress(config, { ...letter, kind: 'letter' }),
      to: config.redirectTo ?? letter.email,
    },
    from: { ...config.from, name: config.from.name || title },
    to: { name: '', address: config.redirectTo ?? letter.email },
    replyTo: config.replyTo,
    ...(await wordsOf(mailshot, letter, title)),
    messageId: `<letter.${letter.id}.${letter.createdAt.toString(36)}@${domainOf(config.from.address)}>`,
    // RFC 3834: no vacation reply to a mail that a machine wrote.
    headers: { 'Auto-Submitted': 'auto-generated' },
    campaign: undefined,
    track: { opens: false, clicks: false },
  }
  let mime: string | undefined
  return { ...parts, mime: () => (mime ??= encodeMime(parts, new Date())) }
}

/** The site's own words where it has written some, else ours. */
async function wordsOf(
  mailshot: Mailshot,
  letter: Letter,
  title: string,
): Promise<Pick<LetterWords, 'subject' | 'html' | 'text'>> {
  const template = await findTemplate(mailshot, letter.kind)
  if (template)
    return fillTemplate(template, letter.lang, { ...letter.values, email: letter.email })
  const content = await contentOf(mailshot, letter)
  const foot = [title, mailshot.config.postalAddress]
  const { lang } = letter
  return {
    subject: content.subject,
    html: letterHtml(content, { lang, dir: directionOf(lang), foot }),
    text: textOf(content, foot),
  }
}

/** Whoever invites is named while they are here: their address stands in no letter to somebody else that waits. */
async function inviterOf(
  mailshot: Mailshot,
  { kind, values }: Letter,
): Promise<{ inviter?: string }> {
  if (kind !== 'invitation') return {}
  const person = await findPerson(mailshot, Number(values['invitedBy']))
  return { inviter: person?.written ?? '' }
}

async function contentOf(mailshot: Mailshot, letter: Letter): Promise<LetterContent> {
  const { config } = mailshot
  const { confirmation, invitation, welcome, goodbye } = textsFor(config, letter.lang).letters
  const title = localize(config.title, letter.lang, config.lang)
  const values = { ...letter.values, title }
  const words = (text: string) => fill(text, values)
  switch (letter.kind) {
    case 'confirmation':
      return {
        subject: words(confirmation.subject),
        paragraphs: [words(confirmation.intro)],
        button: { label: confirmation.button, url: letter.values['url'] ?? config.site },
        notes: [words(confirmation.ignore), words(confirmation.expires)],
      }
    case 'invitation': {
      const intro = letter.values['inviter'] ? invitation.intro : invitation.nameless
      return {
        subject: words(invitation.subject),
        paragraphs: [words(intro), words(invitation.what)],
        button: { label: invitation.button, url: letter.values['url'] ?? config.site },
        notes: [words(invitation.ignore), words(confirmation.expires)],
      }
    }
    case 'welcome':
      return {
        subject: words(welcome.subject),
        paragraphs: [words(welcome.intro), words(welcome.leave)],
      }
    case 'goodbye':
      return {
        subject: words(goodbye.subject),
        paragraphs: [words(goodbye.intro), words(goodbye.back)],
      }
    case 'change-address':
    case 'address-changed':
    case 'links':
      return ownContent(mailshot, { ...letter, kind: letter.kind })
    case 'alarm':
      return alarmContent(mailshot, letter)
  }
}

function textOf(content: LetterContent, foot: string[]): string {
  const button = content.button ? [`${content.button.label}:\n${content.button.url}`] : []
  const blocks = [...content.paragraphs, ...button, ...(content.notes ?? [])]
  return [...blocks, `-- \n${foot.join('\n')}`].join('\n\n')
}
