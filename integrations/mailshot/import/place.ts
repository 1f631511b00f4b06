import { type SQL, sql } from 'drizzle-orm/sql'
import type { ImportedPerson, ImportedPlace } from './person.ts'
import type { Slice } from './slice.ts'

/** Places that differ in person and dates alone: the rest need not be read out of the JSON of each. */
interface Group extends Pick<ImportedPlace, 'list' | 'status'> {
  isSuppressed: boolean
  hasConsents: boolean
  /** Of each: address, when it was confirmed, language; when it was asked for, active, ended and why. Nothing behind the last. */
  places: (string | number | null)[][]
}

/** A statement, and what those got whose numbers it answers. */
export interface PlacesStatement {
  statement: SQL
  got?: Pick<ImportedPlace, 'list' | 'status'>
}

/** Puts people on their lists, or notes that they left them, with a consent that names the import where they bring none. */
export function placesStatements(slice: Slice): PlacesStatement[] {
  return groupsOf(slice.people).flatMap((group) => {
    const places = JSON.stringify(group.places)
    const statement = subscriptionsStatement(group, places, slice.now)
    const consents =
      group.status === 'active' && !group.hasConsents
        ? [{ statement: consentsStatement(group, places, slice) }]
        : []
    return [{ statement, got: group }, ...consents]
  })
}

function groupsOf(people: readonly ImportedPerson[]): Group[] {
  const groups = new Map<string, Group>()
  for (const person of people) {
    const isSuppressed = person.suppressions.length > 0
    const hasConsents = person.consents !== undefined
    for (const place of person.places) {
      const { list, status } = place
      const key = `${status} ${isSuppressed} ${hasConsents} ${list}`
      const group = groups.get(key) ?? { list, status, isSuppressed, hasConsents, places: [] }
      if (group.places.length === 0) groups.set(key, group)
      group.places.push(valuesOf(person, place))
    }
  }
  return [...groups.values()]
}

function valuesOf(person: ImportedPerson, place: ImportedPlace): (string | number | null)[] {
  const { confirmedAt, askedAt, activeAt, endedAt, endReason } = place
  const start = [person.email, confirmedAt, person.lang]
  const isDated = askedAt !== null || activeAt !== null || endedAt !== null || endReason !== null
  return isDated ? [...start, askedAt, activeAt, endedAt, endReason] : start
}

/**
 * A pending one becomes active, also if it lapsed. An active one ends only if nothing but imports ever asked for it: whoever
 * signed up here after leaving the old system stays.
 */
function subscriptionsStatement(group: Group, places: string, now: number): SQL {
  return sql`
    INSERT INTO subscriptions
      (subscriber_id, list_id, status, asked_at, active_at, ended_at, end_reason)
    SELECT s.id, ${group.list}, ${group.status}, ifnull(r.value ->> 3, ${now}), ${activeSince(group, now)},
      ${group.status === 'unsubscribed' ? endOf(now) : sql`NULL, NULL`}
    FROM json_each(${places}) r CROSS JOIN subscribers s ON s.email = r.value ->> 0
    WHERE ${isWelcome(group)}
    ON CONFLICT (subscriber_id, list_id) DO UPDATE
      SET status = excluded.status, active_at = ifnull(excluded.active_at, active_at),
        ended_at = excluded.ended_at, end_reason = excluded.end_reason
      WHERE (excluded.status = 'active' AND (subscriptions.status = 'pending' OR ${hasLapsed('subscriptions')}))
        OR (subscriptions.status <> 'unsubscribed' AND excluded.status = 'unsubscribed'
          AND NOT EXISTS (SELECT 1 FROM consents c
            WHERE c.subscriber_id = subscriptions.subscriber_id
              AND c.list_id = subscriptions.list_id AND c.source <> 'import'))
        OR (${hasLapsed('subscriptions')} AND excluded.status = 'unsubscribed' AND excluded.end_reason <> 'unconfirmed')
    RETURNING subscriber_id AS id`
}

/** Whether a subscription was asked for here, never confirmed, and ended for that alone: so nobody left it. */
export function hasLapsed(table: 'subscriptions' | 'p'): SQL {
  const name = sql.raw(table)
  return sql`(${name}.end_reason IS 'unconfirmed' AND ${name}.active_at IS NULL)`
}

function activeSince({ status }: Group, now: number): SQL {
  return status === 'active' ? sql`ifnull(r.value ->> 4, ${now})` : sql`r.value ->> 4`
}

function endOf(now: number): SQL {
  return sql`ifnull(r.value ->> 5, ${now}), ifnull(r.value ->> 6, 'import')`
}

/** Once for each subscription that has no consent but the old system's. */
function consentsStatement(group: Group, places: string, { now, sourceName }: Slice): SQL {
  return sql`
    INSERT INTO consents (subscriber_id, list_id, at, source, form, lang, confirmed_at)
    SELECT s.id, p.list_id, ${now}, 'import', ${sourceName}, r.value ->> 2, r.value ->> 1
    FROM json_each(${places}) r
    CROSS JOIN subscribers s ON s.email = r.value ->> 0
    CROSS JOIN subscriptions p ON p.subscriber_id = s.id AND p.list_id = ${group.list}
    WHERE p.status = 'active' AND ${isWelcome(group)}
      AND NOT EXISTS (SELECT 1 FROM consents c
        WHERE c.subscriber_id = s.id AND c.list_id = p.list_id
          AND (c.source = 'import' OR c.confirmed_at IS NOT NULL))`
}

function isWelcome({ isSuppressed }: Group): SQL {
  return isSuppressed
    ? sql`true`
    : sql`NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.email = s.email)`
}
