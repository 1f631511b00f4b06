import type { MailshotConfig } from '../config.ts'
import { parseEmailAddress } from '../email-address.ts'
import type { ImportRow } from '../import.ts'
import { isTimeZone } from '../pace/options.ts'
import { type Profile, readProfile } from '../profile.ts'

/** A row that can be written, or several of one person put together. */
export interface ImportedPerson extends Profile {
  email: string
  written: string
  timeZone: string | null
  places: ImportedPlace[]
}

export interface ImportedPlace {
  list: string
  status: 'active' | 'pending' | 'unsubscribed'
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
export function personOf(config: MailshotConfig, row: ImportRow, lists: string[]): ReadPerson {
  const address = parseEmailAddress(row.email)
  const { profile, problems, unknown } = readProfile(config.fields, row)
  const { status = 'active', confirmedAt = null } = row
  const timeZone = row.timeZone?.trim() || null
  const faults = [
    ...(address ? [] : [addressFault(row.email)]),
    ...(lists.length > 0 ? [] : ['no list; name one in the column "lists", or with --list']),
    ...(timeZone === null || isTimeZone(timeZone) ? [] : [zoneFault(timeZone)]),
    ...problems,
  ]
  if (!address || faults.length > 0) return { person: undefined, faults, unknown }
  const places = lists.map((list) => ({ list, status, confirmedAt }))
  const { identity: email, written } = address
  return { person: { ...profile, email, written, timeZone, places }, faults, unknown }
}

function zoneFault(text: string): string {
  return `time_zone: "${text}" is not a time zone; write it like Europe/Paris`
}

/** The lists that a row names, else those of the whole import. */
export function listsOf(row: ImportRow, lists: string[] = []): string[] {
  return row.lists && row.lists.length > 0 ? [...new Set(row.lists)] : lists
}

/** Each person once. What an earlier row says wins, a later one fills in; who left a list on any row has left it. */
export function mergePeople(people: readonly ImportedPerson[]): ImportedPerson[] {
  const merged = new Map<string, ImportedPerson>()
  for (const person of people) {
    const before = merged.get(person.email)
    merged.set(person.email, before ? mergeTwo(before, person) : person)
  }
  return [...merged.values()]
}

function mergeTwo(first: ImportedPerson, second: ImportedPerson): ImportedPerson {
  const places = new Map(first.places.map((place) => [place.list, place]))
  for (const place of second.places) {
    const before = places.get(place.list)
    if (!before || strength[place.status] > strength[before.status]) places.set(place.list, place)
  }
  return {
    ...first,
    name: first.name || second.name,
    lang: first.lang ?? second.lang,
    timeZone: first.timeZone ?? second.timeZone,
    attributes: { ...second.attributes, ...first.attributes },
    places: [...places.values()],
  }
}

const strength = { pending: 0, active: 1, unsubscribed: 2 }

function addressFault(text: string): string {
  return text === '' ? 'the address is missing' : `"${text}" is not an e-mail address`
}
