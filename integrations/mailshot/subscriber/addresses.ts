import { type SQL, sql } from 'drizzle-orm/sql'
import { parseEmailAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'

/**
 * All addresses of a person, the present one and those of before, within a statement; but none of before that another reader has now: what
 * there is about it is that reader's.
 */
export function emailsOf(subscriberId: number): SQL {
  return sql`(SELECT email FROM subscribers WHERE id = ${subscriberId} UNION
    SELECT f.email FROM (${formerEmails(subscriberId)}) AS f
    WHERE NOT EXISTS (SELECT 1 FROM subscribers AS o WHERE o.email = f.email AND o.id <> ${subscriberId}))`
}

/** The same with those that another reader has now: to find by them what names the person besides. */
export function everyEmailOf(subscriberId: number): SQL {
  return sql`(SELECT email FROM subscribers WHERE id = ${subscriberId} UNION ${formerEmails(subscriberId)})`
}

/** The condition on `events` that they are about a person: about mails to them, or an address of theirs and nobody else's mail. */
export function isEventOf(subscriberId: number): SQL {
  const mails = (whose: SQL) => sql`(SELECT id FROM recipients
    WHERE email IN ${everyEmailOf(subscriberId)} AND subscriber_id ${whose} ${subscriberId})`
  return sql`(email IN ${everyEmailOf(subscriberId)} AND (recipient_id IN ${mails(sql`=`)}
    OR (email IN ${emailsOf(subscriberId)} AND ifnull(recipient_id, 0) NOT IN ${mails(sql`<>`)})))`
}

/** The present address of whoever had that one before; of many, the last who did. */
export async function findByFormerAddress(
  { db }: Mailshot,
  address: string,
): Promise<string | undefined> {
  const email = parseEmailAddress(address)?.identity ?? address
  const row = await db.get<{ written: string }>(sql`
    SELECT s.written FROM audit AS a JOIN subscribers AS s ON s.id = CAST(substr(a.subject, length('subscriber:') + 1) AS INTEGER)
    WHERE a.action = 'change-address' AND a.detail ->> 'from' = ${email} ORDER BY a.id DESC LIMIT 1`)
  return row?.written
}

/**
 * Of addresses that somebody had before, and nobody has now, the present one of whoever had it last. What names a person by such an
 * address, as a file or a directory that knows nothing of the change, means the one of now.
 */
export async function presentAddresses(
  { db }: Mailshot,
  emails: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db.all<{ former: string; present: string }>(sql`
    SELECT r.value AS former, s.email AS present
    FROM json_each(${JSON.stringify(emails)}) AS r CROSS JOIN ${whoHad(sql`r.value`)}
      AND NOT EXISTS (SELECT 1 FROM subscribers AS o WHERE o.email = r.value)
    ORDER BY a.id`)
  return new Map(rows.map(({ former, present }) => [former, present]))
}

/** Whether somebody had an address before, who has another now; within a statement. */
export function isFormer(email: SQL): SQL {
  return sql`EXISTS (SELECT 1 FROM ${whoHad(email)})`
}

/** First, and once a statement: mostly nobody has ever changed theirs. */
function whoHad(email: SQL): SQL {
  return sql`audit AS a CROSS JOIN subscribers AS s ON s.id = CAST(substr(a.subject, length('subscriber:') + 1) AS INTEGER)
    WHERE EXISTS (SELECT 1 FROM audit WHERE action = 'change-address' AND detail ->> 'from' > '')
      AND a.action = 'change-address' AND a.detail ->> 'from' = ${email}`
}

function formerEmails(subscriberId: number): SQL {
  return sql`SELECT detail ->> 'from' AS email FROM audit
    WHERE subject = ${`subscriber:${subscriberId}`} AND action = 'change-address' AND detail ->> 'from' IS NOT NULL`
}
