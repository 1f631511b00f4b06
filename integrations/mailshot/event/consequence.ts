import { type SQL, sql } from 'drizzle-orm/sql'
import type { SuppressionReason } from '../../../db/status.ts'
import { listsByNow } from '../list/became.ts'
import type { Mailshot } from '../mailshot.ts'
import { weakerThan } from '../suppression/merge.ts'
import type { Fact } from './fact.ts'
import { countsAt, isHard, isRefusal, liftedAt, startedAt } from './counting.ts'
import { refusedSendsStatements } from './refused-sends.ts'

/**
 * What follows for people from facts that are written in the same write, before these statements. They look at all events that are
 * stored, so that the order in which these came does not matter, and repeating them changes nothing. What matched no mail of ours
 * has no consequence. Each line in the audit names its events.
 */
export function consequenceStatements(mailshot: Mailshot, facts: readonly Fact[]): SQL[] {
  const matched = facts.filter(({ matchedBy }) => matchedBy !== null)
  const emailsOf = (is: (fact: Fact) => boolean): string[] => [
    ...new Set(matched.filter(is).flatMap(({ email }) => email ?? [])),
  ]
  const complained = emailsOf(({ type }) => type === 'complained')
  const unknown = emailsOf((fact) => fact.about === 'address' && fact.class === 'hard')
  const left = emailsOf(({ type }) => type === 'unsubscribed')
  const { complaints, unknown: mostUnknown } = mailshot.config.refusals
  return [
    ...suppressStatements(mailshot, complained, {
      reason: 'complaint',
      times: complaints,
      which: sql`e.type = 'complained'`,
      since: liftedAt,
    }),
    ...suppressStatements(mailshot, unknown, {
      reason: 'hard-bounce',
      times: mostUnknown,
      which: sql`${isRefusal} AND e.about = 'address' AND ${isHard}`,
      // Who has signed up since has a mailbox there.
      since: sql`max(${liftedAt}, ${startedAt} - 1)`,
    }),
    ...leaveStatements(mailshot, left),
    ...refusedSendsStatements(mailshot, matched),
  ]
}

interface Cause {
  reason: SuppressionReason
  times: number | false
  /** Which events `e` of an address count. */
  which: SQL
  /** Those that happened until then are forgotten. */
  since: SQL
}

/** Suppresses the addresses that have had as many events as that, each mail counted once, as of the one that filled the measure. */
function suppressStatements(mailshot: Mailshot, emails: string[], cause: Cause): SQL[] {
  const { reason, times, which, since } = cause
  if (emails.length === 0 || times === false) return []
  const due = sql`
    SELECT email, max(at) AS at, note, json_group_array(id) AS events FROM (
      SELECT email, at, id, note, row_number() OVER (PARTITION BY email ORDER BY at, id) AS place FROM (
        SELECT e.email, min(${countsAt}) AS at, e.id, coalesce(e.reason, e.word) AS note
        FROM json_each(${JSON.stringify(emails)}) AS j CROSS JOIN events AS e ON e.email = j.value
          LEFT JOIN recipients AS r ON r.id = e.recipient_id
        WHERE e.matched_by IS NOT NULL AND ${which} AND ${countsAt} > ${since}
        GROUP BY e.email, coalesce(e.send_id, e.letter_id)))
    WHERE place <= ${times} GROUP BY email HAVING count(*) = ${times}`
  const weaker = sql`(SELECT value FROM json_each(${JSON.stringify(weakerThan(reason))}))`
  return [
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      SELECT ${mailshot.now()}, 'mailshot', 'suppress', 'address:' || email,
        json_object('reason', ${reason}, 'note', note, 'events', json(events))
      FROM (${due}) AS due
      WHERE NOT EXISTS (SELECT 1 FROM suppressions AS x WHERE x.email = due.email AND x.reason NOT IN ${weaker})`,
    // The earliest cause stands, in whatever order they came.
    sql`INSERT INTO suppressions (email, reason, note, at)
      SELECT email, ${reason}, note, at FROM (${due}) WHERE true
      ON CONFLICT (email) DO UPDATE SET reason = excluded.reason, note = excluded.note, at = excluded.at
      WHERE suppressions.reason IN ${weaker}
        OR (suppressions.reason = excluded.reason AND suppressions.at > excluded.at)`,
  ]
}

/**
 * Ends the subscriptions that brought the mails which people unsubscribed from (of a mail whose details are purged, the lists of its
 * send), unless they began, or began anew, after that. What
 * a person wants weighs more than what their mailbox says.
 */
function leaveStatements(mailshot: Mailshot, emails: string[]): SQL[] {
  if (emails.length === 0) return []
  const isOpen = sql`(p.status <> 'unsubscribed' OR p.end_reason = 'bounces')`
  const ended = sql`
    SELECT p.subscriber_id AS subscriber, p.list_id AS list, min(${countsAt}) AS at, json_group_array(e.id) AS events
    FROM json_each(${JSON.stringify(emails)}) AS j CROSS JOIN events AS e ON e.email = j.value
      JOIN sends AS d ON d.id = e.send_id
      LEFT JOIN recipients AS r ON r.id = e.recipient_id
      -- Also by a mail to an address that the reader has no more.
      JOIN subscribers AS s ON s.id = ifnull(r.subscriber_id, (SELECT id FROM subscribers WHERE email = e.email))
      JOIN subscriptions AS p ON p.subscriber_id = s.id AND p.list_id IN (${listsByNow(sql`coalesce(r.lists, d.lists)`)})
    WHERE e.type = 'unsubscribed' AND e.matched_by IS NOT NULL AND max(p.asked_at, ifnull(p.active_at, 0)) <= ${countsAt}
      AND (${isOpen} OR (p.end_reason = 'reported' AND p.ended_at > ${countsAt}))
    GROUP BY p.subscriber_id, p.list_id`
  return [
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      SELECT ${mailshot.now()}, 'mailshot', 'unsubscribe', 'subscriber:' || subscriber,
        json_object('lists', json_group_array(list), 'reason', 'reported', 'events', json(events))
      FROM (${ended}) AS ended WHERE EXISTS (SELECT 1 FROM subscriptions AS p
        WHERE p.subscriber_id = subscriber AND p.list_id = list AND ${isOpen})
      GROUP BY subscriber`,
    sql`UPDATE subscriptions SET status = 'unsubscribed', end_reason = 'reported', ended_at = ended.at
      FROM (${ended}) AS ended WHERE subscriber_id = ended.subscriber AND list_id = ended.list`,
  ]
}
