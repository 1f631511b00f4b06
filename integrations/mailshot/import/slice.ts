import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { hashersInUse, hashesOf } from '../suppression/hash.ts'
import { isFormer } from '../subscriber/addresses.ts'
import { besideStatements } from './beside.ts'
import { type ImportedPerson, mergePeople } from './person.ts'
import { hasLapsed, type PlacesStatement, placesStatements } from './place.ts'
import type { SubscriptionStatus } from './row.ts'

export interface SliceCounts {
  created: number
  updated: number
  unchanged: number
  suppressed: number
  unsubscribed: number
  lists: ListCounts
}

/** Of each list: how many got that status, and how many would have come back to it. */
export type ListCounts = Record<string, Record<SubscriptionStatus | 'left', number>>

/**
 * Writes people in one transaction, each statement over all of them at once: with a statement a person it would take several
 * times as long. Whatever is there already is kept, so that writing the same again changes nothing.
 */
export async function writeSlice(
  mailshot: Mailshot,
  rows: readonly ImportedPerson[],
  sourceName: string,
): Promise<SliceCounts> {
  const people = mergePeople(rows)
  const hashers = await hashersInUse(mailshot)
  const given = JSON.stringify(
    people.map((person) => [
      person.email,
      person.written,
      person.name,
      person.lang,
      person.timeZone,
      person.attributes,
      person.suppressions.length > 0 ? 1 : 0,
      person.createdAt,
      person.id,
      hashesOf(hashers, person.email),
    ]),
  )
  const slice = { now: mailshot.now(), sourceName, people }
  const isErased = hashers.length > 0 ? isHashed : sql`false`
  const hasIds = people.some(({ id }) => id !== null)
  const writing: PlacesStatement[] = [
    { statement: fillStatement(given, slice.now, isErased) },
    ...(hasIds ? [{ statement: numberedStatement(given, slice.now, isErased) }] : []),
    { statement: subscribersStatement(given, slice.now, isErased) },
    ...placesStatements(slice),
    ...besideStatements(slice).map((statement) => ({ statement })),
  ]
  const [known = [], ...results] = await mailshot.db.write<Row>(
    knownQuery(given, isErased),
    ...writing.map(({ statement }) => statement),
  )
  const written = results.map((result, n) => ({
    ids: result.filter(isWritten).map(({ id }) => id),
    got: writing[n]?.got,
  }))
  return count(rows.length, people, { known: known.filter(isKnown), written })
}

export interface Slice {
  now: number
  sourceName: string
  people: readonly ImportedPerson[]
}

type Row = KnownRow | WrittenRow

/** One of the people who is here already, or suppressed. */
interface KnownRow {
  /** Its place among the people. */
  n: number
  knownId: number | null
  isSuppressed: 0 | 1
  /** JSON: the lists that they left. */
  left: string
}

interface WrittenRow {
  id: number
}

interface Result {
  known: readonly KnownRow[]
  /** Of each statement: whom it wrote. */
  written: readonly { ids: number[]; got: PlacesStatement['got'] }[]
}

function isKnown(row: Row): row is KnownRow {
  return 'n' in row
}

function isWritten(row: Row): row is WrittenRow {
  return 'id' in row
}

function count(
  rows: number,
  people: readonly ImportedPerson[],
  { known, written }: Result,
): SliceCounts {
  const lists: ListCounts = {}
  const changed = new Set(written.flatMap(({ ids }) => ids))
  for (const { ids, got } of written) {
    if (got && ids.length > 0) addTo(lists, got.list, got.status, ids.length)
  }
  const counts = { created: changed.size, updated: 0, unchanged: 0, suppressed: 0, unsubscribed: 0 }
  for (const row of known) {
    const isChanged = row.knownId !== null && changed.has(row.knownId)
    if (isChanged) {
      counts.created -= 1
      counts.updated += 1
    }
    const leftLists = row.isSuppressed ? [] : comingBack(people[row.n], row)
    for (const list of leftLists) addTo(lists, list, 'left', 1)
    if (row.isSuppressed) counts.suppressed += 1
    else if (!isChanged && leftLists.length > 0) counts.unsubscribed += 1
  }
  const told = counts.created + counts.updated + counts.suppressed + counts.unsubscribed
  return { ...counts, unchanged: rows - told, lists }
}

