import { type SQL, sql } from 'drizzle-orm/sql'
import { usedWordingStatements, wordingHash } from '../privacy/wording.ts'
import { mergeSuppression } from '../suppression/merge.ts'
import { hasReturned, isLiftable } from '../suppression/returned.ts'
import type { ImportedPerson } from './person.ts'
import type { Slice } from './slice.ts'

/** What few sources know of a person. Each statement stands only where somebody has something of it. */
export function besideStatements(slice: Slice): SQL[] {
  const { people, now } = slice
  const some = (parts: readonly unknown[], toStatement: (json: string) => SQL) =>
    parts.length > 0 ? [toStatement(JSON.stringify(parts))] : []
  return [
    ...some(suppressionsOf(slice), suppressStatement),
    ...some(formerSuppressionsOf(slice), suppressFormerStatement),
    ...some(agreedOf(people), (given) => agreeStatement(given, now)),
    ...some(agreedUnsaidOf(people), (given) => agreedStatement(given, slice)),
    ...usedWordingStatements(wordingsOf(people)),
    ...some(consentsOf(people), (given) => consentsStatement(given, slice.sourceName)),
    ...some(pausedOf(people), pauseStatement),
    ...some(formerIdsOf(people), formerIdsStatement),
    ...some(placelessOf(people), (given) => originStatement(given, slice)),
  ]
}

function suppressionsOf({ people, now, sourceName }: Slice) {
  return people.flatMap(({ email, suppressions }) =>
    suppressions.map(({ reason, at, note }) => [
      email,
      reason,
      note ?? `from ${sourceName}`,
      Math.min(at ?? now, now),
      at,
    ]),
  )
}

/** Only of whom was let in: an erased person's address is not stored again. Who left there and signed up here since has come back. */
function suppressStatement(given: string): SQL {
  return sql`
    INSERT INTO suppressions (email, reason, note, at)
    SELECT s.email, r.value ->> 1, nullif(r.value ->> 2, ''), r.value ->> 3
    FROM json_each(${given}) r CROSS JOIN subscribers s ON s.email = r.value ->> 0
    WHERE NOT (${isLiftable(sql`r.value ->> 1`)} AND ${hasReturned(sql`s.id`, sql`r.value ->> 4`)})
    ON CONFLICT (email) ${mergeSuppression('suppressions')}
    RETURNING (SELECT id FROM subscribers WHERE email = suppressions.email) AS id`
}

function formerSuppressionsOf({ people, now, sourceName }: Slice) {
  return people.flatMap(({ formerSuppressions }) =>
    formerSuppressions.map(({ email, reason, at, note }) => [
      email,
      reason,
      note ?? `from ${sourceName}`,
      Math.min(at ?? now, now),
    ]),
  )
}

function suppressFormerStatement(given: string): SQL {
  return sql`
    INSERT INTO suppressions (email, reason, note, at)
    SELECT r.value ->> 0, r.value ->> 1, nullif(r.value ->> 2, ''), r.value ->> 3
    FROM json_each(${given}) r
    WHERE NOT EXISTS (SELECT 1 FROM subscribers s WHERE s.email = r.value ->> 0)
    ON CONFLICT (email) ${mergeSuppression('suppressions')}`
}

function agreedOf(people: readonly ImportedPerson[]) {
  return people.flatMap((person) =>
    person.trackingAgreedAt === null ? [] : [[...nameOf(person), person.trackingAgreedAt]],
  )
}

/** Whoever has said something about it here has the last word, also who took it back. */
function agreeStatement(given: string, now: number): SQL {
  return sql`
    UPDATE subscribers AS s SET tracking_agreed_at = min(r.value ->> 2, ${now})
    FROM json_each(${given}) r
    WHERE s.email = r.value ->> 0 AND ${isWelcome} AND s.tracking_agreed_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.subscriber_id = s.id AND c.list_id = '')
    RETURNING id`
}

function agreedUnsaidOf(people: readonly ImportedPerson[]) {
  return agreedOf(people.filter(({ consents }) => consents === undefined))
}

function agreedStatement(given: string, { now, sourceName }: Slice): SQL {
  return sql`
    INSERT INTO consents (subscriber_id, list_id, at, source, form, lang, confirmed_at)
    SELECT s.id, '', ${now}, 'import', ${sourceName}, s.lang, s.tracking_agreed_at
    FROM json_each(${given}) r CROSS JOIN subscribers s ON s.email = r.value ->> 0
    WHERE s.tracking_agreed_at IS NOT NULL AND ${isWelcome}
      AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.subscriber_id = s.id AND c.list_id = '')`
}

