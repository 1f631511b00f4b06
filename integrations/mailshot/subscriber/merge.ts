import { type SQL, sql } from 'drizzle-orm/sql'
import type { Person } from './person.ts'

/**
 * Makes one person of two, where `when` holds: `into` keeps what is said of them, and gets from the other what was not said. A list that
 * either is on, both are on; one that waits to be confirmed waits; one that both have left stays left. Consents, mails and what was
 * noted are now of the one who stays, to whom the links of the other lead.
 */
export function mergeStatements({
  from,
  into,
  when,
}: {
  from: Pick<Person, 'id' | 'email'>
  into: number
  when: SQL
}): SQL[] {
  const { id, email } = from
  const own = sql`subscriber_id = ${id} AND ${when}`
  return [
    sql`INSERT INTO subscriptions (subscriber_id, list_id, status, asked_at, active_at, ended_at, end_reason)
        SELECT ${into}, list_id, status, asked_at, active_at, ended_at, end_reason FROM subscriptions WHERE ${own}
        ON CONFLICT (subscriber_id, list_id) DO UPDATE SET status = excluded.status, asked_at = excluded.asked_at,
          active_at = excluded.active_at, ended_at = excluded.ended_at, end_reason = excluded.end_reason
        WHERE ${rank('excluded')} > ${rank('subscriptions')}`,
    sql`DELETE FROM subscriptions WHERE ${own}`,
    sql`UPDATE consents SET subscriber_id = ${into}, said = NULL WHERE ${own}`,
    sql`UPDATE letters SET subscriber_id = ${into} WHERE ${own}`,
    sql`UPDATE recipients SET subscriber_id = ${into} WHERE email = ${email} AND ${own}`,
    sql`UPDATE audit SET subject = ${`subscriber:${into}`} WHERE subject = ${`subscriber:${id}`} AND ${when}`,
    sql`UPDATE former_ids SET subscriber_id = ${into} WHERE ${own}`,
    sql`INSERT INTO former_ids (source, id, subscriber_id)
        SELECT 'mailshot', ${String(id)}, ${into} WHERE ${when} ON CONFLICT DO NOTHING`,
    sql`UPDATE subscribers SET name = iif(subscribers.name = '', o.name, subscribers.name),
          lang = ifnull(subscribers.lang, o.lang), time_zone = ifnull(subscribers.time_zone, o.time_zone),
          attributes = json_patch(o.attributes, subscribers.attributes),
          created_at = min(subscribers.created_at, o.created_at)
        FROM (SELECT * FROM subscribers WHERE id = ${id}) AS o WHERE subscribers.id = ${into} AND ${when}`,
    sql`DELETE FROM subscribers WHERE id = ${id} AND ${when}`,
  ]
}

function rank(row: 'excluded' | 'subscriptions'): SQL {
  return sql`CASE ${sql.raw(row)}.status WHEN 'active' THEN 2 WHEN 'pending' THEN 1 ELSE 0 END`
}