/** The lists that they left here, and would come back to. */
function comingBack(person: ImportedPerson | undefined, { left }: KnownRow): string[] {
  const leftLists: string[] = left === '[]' ? [] : JSON.parse(left)
  const places = person?.places.filter(({ status }) => status !== 'unsubscribed') ?? []
  return places.map(({ list }) => list).filter((list) => leftLists.includes(list))
}

function addTo(
  lists: ListCounts,
  list: string,
  what: SubscriptionStatus | 'left',
  n: number,
): void {
  const counts = (lists[list] ??= { active: 0, pending: 0, unsubscribed: 0, left: 0 })
  counts[what] += n
}

/** Asked within the transaction, before it changes anything. */
function knownQuery(people: string, isErased: SQL): SQL {
  return sql`
    SELECT r.key AS n, s.id AS knownId, NOT ${isWelcome(isErased)} AS isSuppressed,
      (SELECT json_group_array(p.list_id) FROM subscriptions p
        WHERE p.subscriber_id = s.id AND p.status = 'unsubscribed' AND NOT ${hasLapsed('p')}) AS left
    FROM json_each(${people}) r LEFT JOIN subscribers s ON s.email = r.value ->> 0
    WHERE s.id IS NOT NULL OR NOT ${isWelcome(isErased)}`
}

/** Fills in what is empty here. First, so that it looks at nobody who is new. */
function fillStatement(people: string, now: number, isErased: SQL): SQL {
  return sql`
    UPDATE subscribers AS s
    SET name = CASE s.name WHEN '' THEN r.value ->> 2 ELSE s.name END,
      lang = ifnull(s.lang, r.value ->> 3),
      time_zone = ifnull(s.time_zone, r.value ->> 4),
      attributes = json_patch(r.value -> 5, s.attributes),
      updated_at = ${now}
    FROM json_each(${people}) r
    WHERE s.email = r.value ->> 0 AND ${isWelcome(isErased)} AND (
      (s.name = '' AND r.value ->> 2 <> '')
      OR (s.lang IS NULL AND r.value ->> 3 IS NOT NULL)
      OR (s.time_zone IS NULL AND r.value ->> 4 IS NOT NULL)
      OR EXISTS (SELECT 1 FROM json_each(r.value, '$[5]') n
        WHERE n.key NOT IN (SELECT key FROM json_each(s.attributes))))
    RETURNING id`
}

/** Whoever brings a number that nobody has had here keeps it. */
function numberedStatement(people: string, now: number, isErased: SQL): SQL {
  return sql`
    INSERT INTO subscribers
      (id, email, written, name, lang, time_zone, attributes, created_at, updated_at)
    SELECT r.value ->> 8, ${columns(now)} FROM json_each(${people}) r
    WHERE r.value ->> 8 > ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'subscribers'), 0)
      AND ${isWelcome(isErased)} AND ${isNew}
    ON CONFLICT DO NOTHING RETURNING id`
}

/** A conflict would cost a number each time, of which none is given again. */
function subscribersStatement(people: string, now: number, isErased: SQL): SQL {
  return sql`
    INSERT INTO subscribers (email, written, name, lang, time_zone, attributes, created_at, updated_at)
    SELECT ${columns(now)} FROM json_each(${people}) r WHERE ${isWelcome(isErased)} AND ${isNew}
    RETURNING id`
}

/** Somebody may change their address while the rows are on their way here. */
const isNew = sql`NOT EXISTS (SELECT 1 FROM subscribers s WHERE s.email = r.value ->> 0)
  AND NOT ${isFormer(sql`(r.value ->> 0)`)}`

function columns(now: number): SQL {
  return sql`r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4, r.value -> 5,
      ifnull(r.value ->> 7, ${now}), ${now}`
}

/** Not suppressed, unless the row itself says so: then they are kept beside their suppression. Nobody who was erased is stored again. */
function isWelcome(isErased: SQL): SQL {
  return sql`((r.value ->> 6 OR NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.email = r.value ->> 0))
    AND NOT ${isErased})`
}

const isHashed = sql`EXISTS (SELECT 1 FROM json_each(r.value, '$[9]') AS k JOIN suppressed_hashes AS h
  ON h.kind = k.value ->> 0 AND h.hash = k.value ->> 1)`