function wordingsOf(people: readonly ImportedPerson[]) {
  return people.flatMap(({ consents }) =>
    (consents ?? []).map(({ wording, lang = null, at }) => ({ text: wording, lang, at })),
  )
}

function consentsOf(people: readonly ImportedPerson[]) {
  return people.flatMap((person) =>
    (person.consents ?? []).map(({ list, at, source, ...consent }) => [
      ...nameOf(person),
      list,
      at,
      source ?? 'import',
      consent.form ?? null,
      wordingHash(consent.wording),
      consent.lang ?? null,
      consent.ip ?? null,
      consent.userAgent ?? null,
      consent.said ?? null,
      consent.confirmedAt ?? null,
      consent.confirmedIp ?? null,
      consent.confirmedUserAgent ?? null,
      consent.endedAt ?? null,
    ]),
  )
}

function consentsStatement(given: string, sourceName: string): SQL {
  return sql`
    INSERT INTO consents (subscriber_id, list_id, at, source, form, wording, lang, ip, user_agent,
      said, confirmed_at, confirmed_ip, confirmed_user_agent, ended_at)
    SELECT DISTINCT s.id, r.value ->> 2, r.value ->> 3, r.value ->> 4,
      ifnull(r.value ->> 5, iif(r.value ->> 4 = 'import', ${sourceName}, NULL)), r.value ->> 6,
      r.value ->> 7, r.value ->> 8, r.value ->> 9, r.value ->> 10, r.value ->> 11,
      r.value ->> 12, r.value ->> 13, r.value ->> 14
    FROM json_each(${given}) r CROSS JOIN subscribers s ON s.email = r.value ->> 0
    WHERE ${isWelcome} AND NOT EXISTS (SELECT 1 FROM consents c
      WHERE c.subscriber_id = s.id AND c.list_id = r.value ->> 2 AND c.at = r.value ->> 3
        AND c.source = r.value ->> 4)
    RETURNING subscriber_id AS id`
}

function pausedOf(people: readonly ImportedPerson[]) {
  return people.flatMap((person) =>
    person.pausedUntil === null ? [] : [[...nameOf(person), person.pausedUntil]],
  )
}

/** Whoever has paused here has the last word, also who ended it. */
function pauseStatement(given: string): SQL {
  return sql`
    UPDATE subscribers AS s SET paused_until = r.value ->> 2 FROM json_each(${given}) r
    WHERE s.email = r.value ->> 0 AND ${isWelcome} AND s.paused_until IS NULL
      AND NOT EXISTS (SELECT 1 FROM audit AS a
        WHERE a.subject = 'subscriber:' || s.id AND a.action IN ('pause', 'end-pause'))
    RETURNING id`
}

function formerIdsOf(people: readonly ImportedPerson[]) {
  return people.flatMap(({ email, formerIds }) =>
    formerIds.map(({ source, id }) => [email, source, id]),
  )
}

/** Also of people who are suppressed: their old links lead somewhere. */
function formerIdsStatement(given: string): SQL {
  return sql`
    INSERT INTO former_ids (source, id, subscriber_id)
    SELECT r.value ->> 1, r.value ->> 2, s.id
    FROM json_each(${given}) r CROSS JOIN subscribers s ON s.email = r.value ->> 0 WHERE true
    ON CONFLICT DO NOTHING RETURNING subscriber_id AS id`
}

function placelessOf(people: readonly ImportedPerson[]) {
  return people.flatMap(({ email, places }) => (places.length === 0 ? [email] : []))
}

/** Where nothing else shows where they come from: who is on no list would pass for one who never confirmed. */
function originStatement(given: string, { now, sourceName }: Slice): SQL {
  return sql`
    INSERT INTO audit (at, actor, action, subject, detail)
    SELECT ${now}, 'system', 'import', 'subscriber:' || s.id, json_object('source', ${sourceName})
    FROM json_each(${given}) r CROSS JOIN subscribers s ON s.email = r.value
    WHERE NOT EXISTS (SELECT 1 FROM subscriptions p WHERE p.subscriber_id = s.id)
      AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.subject = 'subscriber:' || s.id AND a.action = 'import')`
}

/** The address, and whether the row itself says that it is suppressed. */
function nameOf({ email, suppressions }: ImportedPerson): (string | number)[] {
  return [email, suppressions.length > 0 ? 1 : 0]
}

const isWelcome = sql`(r.value ->> 1 OR NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.email = s.email))`
