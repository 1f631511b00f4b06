import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { hashersInUse, hashesOf } from '../suppression/hash.ts'
import { type ImportedPerson, mergePeople } from './person.ts'

export interface SliceCounts {
  created: number
  updated: number
  unchanged: number
  suppressed: number
  unsubscribed: number
}

/**
 * Writes people in one transaction, each statement over all of them at once: with a statement a person it would take ten
 * times as long. Whatever is there already is kept, so that writing the same again changes nothing.
 */
export async function writeSlice(
  mailshot: Mailshot,
  rows: readonly ImportedPerson[],
  sourceName: string,
): Promise<SliceCounts> {
  const people = mergePeople(rows)
  const hashers = await hashersInUse(mailshot)
  const hashed = people.map((person) => ({ ...person, hashes: hashesOf(hashers, person.email) }))
  const slice: Slice = {
    now: mailshot.now(),
    sourceName,
    people: JSON.stringify(hashed.map(({ places: _places, ...person }) => person)),
    places: JSON.stringify(
      hashed.flatMap(({ email, lang, hashes, places }) =>
        places.map((place) => ({ email, lang, hashes, ...place })),
      ),
    ),
  }
  const [known, left, written, placed] = await mailshot.db.write<Partial<Found>>(
    knownQuery(slice),
    leftQuery(slice),
    subscribersStatement(slice),
    subscriptionsStatement(slice),
    consentsStatement(slice),
  )
  return count(rows.length, people, {
    known: emails(known?.filter((row) => row.isKnown)),
    suppressed: emails(known?.filter((row) => row.isSuppressed)),
    left: emails(left),
    changed: emails([...(written ?? []), ...(placed ?? [])]),
  })
}

interface Slice {
  now: number
  sourceName: string
  /** JSON arrays. */
  people: string
  places: string
}

interface Found {
  email: string
  isKnown: 0 | 1
  isSuppressed: 0 | 1
}

function emails(rows: Partial<Found>[] = []): Set<string | undefined> {
  return new Set(rows.map((row) => row.email))
}

type Seen = Record<'known' | 'suppressed' | 'left' | 'changed', Set<string | undefined>>

function count(rows: number, people: ImportedPerson[], seen: Seen): SliceCounts {
  const counts = { created: 0, updated: 0, unchanged: 0, suppressed: 0, unsubscribed: 0 }
  for (const { email } of people) counts[resultOf(email, seen)] += 1
  counts.unchanged += rows - people.length
  return counts
}

function resultOf(email: string, seen: Seen): keyof SliceCounts {
  if (seen.suppressed.has(email)) return 'suppressed'
  if (seen.changed.has(email)) return seen.known.has(email) ? 'updated' : 'created'
  return seen.left.has(email) ? 'unsubscribed' : 'unchanged'
}

/** Asked within the transaction, before it changes anything. */
function knownQuery({ people }: Slice): SQL {
  return sql`
    SELECT r.value ->> 'email' AS email, s.id IS NOT NULL AS isKnown, NOT ${isNotSuppressed} AS isSuppressed
    FROM json_each(${people}) r
    LEFT JOIN subscribers s ON s.email = r.value ->> 'email'
    WHERE s.id IS NOT NULL OR NOT ${isNotSuppressed}`
}

/** Who would come back to a list that they left here. */
function leftQuery({ places }: Slice): SQL {
  return sql`
    SELECT s.email FROM json_each(${places}) r
    CROSS JOIN subscribers s ON s.email = r.value ->> 'email'
    CROSS JOIN subscriptions p ON p.subscriber_id = s.id AND p.list_id = r.value ->> 'list'
    WHERE p.status = 'unsubscribed' AND r.value ->> 'status' <> 'unsubscribed'`
}

