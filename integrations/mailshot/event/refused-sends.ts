import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { countsAt, isHard, isOfMailbox, isRefusal, liftedAt, startedAt } from './counting.ts'
import type { Fact } from './fact.ts'

/**
 * Unsubscribes from all lists those whose mailboxes have refused too many sends, as of the refusal that filled the measure, and takes
 * that back where a send turns out to have failed for everybody.
 */
export function refusedSendsStatements(mailshot: Mailshot, facts: readonly Fact[]): SQL[] {
  const { hard, soft } = mailshot.config.refusals
  const touched = facts.length > 0 ? touchedEmails(facts) : undefined
  if (touched === undefined || (hard === false && soft === false)) return []
  return statementsFor(mailshot, touched)
}

/** The same for those whom a send that has ended could not reach, before it was known that it reached anybody. */
export function refusedEarlyStatements(mailshot: Mailshot, sendId: string): SQL[] {
  const { hard, soft } = mailshot.config.refusals
  if (hard === false && soft === false) return []
  const firstSuccess = sql`(SELECT settled_at FROM recipients AS r WHERE r.send_id = ${sendId} AND ${gotIt}
    ORDER BY r.id LIMIT 1)`
  const isEarly = sql`e.received_at <= ${firstSuccess}`
  return statementsFor(mailshot, sql`${refusedBy(sql`= ${sendId}`)} AND ${isEarly}`)
}

function statementsFor(mailshot: Mailshot, touched: SQL): SQL[] {
  const now = mailshot.now()
  const tainted = taintedSubscriptions(touched)
  const reached = reachedMeasures(mailshot, touched)
  // Of what was ended by other events, an earlier end is noted with its own.
  const isDue = sql`((p.status <> 'unsubscribed' AND max(p.asked_at, ifnull(p.active_at, 0)) <= reached.at)
    OR (p.end_reason = 'bounces' AND p.ended_at > reached.at))`
  return [
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      SELECT ${now}, 'mailshot', 'undo-unsubscribe', 'subscriber:' || subscriber,
        json_object('lists', json_group_array(list), 'reason', 'a send that counted reached nobody')
      FROM (${tainted}) GROUP BY subscriber`,
    sql`UPDATE subscriptions SET status = CASE WHEN active_at >= asked_at THEN 'active' ELSE 'pending' END,
        ended_at = NULL, end_reason = NULL
      WHERE (subscriber_id, list_id) IN (SELECT subscriber, list FROM (${tainted}))`,
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      SELECT ${now}, 'mailshot', 'unsubscribe', 'subscriber:' || s.id,
        json_object('lists', 'all', 'reason', 'bounces', 'events', json(reached.events))
      FROM (${reached}) AS reached JOIN subscribers AS s ON s.email = reached.email
      WHERE EXISTS (SELECT 1 FROM subscriptions AS p WHERE p.subscriber_id = s.id AND ${isDue})`,
    sql`UPDATE subscriptions AS p SET status = 'unsubscribed', end_reason = 'bounces', ended_at = reached.at
      FROM (SELECT s.id AS subscriber, reached.at FROM (${reached}) AS reached
        JOIN subscribers AS s ON s.email = reached.email) AS reached
      WHERE p.subscriber_id = reached.subscriber AND ${isDue}`,
  ]
}

/**
 * Those whom the facts are about; and all whom a send refused, where by these facts it may have turned out that somebody got it, or
 * that nobody did.
 */
function touchedEmails(facts: readonly Fact[]): SQL | undefined {
  const refusals = facts.filter(({ type }) => type === 'bounced' || type === 'rejected')
  const emails = new Set(refusals.flatMap(({ email }) => email ?? []))
  const sends = [...Map.groupBy(facts, ({ sendId }) => sendId)].flatMap(([id, ofSend]) =>
    id === null ? [] : [[id, ofSend.length, ofSend.flatMap((fact) => fact.recipientId ?? [])]],
  )
  const turned = sql`IN (SELECT j.value ->> 0 FROM json_each(${JSON.stringify(sends)}) AS j
    WHERE EXISTS (SELECT 1 FROM json_each(j.value, '$[2]') AS k JOIN recipients AS r ON r.id = k.value
        WHERE r.settled_by = 'event' OR r.delivery = 'bounced')
      AND (SELECT count(*) FROM (SELECT 1 FROM recipients AS r WHERE r.send_id = j.value ->> 0 AND ${gotIt}
        LIMIT ${facts.length + 1})) <= j.value ->> 1)`
  return sql`SELECT value AS email FROM json_each(${JSON.stringify([...emails])}) UNION ${refusedBy(turned)}`
}

