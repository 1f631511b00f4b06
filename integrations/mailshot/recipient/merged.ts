import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'

/**
 * Skips the places of one person that are one too many in a send, where `when` holds: two who had one each turned out to be one. Who was
 * mailed, or is just being mailed, gets no second mail; of places that wait, that of the address which the person has from now on stays.
 *
 * @param person.emails all addresses that either had
 * @param person.email the one that stays
 */
export function skipMergedStatement(
  mailshot: Mailshot,
  person: { subscriberId: number; emails: readonly string[]; email: string; when: SQL },
): SQL {
  const { subscriberId, emails, email, when } = person
  const isTheirs = (row: string) =>
    sql`${sql.raw(row)}.email IN (SELECT value FROM json_each(${JSON.stringify(emails)})) AND ${sql.raw(row)}.subscriber_id = ${subscriberId}`
  const isWaiting = (row: string) =>
    sql`${sql.raw(row)}.status IN ('pending', 'deferred', 'claimed')`
  return sql`
    UPDATE recipients SET status = 'skipped', reason = 'merged', settled_at = ${mailshot.now()}
    WHERE ${when} AND ${isTheirs('recipients')} AND ${isWaiting('recipients')} AND EXISTS (
      SELECT 1 FROM recipients AS o WHERE o.send_id = recipients.send_id AND o.id <> recipients.id AND ${isTheirs('o')}
        AND (o.status IN ('sent', 'uncertain', 'in-hand')
          OR (${isWaiting('o')} AND o.email = ${email} AND recipients.email <> ${email})))`
}