function subscribersStatement({ people, now }: Slice): SQL {
  return sql`
    INSERT INTO subscribers (email, written, name, lang, time_zone, attributes, created_at, updated_at)
    SELECT r.value ->> 'email', r.value ->> 'written', r.value ->> 'name', r.value ->> 'lang',
      r.value ->> 'timeZone', r.value -> 'attributes', ${now}, ${now}
    FROM json_each(${people}) r WHERE ${isNotSuppressed}
    ON CONFLICT (email) DO UPDATE
      SET name = CASE name WHEN '' THEN excluded.name ELSE name END,
        lang = ifnull(lang, excluded.lang),
        time_zone = ifnull(time_zone, excluded.time_zone),
        attributes = json_patch(excluded.attributes, attributes),
        updated_at = excluded.updated_at
      WHERE (subscribers.name = '' AND excluded.name <> '')
        OR (subscribers.lang IS NULL AND excluded.lang IS NOT NULL)
        OR (subscribers.time_zone IS NULL AND excluded.time_zone IS NOT NULL)
        OR EXISTS (SELECT 1 FROM json_each(excluded.attributes) n
          WHERE n.key NOT IN (SELECT key FROM json_each(subscribers.attributes)))
    RETURNING email`
}

/**
 * A pending one becomes active. An active one ends only if nothing but imports ever asked for it: whoever signed up here
 * after leaving the old system stays.
 */
function subscriptionsStatement({ places, now }: Slice): SQL {
  const status = sql`r.value ->> 'status'`
  return sql`
    INSERT INTO subscriptions
      (subscriber_id, list_id, status, asked_at, active_at, ended_at, end_reason)
    SELECT s.id, r.value ->> 'list', ${status}, ifnull(r.value ->> 'confirmedAt', ${now}),
      iif(${status} = 'active', ifnull(r.value ->> 'confirmedAt', ${now}), NULL),
      iif(${status} = 'unsubscribed', ${now}, NULL),
      iif(${status} = 'unsubscribed', 'import', NULL)
    FROM json_each(${places}) r CROSS JOIN subscribers s ON s.email = r.value ->> 'email'
    WHERE ${isNotSuppressed}
    ON CONFLICT (subscriber_id, list_id) DO UPDATE
      SET status = excluded.status, active_at = ifnull(excluded.active_at, active_at),
        ended_at = excluded.ended_at, end_reason = excluded.end_reason
      WHERE (subscriptions.status = 'pending' AND excluded.status = 'active')
        OR (subscriptions.status <> 'unsubscribed' AND excluded.status = 'unsubscribed'
          AND NOT EXISTS (SELECT 1 FROM consents c
            WHERE c.subscriber_id = subscriptions.subscriber_id
              AND c.list_id = subscriptions.list_id AND c.source <> 'import'))
    RETURNING (SELECT email FROM subscribers WHERE id = subscriber_id) AS email`
}

/** Once for each subscription that has no consent but the old system's. */
function consentsStatement({ places, now, sourceName }: Slice): SQL {
  return sql`
    INSERT INTO consents (subscriber_id, list_id, at, source, form, lang, confirmed_at)
    SELECT s.id, p.list_id, ${now}, 'import', ${sourceName}, r.value ->> 'lang',
      r.value ->> 'confirmedAt'
    FROM json_each(${places}) r
    CROSS JOIN subscribers s ON s.email = r.value ->> 'email'
    CROSS JOIN subscriptions p ON p.subscriber_id = s.id AND p.list_id = r.value ->> 'list'
    WHERE p.status = 'active' AND r.value ->> 'status' = 'active' AND ${isNotSuppressed}
      AND NOT EXISTS (SELECT 1 FROM consents c
        WHERE c.subscriber_id = s.id AND c.list_id = p.list_id
          AND (c.source = 'import' OR c.confirmed_at IS NOT NULL))`
}

/** Nor is their hash, where only that is kept: an erased person's address is not stored again. */
const isNotSuppressed = sql`(NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.email = r.value ->> 'email')
  AND NOT EXISTS (SELECT 1 FROM json_each(r.value, '$.hashes') AS k JOIN suppressed_hashes AS h
    ON h.kind = k.value ->> 0 AND h.hash = k.value ->> 1))`
