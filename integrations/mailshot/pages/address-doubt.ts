import { isDisposable } from '../abuse/disposable.ts'
import { takesMail } from '../abuse/mail-exchange.ts'
import { meantAddress } from '../abuse/mistyped.ts'
import type { MailshotConfig } from '../config.ts'
import { domainOf, parseEmailAddress } from '../email-address.ts'
import { fill, type Texts } from '../texts.ts'
import { fieldOf } from './form.ts'

/** What is said beside an address that can hardly be meant. */
export interface AddressDoubt {
  text: string
  /** What was most likely meant instead, for a button. */
  suggestion?: string
}

/** The names of the fields that carry the answer to "did you mean …?": which address it was asked about, and which is right. */
export const choiceFields = { about: 'asked-email', chosen: 'email-choice' } as const

/** The address in a form: what was typed, or what was chosen instead as long as that was not changed since. */
export function addressIn(form: FormData): { email: string; isChosen: boolean } {
  const email = fieldOf(form, 'email')
  const chosen = fieldOf(form, choiceFields.chosen)
  const isChosen = chosen !== '' && fieldOf(form, choiceFields.about) === email
  return { email: isChosen ? chosen : email, isChosen }
}

/**
 * Looks at the domain of an address alone, so that nobody learns by it who is known: whether it is a slip, is for throw-away mail where
 * the site refuses that, or takes no mail.
 *
 * @param isChosen whether the person has said that it is right as it is
 */
export async function doubtAddress(
  { abuse }: Pick<MailshotConfig, 'abuse'>,
  { pages: { abuse: words } }: Texts,
  { email, isChosen }: { email: string; isChosen: boolean },
): Promise<AddressDoubt | undefined> {
  const address = parseEmailAddress(email)
  if (!address) return undefined
  const suggestion = abuse.mistyped && !isChosen ? await meantAddress(email) : undefined
  if (suggestion !== undefined) return { text: fill(words.mistyped, { suggestion }), suggestion }
  const domain = domainOf(address.identity)
  if (abuse.disposable === 'refuse' && (await isDisposable(domain))) {
    return { text: words.disposable }
  }
  if (abuse.mx && !(await takesMail(domain))) return { text: fill(words.noMail, { domain }) }
  return undefined
}