const gotIt = sql`r.status = 'sent' AND r.delivery IS NOT 'bounced'`

function refusedBy(whichSends: SQL): SQL {
  return sql`SELECT e.email FROM events AS e WHERE e.send_id ${whichSends} AND ${isRefusal} AND e.email IS NOT NULL`
}

/** Whether a send got through to somebody. Of one whose recipients were purged, the counters know. */
function hasSucceeded(sendId: SQL): SQL {
  return sql`CASE WHEN EXISTS (SELECT 1 FROM recipients AS r WHERE r.send_id = ${sendId})
    THEN EXISTS (SELECT 1 FROM recipients AS r WHERE r.send_id = ${sendId} AND ${gotIt})
    ELSE EXISTS (SELECT 1 FROM sends WHERE id = ${sendId} AND sent > 0) END`
}

/** What was ended for refusals of which one is by now known to mean nothing. */
function taintedSubscriptions(touched: SQL): SQL {
  return sql`
    SELECT p.subscriber_id AS subscriber, p.list_id AS list
    FROM (${touched}) AS t JOIN subscribers AS s ON s.email = t.email
      JOIN subscriptions AS p ON p.subscriber_id = s.id AND p.end_reason = 'bounces'
    WHERE EXISTS (SELECT 1 FROM (SELECT detail FROM audit WHERE subject = 'subscriber:' || s.id
        AND action = 'unsubscribe' AND detail ->> 'reason' = 'bounces' ORDER BY id DESC LIMIT 1) AS a,
        json_each(a.detail, '$.events') AS cause JOIN events AS e ON e.id = cause.value
      WHERE NOT ${hasSucceeded(sql`e.send_id`)})`
}

/** The addresses that have refused enough, when the measure was full, and by which events. */
function reachedMeasures({ config }: Mailshot, touched: SQL): SQL {
  const { hard, soft, forgive } = config.refusals
  const counted = sql`
    SELECT e.email, e.send_id, e.id, ${countsAt} AS at, ${isHard} AS is_hard, place.n AS place
    FROM (${touched}) AS t CROSS JOIN events AS e ON e.email = t.email
      LEFT JOIN recipients AS r ON r.id = e.recipient_id
      LEFT JOIN (SELECT r.id, row_number() OVER (PARTITION BY r.email ORDER BY r.in_hand_at, r.id) AS n
        FROM (${touched}) AS t CROSS JOIN recipients AS r ON r.email = t.email AND r.in_hand_at IS NOT NULL) AS place
        ON place.id = e.recipient_id
    WHERE e.matched_by IS NOT NULL AND e.send_id IS NOT NULL AND ${isRefusal} AND ${isOfMailbox}
      AND ${countsAt} > max(${liftedAt}, ${startedAt} - 1) AND ${hasSucceeded(sql`e.send_id`)}`
  const measures = [
    ...(hard === false ? [] : [measure(sql`${counted} AND ${isHard}`, hard, forgive)]),
    ...(soft === false ? [] : [measure(counted, soft, forgive)]),
  ]
  return sql`SELECT email, min(at) AS at, events FROM (${sql.join(measures, sql` UNION ALL `)}) GROUP BY email`
}

/** Where so many sends were refused among so many more that one after another went to the same address. */
function measure(counted: SQL, times: number, forgive: number): SQL {
  const before = sql.raw(`${times - 1}`)
  const window = sql`(PARTITION BY email ORDER BY place, at, id ROWS BETWEEN ${before} PRECEDING AND CURRENT ROW)`
  return sql`
    SELECT email, at, events FROM (
      SELECT email, max(at) OVER w AS at, json_group_array(id) OVER w AS events, count(*) OVER w AS n,
        ifnull(place, 0) - ifnull(min(place) OVER w, 0) AS span
      FROM (SELECT email, send_id, id, min(at) AS at, place FROM (${counted}) GROUP BY email, send_id)
      WINDOW w AS ${window})
    WHERE n = ${times} AND span < ${times + forgive}`
}
