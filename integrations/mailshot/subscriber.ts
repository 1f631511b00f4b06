import { sql } from 'drizzle-orm/sql'
import type { AttributeValue } from '../../db/schema.ts'
import type { SuppressionReason } from '../../db/status.ts'
import { holdBurstStatements } from './abuse/burst.ts'
import { type ParsedAddress, parseEmailAddress } from './email-address.ts'
import type { Mailshot } from './mailshot.ts'
import { type Profile, readProfile } from './profile.ts'
import { type Consent, activateStatements, askStatements } from './subscriber/ask.ts'
import { type Confirming, confirmStatements, findConfirmation } from './subscriber/confirm.ts'
import { openLists, type UnsubscribeRequest, unsubscribeStatements } from './subscriber/leave.ts'
import { goodbyeStatements } from './subscriber/goodbye.ts'
import { passNumberStatement } from './subscriber/numbers.ts'
import { findLists, findPerson } from './subscriber/person.ts'
import { findSuppression, liftableReasons } from './suppression.ts'
import { nameSuppressed } from './suppression/hash.ts'

export { findConfirmation, type FoundConfirmation } from './subscriber/confirm.ts'
export { findPerson, openPlaces, type Person, type Place } from './subscriber/person.ts'
export { changePreferences, type PreferencesRequest } from './subscriber/preferences.ts'
export { findLeaving, findUndo, type Leaving, undoUnsubscribe } from './subscriber/undo.ts'

export interface SubscribeRequest {
  email: string
  name?: string
  lang?: string
  lists: string[]
  attributes?: Record<string, AttributeValue>
  consent: Consent
  /** The operator vouches that the person has confirmed elsewhere: no confirmation is mailed. */
  confirmed?: boolean
  /** Also where the lists need none: whoever asks has not seen the person. */
  confirmation?: 'always'
  /** The id of the reader who named this person. */
  invitedBy?: number
}

export interface SubscribeProblem {
  field: 'email' | 'lists' | 'profile'
  text: string
}

export type Subscribed =
  | { status: 'invalid'; problems: SubscribeProblem[] }
  /** Waiting for the click in the one confirmation that covers all lists asked. */
  | { status: 'asked'; subscriberId: number }
  | { status: 'active'; subscriberId: number }
  /** Was active on all of them already. */
  | { status: 'unchanged'; subscriberId: number }
  /** Only the operator can lift it; for somebody the operator vouches for, it must be lifted first. */
  | { status: 'suppressed'; reason: SuppressionReason }

/**
 * Puts a person on lists: at once where none of them asks for double opt-in, else once the mailed link is followed.
 * Asking again mails at most one confirmation in ten minutes and three a day; one where an address is suppressed. In a burst of
 * sign-ups confirmations are held. What an ask by a form or a program says of a person, name and fields, waits with it for the click;
 * what is stored of a known person is changed by that alone, or by the operator's word, never by someone who merely knows the address.
 * A page should answer alike whatever this returns.
 */
export async function subscribe(
  mailshot: Mailshot,
  request: SubscribeRequest,
): Promise<Subscribed> {
  const { address, profile, problems } = readRequest(mailshot, request)
  if (!address || problems.length > 0) return { status: 'invalid', problems }
  const suppression = await findSuppression(mailshot, address.identity)
  const isLiftable = !suppression || liftableReasons.includes(suppression.reason)
  if (suppression && (!isLiftable || request.confirmed)) {
    await mailshot.db.write(passNumberStatement('subscribers'), passNumberStatement('letters'))
    return { status: 'suppressed', reason: suppression.reason }
  }
  const isVouched = request.confirmed === true
  const mayJoin = (ids: string[]) =>
    !suppression && request.confirmation !== 'always' && !needsConfirmation(mailshot, ids)
  const isBelieved = isVouched || request.consent.source === 'command' || mayJoin(request.lists)
  if (suppression) await nameSuppressed(mailshot, [address.identity])
  const subscriberId = await writePerson(mailshot, address, {
    profile: isBelieved ? profile : { ...profile, name: '', attributes: {} },
    isVouched,
  })
  const active = new Set(await findLists(mailshot, subscriberId, { status: 'active' }))
  // A bounced address proves itself again, also on lists where it is still active.
  const lists = suppression ? request.lists : request.lists.filter((list) => !active.has(list))
  if (lists.length === 0) {
    await mailshot.db.write(passNumberStatement('letters'))
    return { status: 'unchanged', subscriberId }
  }
  const { consent, invitedBy } = request
  const ask = { subscriberId, address, profile, lists, consent, invitedBy }
  if (isVouched || mayJoin(lists)) {
    const activate = activateStatements(mailshot, ask, isVouched)
    await mailshot.db.write(...activate, passNumberStatement('letters'))
    return { status: 'active', subscriberId }
  }
  const { source } = request.consent
  await mailshot.db.write(
    ...askStatements(mailshot, ask),
    ...(await holdBurstStatements(mailshot, { subscriberId, source })),
  )
  return { status: 'asked', subscriberId }
}

