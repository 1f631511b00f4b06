import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { countsAt, isHard, isOfMailbox, isRefusal, liftedAt, startedAt } from './counting.ts'
import type { Fact } from './fact.ts'
import { cameToNothing } from './figures.ts'

/**
 * Unsubscribes from all lists those whose mailboxes have refused too many sends, as of the refusal that filled the measure, and takes
 * that back where a send turns out to have failed for everybody.
 */
export function refusedSendsStatements(mailshot: Mailshot, facts: readonly Fact[]): SQL[] {
  if (facts.length === 0) return []
  const sends = JSON.stringify([...new Set(facts.flatMap(({ sendId }) => sendId ?? []))])
  return [
    ...statementsFor(mailshot, touchedEmails(facts, sends)),
    // How it was judged, so that all whom it refused are judged again only when that turns.
    sql`INSERT INTO send_counts (send_id, kind, key, n)
      SELECT s.id, 'futile', '', ${isFutile} FROM json_each(${sends}) AS j CROSS JOIN sends AS s ON s.id = j.value
      WHERE ${isFutile} <> ${wasFutile}
      ON CONFLICT (send_id, kind, key) DO UPDATE SET n = excluded.n`,
  ]
}

/** The same for those whom a send that has ended could not reach, before it was known that it reached anybody. */
export function refusedEarlyStatements(mailshot: Mailshot, sendId: string): SQL[] {
  const firstSuccess = sql`(SELECT settled_at FROM recipients AS r WHERE r.send_id = ${sendId} AND r.status = 'sent'
    AND ifnull(r.delivery, '') NOT IN ('rejected', 'bounced') ORDER BY r.id LIMIT 1)`
  const isEarly = sql`e.received_at <= ${firstSuccess}`
  return statementsFor(mailshot, sql`${refusedBy(sql`= ${sendId}`)} AND ${isEarly}`)
}

/** @param given a query for the addresses that something may follow for */
function statementsFor(mailshot: Mailshot, given: SQL): SQL[] {
  const { hard, soft } = mailshot.config.refusals
  const measures = [hard, soft].filter((times) => times !== false)
  if (measures.length === 0) return []
  const looked = sql`WITH touched AS MATERIALIZED (${refusingSends(given, Math.min(...measures))}),
    futile AS MATERIALIZED (${futileSends})`
  return [...takeBackStatements(mailshot, looked), ...endStatements(mailshot, looked)]
}

/** Takes back what was ended for refusals of which one is by now known to mean nothing. */
function takeBackStatements(mailshot: Mailshot, looked: SQL): SQL[] {
  const tainted = sql`tainted AS (
    SELECT p.subscriber_id AS subscriber, p.list_id AS list
    FROM touched AS t JOIN subscribers AS s ON s.email = t.email
      JOIN subscriptions AS p ON p.subscriber_id = s.id AND p.end_reason = 'bounces'
    WHERE EXISTS (SELECT 1 FROM (SELECT detail FROM audit WHERE subject = 'subscriber:' || s.id
        AND action = 'unsubscribe' AND detail ->> 'reason' = 'bounces' ORDER BY id DESC LIMIT 1) AS a,
        json_each(a.detail, '$.events') AS cause JOIN events AS e ON e.id = cause.value
      WHERE e.send_id IN futile))`
  return [
    sql`${looked}, ${tainted}
      INSERT INTO audit (at, actor, action, subject, detail)
      SELECT ${mailshot.now()}, 'mailshot', 'undo-unsubscribe', 'subscriber:' || subscriber,
        json_object('lists', json_group_array(list), 'reason', 'a send that counted reached nobody')
      FROM tainted GROUP BY subscriber`,
    sql`${looked}, ${tainted}
      UPDATE subscriptions SET status = CASE WHEN active_at >= asked_at THEN 'active' ELSE 'pending' END,
        ended_at = NULL, end_reason = NULL
      WHERE (subscriber_id, list_id) IN (SELECT subscriber, list FROM tainted)`,
  ]
}

/** Ends the subscriptions of those whose measure is full. */
function endStatements(mailshot: Mailshot, looked: SQL): SQL[] {
  const reached = reachedMeasures(mailshot)
  // Of what was ended by other events, an earlier end is noted with its own.
  const isDue = sql`((p.status <> 'unsubscribed' AND max(p.asked_at, ifnull(p.active_at, 0)) <= reached.at)
    OR (p.end_reason = 'bounces' AND p.ended_at > reached.at))`
  return [
    sql`${looked}, ${reached}
      INSERT INTO audit (at, actor, action, subject, detail)
      SELECT ${mailshot.now()}, 'mailshot', 'unsubscribe', 'subscriber:' || subscriber,
        json_object('lists', 'all', 'reason', 'bounces', 'events', json(reached.events))
      FROM reached
      WHERE EXISTS (SELECT 1 FROM subscriptions AS p WHERE p.subscriber_id = subscriber AND ${isDue})`,
    sql`${looked}, ${reached}
      UPDATE subscriptions AS p SET status = 'unsubscribed', end_reason = 'bounces', ended_at = reached.at
      FROM reached WHERE p.subscriber_id = reached.subscriber AND ${isDue}`,
  ]
}

