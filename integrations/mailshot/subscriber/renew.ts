import { holdBurstStatements } from '../abuse/burst.ts'
import { parseEmailAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { askStatements, type Consent } from './ask.ts'
import { findAgreed, findConfirmation, findSaid } from './confirm.ts'

/**
 * Mails a new confirmation in the place of one whose link has expired, to the same address, for what still waits of it; what was
 * said of the person with that ask, and ticked in it, is said again. Asking again mails no more than signing up again does.
 */
export async function renewConfirmation(
  mailshot: Mailshot,
  token: string,
  consent: Consent,
): Promise<{ status: 'asked' | 'refused' }> {
  const found = await findConfirmation(mailshot, token)
  if (found.status !== 'expired' || !found.person || found.lists.length === 0) {
    return { status: 'refused' }
  }
  const { person, lists, askedAt } = found
  const said = await findSaid(mailshot, person.id, askedAt)
  const address = parseEmailAddress(said?.written ?? person.written)
  if (!address) return { status: 'refused' }
  const profile = said ?? { name: '', lang: person.lang, attributes: {} }
  const { name, lang, attributes } = profile
  const ask = {
    subscriberId: person.id,
    address,
    profile: { name, lang: lang ?? person.lang, attributes },
    lists,
    consent: { ...consent, fields: said ? await findAgreed(mailshot, person.id, askedAt) : [] },
  }
  await mailshot.db.write(
    ...askStatements(mailshot, ask),
    ...(await holdBurstStatements(mailshot, { subscriberId: person.id, source: consent.source })),
  )
  return { status: 'asked' }
}
