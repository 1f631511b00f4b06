import { type SQL, sql } from 'drizzle-orm/sql'
import type { Fact } from './fact.ts'

/**
 * Notes with recipients what was reported of their mails, of several reports the one that counts most, and settles those who were
 * uncertain. What is about a mail before the last resend changes nothing.
 */
export function deliveryStatements(facts: readonly Fact[], now: number): SQL[] {
  const about = facts.filter(({ recipientId }) => recipientId !== null)
  return [...noteStatements(about), ...settleStatements(about, now)]
}

/** Of a recipient, as a number: each counts for more than those before. A bounce that does not say is no lasting one. */
const rankOfRow = sql`CASE delivery WHEN 'deferred' THEN 1 WHEN 'delivered' THEN 2
  WHEN 'bounced' THEN iif(delivery_class = 'hard', 4, 3) ELSE 0 END`

function rankOf({ type, class: lasting }: Fact): number {
  if (type === 'bounced') return lasting === 'hard' ? 4 : 3
  if (type === 'delivered') return 2
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
    UPDATE recipients SET delivery = CASE j.rank WHEN 1 THEN 'deferred' WHEN 2 THEN 'delivered' ELSE 'bounced' END,
      delivery_class = CASE j.rank WHEN 3 THEN 'soft' WHEN 4 THEN 'hard' END
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
  const arrived = sure.filter(({ type }) => type !== 'rejected')
  const rejected = sure.filter(({ type }) => type === 'rejected')
  const settle = (which: Fact[], as: 'sent' | 'failed', from: SQL): SQL[] =>
    which.length === 0
      ? []
      : [
          sql`
    UPDATE recipients SET status = ${as}, settled_at = ${now}, settled_by = 'event', reason = ${reasons[as]}
    WHERE ${from} AND id IN (SELECT value ->> 0 FROM json_each(${mailsOf(which)})
      WHERE recipients.resend = coalesce(value ->> 1, recipients.resend))`,
        ]
  return [
    ...settle(
      arrived,
      'sent',
      sql`(status = 'uncertain' OR (status = 'failed' AND settled_by = 'event'))`,
    ),
    ...settle(rejected, 'failed', sql`status = 'uncertain'`),
  ]
}

const reasons = {
  sent: 'it was uncertain, and something was reported since that proves it was taken',
  failed: 'it was uncertain, and was reported rejected since',
}

function mailsOf(facts: readonly Fact[]): string {
  return JSON.stringify(facts.map(({ recipientId, resend }) => [recipientId, resend]))
}
