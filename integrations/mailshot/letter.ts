import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from './audit.ts'
import { MailshotError } from './error.ts'
import type { Mailshot } from './mailshot.ts'

export interface LetterRequest {
  kind: LetterKind
  subscriberId?: number
  /** Where it goes, as written. */
  email: string
  lang: string
  /** What its text is composed with; for all but alarms `url` and `lists`. */
  values: Record<string, string>
  /** Queue it only if this holds when the statement runs: a form sent twice mails once. */
  when?: SQL
  /** Not before so many milliseconds. */
  after?: number
}

export type LetterKind =
  | 'confirmation'
  | 'invitation'
  | 'welcome'
  | 'goodbye'
  | 'change-address'
  | 'address-changed'
  | 'links'
  | 'alarm'
/** What the operator is told about a send. */
export type AlarmEvent = 'started' | 'held' | 'paused' | 'done'

/** The statement that queues a letter, to be put in the same write as the change that causes it. */
export function queueLetterStatement(mailshot: Mailshot, letter: LetterRequest): SQL {
  const now = mailshot.now()
  return sql`
    INSERT INTO letters (kind, subscriber_id, email, lang, "values", status, due_at, created_at)
    SELECT ${letter.kind}, ${letter.subscriberId ?? null}, ${letter.email}, ${letter.lang},
      ${JSON.stringify(letter.values)}, 'pending', ${now + (letter.after ?? 0)}, ${now}
    WHERE ${letter.when ?? sql`true`}`
}

/** Queues a mail to the operator for each send that meets a condition, before the change that ends the condition. */
export function queueAlarmStatement(mailshot: Mailshot, event: AlarmEvent, condition: SQL): SQL {
  const { operator, lang } = mailshot.config
  const now = mailshot.now()
  return sql`
    INSERT INTO letters (kind, email, lang, "values", status, due_at, created_at)
    SELECT 'alarm', ${operator}, ${lang}, json_object('event', ${event}, 'send', id), 'pending', ${now}, ${now}
    FROM sends WHERE ${condition}`
}

/**
 * Letters that a dead worker had in hand are tried again: one that comes twice is a nuisance, a confirmation that never
 * comes is a lost reader.
 */
export function recoverLettersStatement(dead: SQL): SQL {
  return sql`UPDATE letters SET status = 'pending', worker_id = NULL
    WHERE status = 'in-hand' AND worker_id IN ${dead}`
}

/** Keeps back what waits in a database that is taken over, where the condition holds: it may have been mailed since. */
export function holdLettersStatement(reason: string, when: SQL): SQL {
  return sql`UPDATE letters SET status = 'failed', worker_id = NULL, settled_at = unixepoch() * 1000,
      reason = ${`${reason}: it may have been mailed already`}
    WHERE status IN ('pending', 'held', 'in-hand') AND ${when}`
}

export interface LetterRow {
  id: number
  kind: string
  email: string
  status: 'pending' | 'held' | 'in-hand' | 'sent' | 'failed'
  tries: number
  reason: string | null
  createdAt: number
  dueAt: number
}

/** What somebody who looks has to know of: given up, refused and waiting for the next try, or held in a burst. */
const isNotable = sql`(status IN ('failed', 'held') OR (status = 'pending' AND reason IS NOT NULL))`

/** What `failed` means to somebody who tries again: given up, or refused and waiting for the next try. */
const isInTrouble = sql`(status = 'failed' OR (status = 'pending' AND reason IS NOT NULL))`

/** The latest 1000 letters, newest first; all, or those that failed, wait after a refusal, or are held. */
export async function listLetters(
  mailshot: Mailshot,
  which: 'all' | 'in-trouble' = 'all',
): Promise<LetterRow[]> {
  return mailshot.db.all<LetterRow>(sql`
    SELECT id, kind, email, status, tries, reason, created_at AS createdAt, due_at AS dueAt
    FROM letters ${which === 'all' ? sql`` : sql`WHERE ${isNotable}`} ORDER BY id DESC LIMIT 1000`)
}

/**
 * Queues letters that failed or wait after a refusal again, from their first try: those named, or all. Answers how many.
 *
 * @param actor who says so
 * @throws MailshotError when one that is named does not exist; none is queued then
 */
export async function retryLetters(
  mailshot: Mailshot,
  ids?: number[],
  actor = 'command',
): Promise<number> {
  const named = JSON.stringify(ids ?? [])
  const [missing] = await mailshot.db.all<{ id: number }>(
    sql`SELECT value AS id FROM json_each(${named}) WHERE value NOT IN (SELECT id FROM letters)`,
  )
  if (missing) {
    throw new MailshotError(
      `there is no letter ${missing.id}; "mailshot letters --all" lists them with their numbers`,
    )
  }
  const which = sql`${isInTrouble} ${ids ? sql`AND id IN (SELECT value FROM json_each(${named}))` : sql``}`
  const [, rows] = await mailshot.db.write(
    auditStatement(mailshot, {
      actor,
      action: 'retry',
      subject: 'letters:failed',
      detail: ids ? { ids } : {},
      when: sql`EXISTS (SELECT 1 FROM letters WHERE ${which})`,
    }),
    sql`UPDATE letters SET status = 'pending', tries = 0, due_at = ${mailshot.now()}, reason = NULL,
          relay_fault_at = NULL
        WHERE ${which} RETURNING id`,
  )
  return rows?.length ?? 0
}