export type Confirmed =
  | { status: 'malformed' | 'forged' | 'expired' | 'suppressed' }
  /** With all lists that are active now. */
  | { status: 'confirmed'; subscriberId: number; lists: string[] }
  /** All that was asked for has been left since. */
  | { status: 'ended' }

/**
 * Makes active all that the person had asked for when the confirmation was mailed, and nothing asked for later; lifts
 * a suppression of before that, if the person may. Confirming again changes nothing and answers the same lists.
 */
export async function confirm(
  mailshot: Mailshot,
  token: string,
  from: Confirming = {},
): Promise<Confirmed> {
  const found = await findConfirmation(mailshot, token)
  if (found.status !== 'ready' && found.status !== 'confirmed') return { status: found.status }
  const { person } = found
  await mailshot.db.write(...confirmStatements(mailshot, found, from))
  const lists = await findLists(mailshot, person.id, { status: 'active' })
  if (lists.length === 0) return { status: 'ended' }
  return { status: 'confirmed', subscriberId: person.id, lists }
}

/** Ends subscriptions, active or pending. Doing it again changes nothing. Answers the lists that were left by it. */
export async function unsubscribe(
  mailshot: Mailshot,
  request: UnsubscribeRequest,
): Promise<{ ended: string[] }> {
  const open = await mailshot.db.all<{ listId: string }>(openLists(request))
  const person = await findPerson(mailshot, request.subscriberId)
  await mailshot.db.write(
    ...(person ? goodbyeStatements(mailshot, person, request) : []),
    ...unsubscribeStatements(mailshot, request),
  )
  return { ended: open.map((row) => row.listId) }
}

/** What `subscribe` would say is wrong with a request; it asks the settings alone, so that nobody learns by it who is known. */
export function problemsWith(mailshot: Mailshot, request: SubscribeRequest): SubscribeProblem[] {
  return readRequest(mailshot, request).problems
}

function readRequest(
  { config }: Mailshot,
  request: SubscribeRequest,
): { address: ParsedAddress | undefined; profile: Profile; problems: SubscribeProblem[] } {
  const address = parseEmailAddress(request.email)
  const { profile, problems, unknown } = readProfile(config.fields, request)
  const isOffered = (list: string) =>
    Object.hasOwn(config.lists, list) &&
    (request.consent.source !== 'form' || config.lists[list]?.public === true)
  const missing = request.lists.filter((list) => !isOffered(list))
  const lists = request.lists.length === 0 ? ['no list is chosen'] : missing.map(noList)
  const noAddress = `"${request.email}" is not an e-mail address`
  return {
    address,
    profile,
    problems: [
      ...(address ? [] : [{ field: 'email' as const, text: noAddress }]),
      ...lists.map((text) => ({ field: 'lists' as const, text })),
      ...[...problems, ...unknown.map(noField)].map((text) => ({
        field: 'profile' as const,
        text,
      })),
    ],
  }
}

const noList = (list: string) => `there is no list "${list}"`
const noField = (field: string) => `${field}: there is no such field`

function needsConfirmation(mailshot: Mailshot, lists: string[]): boolean {
  return lists.some((list) => mailshot.config.lists[list]?.doubleOptIn !== false)
}

/** Adds a person as they are said to be. One who is known stays as they are, unless the operator vouches and nothing is active. */
async function writePerson(
  mailshot: Mailshot,
  { identity, written }: ParsedAddress,
  { profile, isVouched }: { profile: Profile; isVouched: boolean },
): Promise<number> {
  const { name, lang, attributes } = profile
  const now = mailshot.now()
  const [, rows = []] = await mailshot.db.write<{ id: number }>(
    sql`INSERT INTO subscribers (email, written, name, lang, attributes, created_at, updated_at)
        VALUES (${identity}, ${written}, ${name}, ${lang}, ${JSON.stringify(attributes)}, ${now}, ${now})
        ON CONFLICT (email) DO UPDATE
          SET written = excluded.written, updated_at = excluded.updated_at,
            name = CASE excluded.name WHEN '' THEN name ELSE excluded.name END,
            lang = ifnull(excluded.lang, lang),
            attributes = json_patch(attributes, excluded.attributes)
          WHERE ${isVouched} AND NOT EXISTS (SELECT 1 FROM subscriptions s
            WHERE s.subscriber_id = subscribers.id AND s.status = 'active')`,
    sql`SELECT id FROM subscribers WHERE email = ${identity}`,
  )
  return rows[0]?.id ?? 0
}
