import { bounceAddress } from '../bounce/verp.ts'
import type { LetterKind } from '../letter.ts'
import type { Mailshot } from '../mailshot.ts'
import { domainOf } from '../email-address.ts'
import { languageFor } from '../message.ts'
import { languageOfTexts } from '../reader-language.ts'
import { findPerson } from '../subscriber/person.ts'
import type { Message } from '../transport.ts'
import { alarmContent } from './alarm.ts'
import { contentOf } from './content.ts'
import { layOut } from './lay-out.ts'
import { letterMessage } from './message.ts'
import { fillTemplate, findTemplate, type LetterWords } from './template.ts'
import { valuesIn } from './values.ts'

export interface Letter {
  id: number
  kind: LetterKind
  email: string
  lang: string
  values: Record<string, string>
  tries: number
  createdAt: number
}

/**
 * Composes a single mail in the reader's language, or the site's where we have no texts in theirs, the same bytes but for
 * its date on every try.
 */
export async function composeLetter(mailshot: Mailshot, given: Letter): Promise<Message> {
  const { config } = mailshot
  const values = { ...given.values, ...(await inviterOf(mailshot, given)) }
  const letter = { ...given, values }
  const host = domainOf(config.from.address)
  return letterMessage(
    config,
    {
      id: `letter.${letter.id}`,
      email: letter.email,
      lang: languageOfTexts(config, letter.lang),
      envelopeFrom: bounceAddress(config, { ...letter, kind: 'letter' }),
      messageId: `<letter.${letter.id}.${letter.createdAt.toString(36)}@${host}>`,
    },
    await wordsOf(mailshot, letter),
  )
}

/** The site's own words where it has written some, else ours. */
async function wordsOf(
  mailshot: Mailshot,
  letter: Letter,
): Promise<Pick<LetterWords, 'subject' | 'html' | 'text'>> {
  const { kind } = letter
  const template = await findTemplate(mailshot, kind)
  if (template) {
    const written = languageFor(template, letter.lang)
    return fillTemplate(template, written, await valuesIn(mailshot, letter, written))
  }
  const lang = languageOfTexts(mailshot.config, letter.lang)
  const content =
    kind === 'alarm'
      ? await alarmContent(mailshot, { ...letter, lang })
      : contentOf(mailshot.config, { ...letter, kind, lang })
  return layOut(mailshot.config, content, lang)
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
