import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import type { Mailshot } from '../mailshot.ts'
import type { Client } from '../privacy/client.ts'
import { wordingHash, wordingStatements } from '../privacy/wording.ts'
import { everyEmailOf } from '../subscriber/addresses.ts'
import { hasStayed } from './stayed.ts'

/** What a link to stay is worth now. */
export interface Asked {
  list: string
  /** When this reader was mailed. */
  askedAt: number
  /** `ended`: the reader is on the list no more, whoever ended that. */
  status: 'open' | 'stayed' | 'ended'
}

/** What a reader was asked by the mail of a recipient; undefined where that is not known any more. Changes nothing. */
export async function findAsked(
  { db }: Mailshot,
  { subscriberId, recipientId }: { subscriberId: number; recipientId: number },
): Promise<Asked | undefined> {
  return db.get<Asked>(sql`
    SELECT q.list_id AS list, r.in_hand_at AS askedAt,
      CASE WHEN NOT EXISTS (SELECT 1 FROM subscriptions AS p WHERE p.subscriber_id = r.subscriber_id
          AND p.list_id = q.list_id AND p.status = 'active') THEN 'ended'
        WHEN ${hasStayed(sql`r.subscriber_id`, sql`q.list_id`, sql`r.in_hand_at`)} THEN 'stayed' ELSE 'open' END AS status
    FROM recipients AS r JOIN reconsents AS q ON q.send_id = r.send_id
    WHERE r.id = ${recipientId} AND r.subscriber_id = ${subscriberId} AND r.in_hand_at IS NOT NULL`)
}

/** The lists of these on which a person was asked and may answer still, and when they were mailed. Changes nothing. */
export async function findOpenAsks(
  { db }: Mailshot,
  { subscriberId, lists }: { subscriberId: number; lists: readonly string[] },
): Promise<Pick<Asked, 'list' | 'askedAt'>[]> {
  const open = await db.get(sql`SELECT 1 FROM reconsents WHERE ended_at IS NULL LIMIT 1`)
  if (!open) return []
  return db.all<Pick<Asked, 'list' | 'askedAt'>>(sql`
    SELECT q.list_id AS list, max(r.in_hand_at) AS askedAt FROM reconsents AS q JOIN recipients AS r ON r.send_id = q.send_id
    WHERE q.ended_at IS NULL AND q.list_id IN (SELECT value FROM json_each(${JSON.stringify(lists)}))
      AND r.email IN ${everyEmailOf(subscriberId)} AND r.subscriber_id = ${subscriberId} AND r.in_hand_at IS NOT NULL
    GROUP BY q.list_id`)
}

/** Notes that a reader wants to stay, with the words that they read. Once, however often they say so. */
export function stayStatements(
  mailshot: Mailshot,
  { subscriberId, list, askedAt }: { subscriberId: number; list: string; askedAt: number },
  { wording, lang, ip, userAgent }: Client & { wording: string | undefined; lang: string | null },
): SQL[] {
  const now = mailshot.now()
  const isNew = sql`EXISTS (SELECT 1 FROM subscriptions WHERE subscriber_id = ${subscriberId} AND list_id = ${list}
    AND status = 'active') AND NOT ${hasStayed(sql`${subscriberId}`, sql`${list}`, sql`${askedAt}`)}`
  return [
    ...wordingStatements([wording], lang, now),
    auditStatement(mailshot, {
      actor: 'subscriber',
      action: 'stay',
      subject: `subscriber:${subscriberId}`,
      detail: { lists: [list] },
      when: isNew,
    }),
    sql`INSERT INTO consents (subscriber_id, list_id, at, source, form, wording, lang, ip, user_agent,
        confirmed_at, confirmed_ip, confirmed_user_agent)
      SELECT ${subscriberId}, ${list}, ${now}, 're-consent', 'stay', ${wordingHash(wording)}, ${lang}, ${ip ?? null},
        ${userAgent ?? null}, ${now}, ${ip ?? null}, ${userAgent ?? null} WHERE ${isNew}`,
  ]
}