/**
 * Those whom the facts are about; and all whom a send refused, where by these facts it turns out that somebody got it, or that nobody
 * did.
 */
function touchedEmails(facts: readonly Fact[], sends: string): SQL {
  const refusals = facts.filter(({ type }) => type === 'bounced' || type === 'rejected')
  const emails = new Set(refusals.flatMap(({ email }) => email ?? []))
  const turned = sql`IN (SELECT s.id FROM json_each(${sends}) AS j CROSS JOIN sends AS s ON s.id = j.value
    WHERE ${isFutile} <> ${wasFutile})`
  return sql`SELECT value AS email FROM json_each(${JSON.stringify([...emails])}) UNION ${refusedBy(turned)}`
}

function refusedBy(whichSends: SQL): SQL {
  return sql`SELECT e.email FROM events AS e WHERE e.send_id ${whichSends} AND ${isRefusal} AND e.email IS NOT NULL`
}

/** Whether nobody has got the send `s`: none was sent it, or all of those came to nothing. */
const isFutile = sql`(s.sent <= ${cameToNothing})`
const wasFutile = sql`ifnull((SELECT n FROM send_counts WHERE send_id = s.id AND kind = 'futile' AND key = ''), 0)`

/** Most addresses refuse once: those of them that have refused so many sends, whatever it was about. */
function refusingSends(given: SQL, times: number): SQL {
  return sql`SELECT e.email FROM (${given}) AS g CROSS JOIN events AS e ON e.email = g.email
    WHERE ${isRefusal} AND e.send_id IS NOT NULL GROUP BY e.email HAVING count(DISTINCT e.send_id) >= ${times}`
}

/** Of the sends that they have refused, those that nobody got. */
const futileSends = sql`
  SELECT s.id FROM sends AS s
  WHERE s.id IN (SELECT e.send_id FROM touched AS t CROSS JOIN events AS e ON e.email = t.email WHERE ${isRefusal})
    AND ${isFutile}`

/** As `reached`, those who have refused enough, when the measure was full, and by which events. */
function reachedMeasures({ config }: Mailshot): SQL {
  const { hard, soft, forgive } = config.refusals
  const measures = [
    ...(hard === false ? [] : [measure(hard, forgive, isHard)]),
    ...(soft === false ? [] : [measure(soft, forgive)]),
  ]
  return sql`places AS MATERIALIZED (
      SELECT r.id, row_number() OVER (PARTITION BY r.email ORDER BY r.in_hand_at, r.id) AS place
      FROM touched AS t CROSS JOIN recipients AS r ON r.email = t.email AND r.in_hand_at IS NOT NULL),
    counted AS MATERIALIZED (
      SELECT e.email, e.send_id, e.id, e.class, ${countsAt} AS at, ifnull(places.place, 0) AS place
      FROM touched AS t CROSS JOIN events AS e ON e.email = t.email
        LEFT JOIN recipients AS r ON r.id = e.recipient_id LEFT JOIN places ON places.id = e.recipient_id
      WHERE e.matched_by IS NOT NULL AND e.send_id IS NOT NULL AND ${isRefusal} AND ${isOfMailbox}
        AND ${countsAt} > max(${liftedAt}, ${startedAt} - 1) AND e.send_id NOT IN futile),
    reached AS (
      SELECT s.id AS subscriber, min(m.at) AS at, m.events
      FROM (${sql.join(measures, sql` UNION ALL `)}) AS m JOIN subscribers AS s ON s.email = m.email
      GROUP BY s.id)`
}

/**
 * Where so many sends were refused among so many more that one after another went to the same address; as of the refusal that, of all
 * those, came last. Further refusals can only make that earlier, whatever they are about.
 */
function measure(times: number, forgive: number, which: SQL = sql`true`): SQL {
  const refused = sql`(SELECT e.email, e.id, min(e.at) AS at, e.place FROM counted AS e WHERE ${which}
    GROUP BY e.email, e.send_id)`
  return sql`
    SELECT email, at, events FROM (
      SELECT b.email, b.at, row_number() OVER w AS n, json_group_array(b.id) OVER w AS events
      FROM ${refused} AS a JOIN ${refused} AS b
        ON b.email = a.email AND b.place BETWEEN a.place AND a.place + ${times + forgive - 1}
      WINDOW w AS (PARTITION BY a.email, a.id ORDER BY b.at, b.id))
    WHERE n = ${times}`
}
