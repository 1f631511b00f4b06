import { localize, type MailshotConfig } from '../config.ts'
import type { LetterKind } from '../letter.ts'
import { fill, textsFor } from '../texts.ts'
import { ownContent } from './own.ts'

/** What a letter says: plain sentences and at most one button. Nothing in it is markup. */
export interface LetterContent {
  subject: string
  paragraphs: string[]
  button?: { label: string; url: string } | undefined
  /** Below the button, smaller. */
  notes?: string[] | undefined
}

/** A letter to a reader. Those to the operator are in `alarm.ts`. */
export interface ReaderLetter {
  kind: Exclude<LetterKind, 'alarm'>
  lang: string
  values: Readonly<Record<string, string>>
}

/** What a letter to a reader says, in our words. */
export function contentOf(config: MailshotConfig, letter: ReaderLetter): LetterContent {
  const { kind, lang } = letter
  const texts = textsFor(config, lang).letters
  const url = letter.values['url'] ?? config.site
  const values = { ...letter.values, title: localize(config.title, lang, config.lang) }
  const words = (text: string) => fill(text, values)
  switch (kind) {
    case 'confirmation': {
      const { subject, intro, button, ignore, expires } = texts.confirmation
      return {
        subject: words(subject),
        paragraphs: [words(intro)],
        button: { label: button, url },
        notes: [words(ignore), words(expires)],
      }
    }
    case 'invitation': {
      const { subject, intro, nameless, what, button, ignore } = texts.invitation
      return {
        subject: words(subject),
        paragraphs: [words(letter.values['inviter'] ? intro : nameless), words(what)],
        button: { label: button, url },
        notes: [words(ignore), words(texts.confirmation.expires)],
      }
    }
    case 'welcome': {
      const { subject, intro, leave, button } = texts.welcome
      const paragraphs = [words(intro), words(leave)]
      return { subject: words(subject), paragraphs, button: { label: button, url } }
    }
    case 'goodbye':
      return goodbyeContent(texts.goodbye, words, url)
    case 'change-address':
    case 'address-changed':
    case 'links':
      return ownContent(config, { ...letter, kind })
  }
}

/** With the way back, where there is one: some lists are not for everybody to join. */
function goodbyeContent(
  { subject, intro, back, button }: Record<'subject' | 'intro' | 'back' | 'button', string>,
  words: (text: string) => string,
  url: string,
): LetterContent {
  const said = { subject: words(subject), paragraphs: [words(intro)] }
  if (!new URL(url).searchParams.has('list')) return said
  return { ...said, paragraphs: [...said.paragraphs, words(back)], button: { label: button, url } }
}
