import { type SQL, sql } from 'drizzle-orm/sql'
import type { AttributeValue } from '../../../db/schema.ts'
import { auditStatement } from '../audit.ts'
import { parseEmailAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { readProfile } from '../profile.ts'
import { findOpenAsks, stayStatements } from '../reconsent/answer.ts'
import { liftUnsubscribeStatements } from '../suppression.ts'
import { agreeStatements, withdrawStatements } from '../tracking/consent.ts'
import { activateStatements, agreeFieldsStatements, type Consent } from './ask.ts'
import { goodbyeStatements, noGoodbyeStatement } from './goodbye.ts'
import { unsubscribeStatements } from './leave.ts'
import { findPerson, openPlaces, type Person } from './person.ts'

export interface PreferencesRequest {
  subscriberId: number
  /** The lists that the form showed: those of them that are not chosen are left, any other stays as it is. */
  shown: string[]
  chosen: string[]
  /** Empty takes the name back. */
  name: string
  /** What is no language is left out. */
  lang: string
  /** Of the site's own fields, those that were asked; `undefined` takes a value back. */
  attributes?: Record<string, AttributeValue | undefined>
  /** Whether the person may be counted by name, and the words that said so; undefined where that was not asked. */
  tracking?: { isAgreed: boolean; wording: string } | undefined
  /** With `fields`, the boxes with words of their own that were ticked just now. */
  consent: Pick<Consent, 'wording' | 'ip' | 'userAgent' | 'fields'>
}

export type PreferencesChanged =
  | { status: 'changed'; joined: string[]; left: string[] }
  /** Nothing was changed: there is nobody of that number, or the address gets nothing until its owner writes to us. */
  | { status: 'unknown' | 'suppressed' }

/**
 * Changes what a person gets, in what language and by which name. A list is joined at once, without a confirmation, since
 * only the mailbox has the link to the page; joining takes back an earlier "nothing any more". Doing it again changes
 * nothing.
 */
export async function changePreferences(
  mailshot: Mailshot,
  request: PreferencesRequest,
): Promise<PreferencesChanged> {
  const person = await findPerson(mailshot, request.subscriberId)
  if (!person) return { status: 'unknown' }
  if (person.suppressed && person.suppressed !== 'unsubscribe') return { status: 'suppressed' }
  const { joined, kept, left } = listsToChange(mailshot, person, request)
  const asks = await findOpenAsks(mailshot, { subscriberId: person.id, lists: kept })
  const { fields: _ofFields, ...agreed } = request.consent
  await mailshot.db.write(
    ...profileStatements(mailshot, person, request),
    ...fieldStatements(mailshot, person, request),
    ...joinStatements(mailshot, person, { lists: joined, consent: request.consent }),
    ...goodbyeStatements(mailshot, person, { lists: left, reason: 'preferences' }),
    ...(left.length > 0
      ? unsubscribeStatements(mailshot, {
          subscriberId: person.id,
          lists: left,
          reason: 'preferences',
        })
      : []),
    // Whoever was asked whether they want to stay, and saves what they get, has said so.
    ...asks.flatMap((ask) =>
      stayStatements(
        mailshot,
        { subscriberId: person.id, ...ask },
        { wording: undefined, lang: person.lang, ...agreed },
      ),
    ),
    ...trackingStatements(mailshot, person, request),
  )
  return { status: 'changed', joined, left }
}

function trackingStatements(
  mailshot: Mailshot,
  { id: subscriberId, lang, isTracked }: Person,
  { tracking, consent }: PreferencesRequest,
): SQL[] {
  if (!tracking || tracking.isAgreed === isTracked) return []
  if (!tracking.isAgreed) return withdrawStatements(mailshot, { subscriberId })
  if (!mailshot.config.tracking.individual) return []
  const agreed = { ...consent, wording: tracking.wording, form: 'preferences' }
  return agreeStatements(mailshot, { subscriberId, lang, consent: agreed })
}

/** Public lists may be joined, and those that the person is waiting to be on. */
function listsToChange(
  { config }: Mailshot,
  person: Person,
  { shown, chosen }: PreferencesRequest,
): { joined: string[]; kept: string[]; left: string[] } {
  const open = openPlaces(person)
  const isOpen = (list: string) => open.some((place) => place.list === list)
  const isActive = (list: string) =>
    open.some((place) => place.list === list && place.status === 'active')
  const mayJoin = (list: string) =>
    Object.hasOwn(config.lists, list) && (config.lists[list]?.public === true || isOpen(list))
  const lists = [...new Set(shown)]
  return {
    joined: lists.filter((list) => chosen.includes(list) && !isActive(list) && mayJoin(list)),
    kept: lists.filter((list) => chosen.includes(list) && isActive(list)),
    left: lists.filter((list) => !chosen.includes(list) && isOpen(list)),
  }
}

function joinStatements(
  mailshot: Mailshot,
  person: Person,
  { lists, consent }: { lists: string[]; consent: PreferencesRequest['consent'] },
): SQL[] {
  const { fields: _noted, ...ofLists } = consent
  const ask = askOf(person, ofLists)
  if (lists.length === 0 || !ask) return []
  return [
    noGoodbyeStatement(person.id),
    ...activateStatements(mailshot, { ...ask, lists }, true),
    ...liftUnsubscribeStatements(mailshot, person.email, { by: 'preferences' }),
  ]
}

function fieldStatements(
  mailshot: Mailshot,
  person: Person,
  { consent }: PreferencesRequest,
): SQL[] {
  const ask = askOf(person, consent)
  return ask && consent.fields?.length ? agreeFieldsStatements(mailshot, ask) : []
}

function askOf({ id, written, name, lang }: Person, consent: PreferencesRequest['consent']) {
  const address = parseEmailAddress(written)
  return (
    address && {
      subscriberId: id,
      address,
      profile: { name, lang, attributes: {} },
      consent: { ...consent, source: 'form' as const, form: 'preferences' },
    }
  )
}

function profileStatements(mailshot: Mailshot, person: Person, request: PreferencesRequest): SQL[] {
  const { profile } = readProfile({}, { name: request.name, lang: request.lang })
  const { name } = profile
  const lang = profile.lang ?? person.lang
  const said = Object.entries(request.attributes ?? {})
  const other = said.filter(([field, value]) => value !== valueOf(person, field))
  const changed = [
    ...(name === person.name ? [] : ['name']),
    ...(lang === person.lang ? [] : ['lang']),
    ...other.map(([field]) => field),
  ]
  if (changed.length === 0) return []
  const boxes = other.filter(([field]) => mailshot.config.fields[field]?.type === 'consent')
  const agreed = boxes.flatMap(([field, value]) => (value === true ? [field] : []))
  const withdrawn = boxes.flatMap(([field, value]) => (value === true ? [] : [field]))
  // RFC 7396: null takes a key away.
  const patch = Object.fromEntries(other.map(([field, value]) => [field, value ?? null]))
  return [
    auditStatement(mailshot, {
      actor: 'subscriber',
      action: 'change',
      subject: `subscriber:${person.id}`,
      detail: {
        changed,
        ...(agreed.length > 0 && { agreed }),
        ...(withdrawn.length > 0 && { withdrawn }),
      },
    }),
    sql`UPDATE consents SET ended_at = ${mailshot.now()}
        WHERE subscriber_id = ${person.id} AND ended_at IS NULL
          AND list_id IN (SELECT 'field:' || value FROM json_each(${JSON.stringify(withdrawn)}))`,
    sql`UPDATE subscribers SET name = ${name}, lang = ${lang}, updated_at = ${mailshot.now()},
          attributes = json_patch(attributes, ${JSON.stringify(patch)})
        WHERE id = ${person.id}`,
  ]
}

function valueOf({ attributes }: Person, field: string): AttributeValue | undefined {
  return Object.hasOwn(attributes, field) ? attributes[field] : undefined
}
