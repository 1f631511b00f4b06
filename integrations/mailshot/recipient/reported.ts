import { type SQL, sql } from 'drizzle-orm/sql'
import type { Fact } from '../event/fact.ts'

/**
 * Notes with recipients what was reported of their mails, of several reports the one that counts most, and settles those who were
 * uncertain. What is about a mail before the last resend changes nothing.
 */
export function reportedStatements(facts: readonly Fact[], now: number): SQL[] {
  const about = facts.filter(({ recipientId }) => recipientId !== null)
  return [...noteStatements(about), ...settleStatements(about, now)]
}

/** Of a recipient, as a number: each counts for more than those before. A refusal that does not say is no lasting one. */
const rankOfRow = sql`CASE delivery WHEN 'deferred' THEN 1 WHEN 'rejected' THEN iif(delivery_class = 'hard', 3, 2)
  WHEN 'delivered' THEN 4 WHEN 'bounced' THEN iif(delivery_class = 'hard', 6, 5) ELSE 0 END`

function rankOf({ type, class: lasting }: Fact): number {
  if (type === 'bounced') return lasting === 'hard' ? 6 : 5
  if (type === 'delivered') return 4
  if (type === 'rejected') return lasting === 'hard' ? 3 : 2
  return type === 'deferred' ? 1 : 0
}

function noteStatements(facts: readonly Fact[]): SQL[] {
  const highest = new Map<string, [id: number | null, resend: number | null, rank: number]>()
  for (const fact of facts) {
    const { recipientId, resend } = fact
    const mail = `${recipientId} ${resend}`
    const rank = Math.max(rankOf(fact), highest.get(mail)?.[2] ?? 0)
    if (rank > 0) highest.set(mail, [recipientId, resend, rank])
  }
  if (highest.size === 0) return []
  return [
    sql`
    UPDATE recipients SET
      delivery = CASE j.rank WHEN 1 THEN 'deferred' WHEN 2 THEN 'rejected' WHEN 3 THEN 'rejected' WHEN 4 THEN 'delivered'
        ELSE 'bounced' END,
      delivery_class = CASE j.rank WHEN 2 THEN 'soft' WHEN 3 THEN 'hard' WHEN 5 THEN 'soft' WHEN 6 THEN 'hard' END
    FROM (SELECT r.id, max(j.value ->> 2) AS rank
      FROM json_each(${JSON.stringify([...highest.values()])}) AS j JOIN recipients AS r ON r.id = j.value ->> 0
      WHERE r.resend = coalesce(j.value ->> 1, r.resend) GROUP BY r.id) AS j
    WHERE recipients.id = j.id AND j.rank > ${rankOfRow}`,
  ]
}

/** A rejection is believed until something else is reported: a provider also rejects the second copy of a mail it took. */
function settleStatements(facts: readonly Fact[], now: number): SQL[] {
  // An address alone does not say which mail arrived.
  const sure = facts.filter(({ matchedBy }) => matchedBy !== 'address')
  const [rejected = [], arrived = []] = [true, false].map((isRejected) =>
    sure.filter(({ type }) => (type === 'rejected') === isRejected),
  )
  const isOpen = sql`(status = 'uncertain' OR (status = 'failed' AND settled_by = 'event'))`
  return [
    ...(arrived.length > 0 ? [settle(sql`'sent'`, isOneOf(arrived, isOpen), now)] : []),
    ...(rejected.length > 0
      ? [settle(sql`'failed'`, isOneOf(rejected, sql`status = 'uncertain'`), now)]
      : []),
  ]
}

function isOneOf(facts: readonly Fact[], which: SQL): SQL {
  const mails = JSON.stringify(facts.map(({ recipientId, resend }) => [recipientId, resend]))
  return sql`id IN (SELECT r.id FROM json_each(${mails}) AS j CROSS JOIN recipients AS r ON r.id = j.value ->> 0
    WHERE ${which} AND r.resend = coalesce(j.value ->> 1, r.resend))`
}

/**
 * Settles those whose answer is lost, and of whose mails something was reported already: to stand in the write that would leave them
 * uncertain.
 *
 * @param which a condition on `recipients`
 */
export function settleReportedStatement(which: SQL, now: number): SQL {
  const about = sql`e.email = recipients.email AND e.recipient_id = recipients.id AND e.matched_by <> 'address'
    AND coalesce(e.resend, recipients.resend) = recipients.resend AND e.received_at >= recipients.in_hand_at`
  return settle(
    sql`iif(EXISTS (SELECT 1 FROM events AS e WHERE ${about} AND e.type <> 'rejected'), 'sent', 'failed')`,
    sql`${which} AND EXISTS (SELECT 1 FROM events AS e WHERE ${about})`,
    now,
  )
}

function settle(as: SQL, which: SQL, now: number): SQL {
  return sql`UPDATE recipients SET status = ${as}, settled_at = ${now}, settled_by = 'event',
      reason = 'its answer was lost; what was reported of it settled it'
    WHERE ${which}`
}
