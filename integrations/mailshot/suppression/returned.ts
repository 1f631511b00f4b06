import { type SQL, sql } from 'drizzle-orm/sql'
import { setImmediate } from 'node:timers/promises'
import type { Mailshot } from '../mailshot.ts'
import { liftableReasons } from '../suppression.ts'
import { hashersInUse, hashesOf } from './hash.ts'

/** What a person undoes by signing up again. */
export const isLiftable = (reason: SQL) =>
  sql`${reason} IN (SELECT value FROM json_each(${JSON.stringify(liftableReasons)}))`

/**
 * Whether somebody is active on a list that they have confirmed here, later than `since` (at any time, where that is NULL): that they
 * have left another system is over then, as it is for who left here and came back.
 */
export function hasReturned(subscriberId: SQL, since: SQL): SQL {
  return sql`EXISTS (SELECT 1 FROM subscriptions AS p
    JOIN consents AS c ON c.subscriber_id = p.subscriber_id AND c.list_id = p.list_id
    WHERE p.subscriber_id = ${subscriberId} AND p.status = 'active' AND c.source <> 'import'
      AND c.confirmed_at > ifnull(${since}, 0))`
}

/**
 * Forgets the hashes of those who have returned, which an import has brought.
 *
 * @param from when it began: a hash that has no date of its own has a later one
 * @returns how many they were
 */
export async function forgetReturned(mailshot: Mailshot, from: number): Promise<number> {
  const { db } = mailshot
  const hashers = await hashersInUse(mailshot)
  let forgotten = 0
  for (let afterId = 0; hashers.length > 0;) {
    const page = await db.all<{ id: number; email: string; isBack: number }>(sql`
      SELECT s.id, s.email, ${hasReturned(sql`s.id`, sql`NULL`)} AS isBack FROM subscribers AS s
      WHERE s.id > ${afterId} ORDER BY s.id LIMIT ${pageRows}`)
    const last = page.at(-1)
    if (!last) break
    const hashed = page
      .filter(({ isBack }) => isBack === 1)
      .flatMap(({ id, email }) =>
        hashesOf(hashers, email).map(([kind, hash]): [string, string, number] => [kind, hash, id]),
      )
    if (hashed.length > 0) forgotten += await forget(mailshot, hashed, from)
    afterId = last.id
    await setImmediate()
  }
  return forgotten
}

const pageRows = 1000

/** @param hashed kind, hash and number of each who has returned; only so is the primary key asked for each, and not each hash for all */
async function forget(
  { db }: Mailshot,
  hashed: readonly (readonly [string, string, number])[],
  from: number,
): Promise<number> {
  const [gone = []] = await db.write(sql`
    DELETE FROM suppressed_hashes WHERE (kind, hash) IN (
      SELECT h.kind, h.hash FROM json_each(${JSON.stringify(hashed)}) AS j
        CROSS JOIN suppressed_hashes AS h ON h.kind = j.value ->> 0 AND h.hash = j.value ->> 1
      WHERE ${isLiftable(sql`h.reason`)}
        AND ${hasReturned(sql`j.value ->> 2`, sql`iif(h.at >= ${from}, NULL, h.at)`)}) RETURNING 1`)
  return gone.length
}
