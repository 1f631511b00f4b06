import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { skipMergedStatement } from '../recipient/merged.ts'
import { withdrawStatements } from '../tracking/consent.ts'
import { everyEmailOf } from './addresses.ts'
import { keepEndStatement } from './leave.ts'
import type { Person } from './person.ts'

/** Two who are one person, and all addresses that either has had. */
export interface Merging {
  from: Person
  into: Person
  emails: string[]
}

export async function findMerging(
  { db }: Mailshot,
  { from, into }: { from: Person; into: Person },
): Promise<Merging> {
  const rows = await db.all<{ email: string }>(
    sql`SELECT email FROM ${everyEmailOf(from.id)} UNION SELECT email FROM ${everyEmailOf(into.id)}`,
  )
  return { from, into, emails: rows.map(({ email }) => email) }
}

/**
 * Makes one person of two, where `when` holds: `into` keeps what is said of them, and gets from the other what was not said. A list that
 * either is on, both are on; one that waits to be confirmed waits; one that both have left stays left. Consents, mails and what was
 * noted are now of the one who stays, to whom the links of the other lead. Who waits in a send for both is mailed once.
 */
export function mergeStatements(mailshot: Mailshot, merging: Merging, when: SQL): SQL[] {
  const { from, into, emails } = merging
  const { id } = from
  const own = sql`subscriber_id = ${id} AND ${when}`
  return [
    // Whoever agreed to be counted by name did so as the other.
    ...(from.isTracked && !into.isTracked
      ? withdrawStatements(mailshot, { subscriberId: id, when })
      : []),
    // Of each list one subscription stays: that of `into`, unless the other's counts more.
    keepEndStatement(
      id,
      sql`(SELECT list_id FROM subscriptions WHERE subscriber_id = ${into.id})`,
      when,
    ),
    keepEndStatement(
      into.id,
      sql`(SELECT list_id FROM subscriptions WHERE subscriber_id = ${id} AND status <> 'unsubscribed')`,
      when,
    ),
    ...placeStatements(into.id, own),
    sql`UPDATE consents SET subscriber_id = ${into.id}, said = NULL WHERE ${own}`,
    sql`UPDATE letters SET subscriber_id = ${into.id} WHERE ${own}`,
    sql`UPDATE recipients SET subscriber_id = ${into.id}
        WHERE email IN (SELECT value FROM json_each(${JSON.stringify(emails)})) AND ${own}`,
    skipMergedStatement(mailshot, { subscriberId: into.id, emails, email: from.email, when }),
    sql`UPDATE audit SET subject = ${`subscriber:${into.id}`} WHERE subject = ${`subscriber:${id}`} AND ${when}`,
    sql`UPDATE former_ids SET subscriber_id = ${into.id} WHERE ${own}`,
    sql`INSERT INTO former_ids (source, id, subscriber_id)
        SELECT 'mailshot', ${String(id)}, ${into.id} WHERE ${when} ON CONFLICT DO NOTHING`,
    sql`UPDATE subscribers SET name = iif(subscribers.name = '', o.name, subscribers.name),
          lang = ifnull(subscribers.lang, o.lang), time_zone = ifnull(subscribers.time_zone, o.time_zone),
          attributes = json_patch(o.attributes, subscribers.attributes),
          paused_until = nullif(max(ifnull(subscribers.paused_until, 0), ifnull(o.paused_until, 0)), 0),
          created_at = min(subscribers.created_at, o.created_at)
        FROM (SELECT * FROM subscribers WHERE id = ${id}) AS o WHERE subscribers.id = ${into.id} AND ${when}`,
    sql`DELETE FROM subscribers WHERE id = ${id} AND ${when}`,
  ]
}

function placeStatements(into: number, own: SQL): SQL[] {
  return [
    sql`INSERT INTO subscriptions (subscriber_id, list_id, status, asked_at, active_at, ended_at, end_reason)
        SELECT ${into}, list_id, status, asked_at, active_at, ended_at, end_reason FROM subscriptions WHERE ${own}
        ON CONFLICT (subscriber_id, list_id) DO UPDATE SET status = excluded.status, asked_at = excluded.asked_at,
          active_at = excluded.active_at, ended_at = excluded.ended_at, end_reason = excluded.end_reason
        WHERE ${rank('excluded')} > ${rank('subscriptions')}`,
    sql`DELETE FROM subscriptions WHERE ${own}`,
  ]
}

/** Who only let an ask lapse has not left, as the other may have. */
function rank(row: 'excluded' | 'subscriptions'): SQL {
  const name = sql.raw(row)
  return sql`CASE ${name}.status WHEN 'active' THEN 3 WHEN 'pending' THEN 2
    ELSE ${name}.end_reason IS NOT 'unconfirmed' OR ${name}.active_at IS NOT NULL END`
}
