import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { hasAnswered } from './stayed.ts'

interface OpenReconsent {
  sendId: string
  list: string
  days: number
}

const everyMs = 30_000
const atOnce = 200
const looks = new WeakMap<Mailshot['config'], number>()

/**
 * Takes those off their list who were asked and have not answered in time, some at each call, and ends what has nobody left to wait for.
 * A worker calls it twice a second; it looks every half a minute, and goes on at once while there is more.
 */
export async function tendReconsents(mailshot: Mailshot): Promise<void> {
  const now = mailshot.now()
  if (now < (looks.get(mailshot.config) ?? -Infinity)) return
  looks.set(mailshot.config, now + everyMs)
  const open = await mailshot.db.all<OpenReconsent>(sql`
    SELECT send_id AS sendId, list_id AS list, days FROM reconsents WHERE ended_at IS NULL`)
  for (const one of open) {
    if ((await takeOff(mailshot, one)) === atOnce) looks.set(mailshot.config, now)
  }
}

/** Answers how many left. All that concerns one of them is in one write, so that an answer comes before it or after it. */
async function takeOff(mailshot: Mailshot, one: OpenReconsent): Promise<number> {
  const { sendId, list, days } = one
  const now = mailshot.now()
  const before = now - days * 86_400_000
  const silent = sql`SELECT p.subscriber_id FROM ${mailed(sendId)} JOIN subscriptions AS p
      ON p.subscriber_id = r.subscriber_id AND p.list_id = ${list} AND p.status = 'active'
    WHERE r.in_hand_at < ${before} AND max(p.asked_at, ifnull(p.active_at, 0)) < r.in_hand_at
      AND NOT ${hasAnswered(sql`r.subscriber_id`, sql`${list}`, sql`r.in_hand_at`)}
    ORDER BY r.id LIMIT ${atOnce}`
  const [, , , rows] = await mailshot.db.write<{ n: number }>(
    ...leftStatements(sendId, list),
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      SELECT ${now}, 'mailshot', 'unsubscribe', 'subscriber:' || subscriber_id,
        json_object('lists', json_array(${list}), 'reason', 're-consent', 'send', ${sendId}) FROM (${silent})`,
    sql`UPDATE subscriptions SET status = 'unsubscribed', ended_at = ${now}, end_reason = 're-consent'
      WHERE list_id = ${list} AND subscriber_id IN (${silent})`,
    sql`SELECT changes() AS n`,
    endStatement(one, { now, before }),
  )
  return rows?.[0]?.n ?? 0
}

/** Of a send, those who surely had the mail: whose mailbox did not refuse it, and for whom nobody else got it. */
function mailed(sendId: string): SQL {
  return sql`(SELECT id, subscriber_id, in_hand_at FROM recipients WHERE send_id = ${sendId} AND status = 'sent'
    AND ifnull(delivery, '') NOT IN ('bounced', 'rejected') AND redirected IS NOT 1) AS r`
}

/** Who left by themselves has answered, too. */
function leftStatements(sendId: string, list: string): SQL[] {
  return [
    sql`INSERT INTO consents (subscriber_id, list_id, at, source, form, confirmed_at)
      SELECT p.subscriber_id, ${list}, p.ended_at, 're-consent', 'leave', p.ended_at
      FROM ${mailed(sendId)} JOIN subscriptions AS p ON p.subscriber_id = r.subscriber_id AND p.list_id = ${list}
      WHERE p.status = 'unsubscribed' AND p.end_reason IN ('page', 'one-click', 'preferences', 'mail', 'reported')
        AND p.ended_at >= r.in_hand_at
        AND NOT EXISTS (SELECT 1 FROM consents AS c WHERE c.subscriber_id = p.subscriber_id AND c.list_id = ${list}
          AND c.source = 're-consent' AND c.form = 'leave' AND c.at = p.ended_at)`,
  ]
}

/** Over, once the send is and the days of everybody mailed by it; what is left then did not leave in this write. */
function endStatement(
  { sendId, list }: OpenReconsent,
  { now, before }: { now: number; before: number },
): SQL {
  return sql`UPDATE reconsents SET ended_at = ${now} WHERE send_id = ${sendId} AND ended_at IS NULL
    AND EXISTS (SELECT 1 FROM sends WHERE id = ${sendId} AND status IN ('done', 'cancelled'))
    AND NOT EXISTS (SELECT 1 FROM ${mailed(sendId)} WHERE r.in_hand_at >= ${before})
    AND NOT EXISTS (SELECT 1 FROM ${mailed(sendId)} JOIN subscriptions AS p
        ON p.subscriber_id = r.subscriber_id AND p.list_id = ${list} AND p.status = 'active'
      WHERE max(p.asked_at, ifnull(p.active_at, 0)) < r.in_hand_at
        AND NOT ${hasAnswered(sql`r.subscriber_id`, sql`${list}`, sql`r.in_hand_at`)})`
}
