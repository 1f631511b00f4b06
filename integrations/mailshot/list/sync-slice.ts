import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { hashersInUse, hashesOf } from '../suppression/hash.ts'
import { isFormer } from '../subscriber/addresses.ts'
import type { Member } from './members.ts'

export interface Joined {
  joined: number
  /** Left by themselves, or suppressed. */
  keptOut: number
}

/** The reason of those who ended because their list's function did not answer them any more. */
const endReason = 'synced'

/** Puts people on a list in one transaction; writing the same again changes nothing. With `dryRun` it only counts. */
export async function joinSlice(
  mailshot: Mailshot,
  list: string,
  members: readonly Member[],
  { dryRun }: { dryRun: boolean },
): Promise<Joined> {
  const hashers = await hashersInUse(mailshot)
  const people = JSON.stringify(
    members.map((one) => ({ ...one, hashes: hashesOf(hashers, one.email) })),
  )
  const counts = countStatement(people, list)
  const changes = dryRun ? [] : joinStatements(mailshot, people, list)
  const [rows] = dryRun
    ? [await mailshot.db.all<Joined>(counts)]
    : await mailshot.db.write<Joined>(counts, ...changes)
  return { joined: rows?.[0]?.joined ?? 0, keptOut: rows?.[0]?.keptOut ?? 0 }
}

/** Ends subscriptions without a word to their people. */
export function endStatements(
  mailshot: Mailshot,
  list: string,
  { subscriberIds, actor }: { subscriberIds: number[]; actor: string },
): SQL[] {
  const now = mailshot.now()
  const isEnding = sql`list_id = ${list} AND status = 'active' AND NOT ${hasAsked(sql`subscriptions`)}
      AND subscriber_id IN (SELECT value FROM json_each(${JSON.stringify(subscriberIds)}))`
  return [
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      SELECT ${now}, ${actor}, 'unsubscribe', 'subscriber:' || subscriber_id,
        json_object('lists', json_array(list_id), 'reason', ${endReason})
      FROM subscriptions WHERE ${isEnding}`,
    sql`UPDATE subscriptions SET status = 'unsubscribed', ended_at = ${now}, end_reason = ${endReason}
      WHERE ${isEnding}`,
  ]
}

/** Whether a person has asked for a subscription, or somebody for them, besides syncs and imports. */
export function hasAsked(subscription: SQL): SQL {
  return sql`EXISTS (SELECT 1 FROM consents AS c WHERE c.subscriber_id = ${subscription}.subscriber_id
    AND c.list_id = ${subscription}.list_id AND c.source IN ('form', 'api', 'command', 're-consent'))`
}

/** Asked within the transaction, before it changes anything. */
function countStatement(people: string, list: string): SQL {
  return sql`
    SELECT count(*) FILTER (WHERE mayJoin AND status IS NOT 'active') AS joined,
      count(*) FILTER (WHERE NOT mayJoin) AS keptOut
    FROM (SELECT p.status, ${isWelcome} AND ifnull(${mayComeBack}, true) AS mayJoin
      FROM json_each(${people}) AS r
        LEFT JOIN subscribers AS s ON s.email = r.value ->> 'email'
        LEFT JOIN subscriptions AS p ON p.subscriber_id = s.id AND p.list_id = ${list})`
}

function joinStatements(mailshot: Mailshot, people: string, list: string): SQL[] {
  const now = mailshot.now()
  const joining = sql`json_each(${people}) AS r CROSS JOIN subscribers AS s ON s.email = r.value ->> 'email'
    LEFT JOIN subscriptions AS p ON p.subscriber_id = s.id AND p.list_id = ${list}
    WHERE ${isWelcome} AND p.status IS NOT 'active' AND ifnull(${mayComeBack}, true)`
  return [
    // What the person has said here stays.
    sql`INSERT INTO subscribers (email, written, name, lang, attributes, created_at, updated_at)
        SELECT r.value ->> 'email', r.value ->> 'written', r.value ->> 'name', r.value ->> 'lang',
          r.value -> 'attributes', ${now}, ${now}
        FROM json_each(${people}) AS r WHERE ${isWelcome} AND ${isNobodyElse}
        ON CONFLICT (email) DO UPDATE
          SET name = iif(name = '', excluded.name, name), lang = ifnull(lang, excluded.lang),
            attributes = json_patch(excluded.attributes, attributes), updated_at = excluded.updated_at
          WHERE (subscribers.name = '' AND excluded.name <> '')
            OR (subscribers.lang IS NULL AND excluded.lang IS NOT NULL)
            OR EXISTS (SELECT 1 FROM json_each(excluded.attributes) AS n
              WHERE n.key NOT IN (SELECT key FROM json_each(subscribers.attributes)))`,
    sql`INSERT INTO consents (subscriber_id, list_id, at, source, form, lang)
        SELECT s.id, ${list}, ${now}, 'sync', ${`list:${list}`}, s.lang FROM ${joining}`,
    sql`INSERT INTO subscriptions (subscriber_id, list_id, status, asked_at, active_at)
        SELECT s.id, ${list}, 'active', ${now}, ${now} FROM ${joining}
        ON CONFLICT (subscriber_id, list_id) DO UPDATE
          SET status = 'active', asked_at = excluded.asked_at, active_at = excluded.active_at,
            ended_at = NULL, end_reason = NULL`,
  ]
}

/** Somebody may change their address while the answer is written. */
const isNobodyElse = sql`(EXISTS (SELECT 1 FROM subscribers AS o WHERE o.email = r.value ->> 'email')
  OR NOT ${isFormer(sql`(r.value ->> 'email')`)})`

/** Whoever left by themselves stays away. */
const mayComeBack = sql`(p.status <> 'unsubscribed' OR p.end_reason = ${endReason})`

/** Nor is their hash suppressed, where only that is kept. */
const isWelcome = sql`(NOT EXISTS (SELECT 1 FROM suppressions AS x WHERE x.email = r.value ->> 'email')
  AND NOT EXISTS (SELECT 1 FROM json_each(r.value, '$.hashes') AS k JOIN suppressed_hashes AS h
    ON h.kind = k.value ->> 0 AND h.hash = k.value ->> 1))`
