import type { SuppressionReason } from '../../../db/status.ts'
import type { MailshotConfig } from '../config.ts'
import { parseEmailAddress } from '../email-address.ts'
import { isTimeZone } from '../pace/options.ts'
import { type Profile, readProfile } from '../profile.ts'
import type { ImportConsent, ImportRow, ImportSubscription, SubscriptionStatus } from './row.ts'

/** A row that can be written, or several of one person put together. */
export interface ImportedPerson extends Profile {
  email: string
  written: string
  timeZone: string | null
  id: number | null
  createdAt: number | null
  pausedUntil: number | null
  trackingAgreedAt: number | null
  suppressions: ImportedSuppression[]
  /** Of addresses that they had before, and nobody has now. */
  formerSuppressions: (ImportedSuppression & { email: string })[]
  places: ImportedPlace[]
  /** `undefined` where the source knows nothing of any: then one is noted that names the import. */
  consents: ImportConsent[] | undefined
  formerIds: { source: string; id: string }[]
}

export interface ImportedSuppression {
  reason: SuppressionReason
  at: number | null
  note: string | null
}

export interface ImportedPlace {
  list: string
  status: SubscriptionStatus
  askedAt: number | null
  activeAt: number | null
  endedAt: number | null
  endReason: string | null
  /** What the consent says, where one is made. */
  confirmedAt: number | null
}

export interface ReadPerson {
  /** Absent when there are faults. */
  person: ImportedPerson | undefined
  faults: string[]
  /** Attributes that the config does not declare. */
  unknown: string[]
}

/** Reads a row; whatever is wrong with it is told at once. */
export function personOf(
  config: MailshotConfig,
  row: ImportRow,
  places: ImportedPlace[],
): ReadPerson {
  const address = parseEmailAddress(row.email)
  const { profile, problems, unknown } = readProfile(config.fields, row)
  const timeZone = row.timeZone?.trim() || null
  const faults = [
    ...(address ? [] : [addressFault(row.email)]),
    ...(places.length > 0 || row.subscriptions ? [] : [listFault]),
    ...(timeZone === null || isTimeZone(timeZone) ? [] : [zoneFault(timeZone)]),
    ...problems,
  ]
  if (!address || faults.length > 0) return { person: undefined, faults, unknown }
  const { identity: email, written } = address
  const person = { ...profile, email, written, timeZone, places, ...beside(row) }
  return { person, faults, unknown }
}

function beside(row: ImportRow) {
  const { suppressed: reason, suppressedAt: at = null, suppressionNote: note = null } = row
  return {
    id: row.id ?? null,
    createdAt: row.createdAt ?? null,
    pausedUntil: row.pausedUntil ?? null,
    trackingAgreedAt: row.trackingAgreedAt ?? null,
    suppressions: reason ? [{ reason, at, note }] : [],
    formerSuppressions: [],
    consents: row.consents,
    formerIds: row.formerIds ?? [],
  }
}

/** Where a row puts its person, each list once: by what it says of each, else by its lists or those of the whole import. */
export function placesOf(row: ImportRow, lists: readonly string[] = []): ImportedPlace[] {
  if (row.subscriptions) return onePerList(row.subscriptions.map(placeOf))
  const { status = 'active', consentAt = null, confirmedAt = null, endedAt = null } = row
  const named = row.lists && row.lists.length > 0 ? [...new Set(row.lists)] : lists
  return named.map((list) => ({
    list,
    status,
    askedAt: consentAt ?? confirmedAt,
    activeAt: status === 'pending' ? null : confirmedAt,
    endedAt: status === 'unsubscribed' ? endedAt : null,
    endReason: null,
    confirmedAt,
  }))
}

function placeOf(place: ImportSubscription): ImportedPlace {
  const { list, status = 'active', askedAt, activeAt = null } = place
  const { endedAt = null, endReason = null } = place
  const confirmedAt = status === 'active' ? activeAt : null
  return { list, status, askedAt: askedAt ?? activeAt, activeAt, endedAt, endReason, confirmedAt }
}

/** Each person once. What an earlier row says wins, a later one fills in; who left a list on any row has left it. */
export function mergePeople(people: readonly ImportedPerson[]): ImportedPerson[] {
  const merged = new Map<string, ImportedPerson>()
  for (const person of people) {
    const before = merged.get(person.email)
    merged.set(person.email, before ? mergeTwo(before, person) : person)
  }
  return merged.size === people.length ? [...people] : [...merged.values()]
}

function mergeTwo(first: ImportedPerson, second: ImportedPerson): ImportedPerson {
  return {
    ...first,
    name: first.name || second.name,
    lang: first.lang ?? second.lang,
    timeZone: first.timeZone ?? second.timeZone,
    id: first.id ?? second.id,
    createdAt: first.createdAt ?? second.createdAt,
    pausedUntil: first.pausedUntil ?? second.pausedUntil,
    trackingAgreedAt: first.trackingAgreedAt ?? second.trackingAgreedAt,
    attributes: { ...second.attributes, ...first.attributes },
    places: onePerList([...first.places, ...second.places]),
    formerIds: [...first.formerIds, ...second.formerIds],
    consents: first.consents && [...first.consents, ...(second.consents ?? [])],
    suppressions: [...first.suppressions, ...second.suppressions],
    formerSuppressions: [...first.formerSuppressions, ...second.formerSuppressions],
  }
}

/** Of several places on a list, the one that says most: who left on any has left. */
export function onePerList(all: readonly ImportedPlace[]): ImportedPlace[] {
  const places = new Map<string, ImportedPlace>()
  for (const place of all) {
    const before = places.get(place.list)
    if (!before || strength[place.status] > strength[before.status]) places.set(place.list, place)
  }
  return [...places.values()]
}

const strength = { pending: 0, active: 1, unsubscribed: 2 }

const listFault = 'no list; name one in the column "lists", or with --list'

function addressFault(text: string): string {
  return text === '' ? 'the address is missing' : `"${text}" is not an e-mail address`
}

function zoneFault(text: string): string {
  return `time_zone: "${text}" is not a time zone; write it like Europe/Paris`
}
