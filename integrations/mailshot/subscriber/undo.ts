import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import type { Mailshot } from '../mailshot.ts'
import { findSuppression, liftUnsubscribeStatements } from '../suppression.ts'
import { noGoodbyeStatement } from './goodbye.ts'
import { emailOf, hadBeenSynced } from './leave.ts'
import { findPerson } from './person.ts'

/** What a person left last by the page, in one go. */
export interface Leaving {
  at: number
  lists: string[]
  /** The address was suppressed by it, too. */
  everything: boolean
}

/** What can still be taken back: half an hour is enough for a slip, and for the mail to be read once more. */
const undoWithin = 30 * 60_000

/** What the person left last by the page; undefined when that cannot be taken back any more, or was taken back. */
export async function findLeaving(
  mailshot: Mailshot,
  subscriberId: number,
): Promise<Leaving | undefined> {
  const since = mailshot.now() - undoWithin
  const rows = await mailshot.db.all<{ at: number; list: string | null }>(sql`
    SELECT ended_at AS at, list_id AS list FROM subscriptions
    WHERE subscriber_id = ${subscriberId} AND status = 'unsubscribed' AND end_reason = 'page'
      AND ended_at > ${since} AND NOT ${hadBeenSynced(subscriberId)} AND NOT ${isKeptOut(subscriberId, sql`ended_at`)}
    UNION ALL
    SELECT at, NULL FROM suppressions
    WHERE email = ${emailOf(subscriberId)} AND reason = 'unsubscribe' AND note = 'page' AND at > ${since}`)
  const at = Math.max(...rows.map((row) => row.at))
  const last = rows.filter((row) => row.at === at)
  if (last.length === 0) return undefined
  const lists = last.flatMap(({ list }) => list ?? [])
  return { at, lists: lists.toSorted(), everything: lists.length < last.length }
}

export type Undone =
  /** Also when it was taken back a moment ago: the button was pressed twice. */
  | { status: 'undone'; restored: string[] }
  /** Nothing was changed: it is too long ago, or something was decided since that weighs more. */
  | { status: 'too-late' }

/**
 * Takes back what the person left by the page at that moment, no more than half an hour ago: subscriptions are again what
 * they were, a suppression that came with it is lifted. Whatever ended otherwise, or at another time, stays ended.
 */
export async function undoUnsubscribe(
  mailshot: Mailshot,
  { subscriberId, at }: { subscriberId: number; at: number },
): Promise<Undone> {
  const person = await findPerson(mailshot, subscriberId)
  if (!person || at <= mailshot.now() - undoWithin) return { status: 'too-late' }
  const left = sql`subscriber_id = ${subscriberId} AND status = 'unsubscribed'
    AND end_reason = 'page' AND ended_at = ${at} AND NOT ${hadBeenSynced(subscriberId)}
    AND NOT ${isKeptOut(subscriberId, sql`${at}`)}`
  const lists = await mailshot.db.all<{ id: string }>(
    sql`SELECT list_id AS id FROM subscriptions WHERE ${left} ORDER BY list_id`,
  )
  const restored = lists.map(({ id }) => id)
  const suppression = await findSuppression(mailshot, person.email)
  const isLifted = suppression?.reason === 'unsubscribe' && suppression.at === at
  if (restored.length === 0 && !isLifted) {
    const undo = await findUndo(mailshot, subscriberId)
    return undo?.leftAt === at
      ? { status: 'undone', restored: undo.restored }
      : { status: 'too-late' }
  }
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor: 'subscriber',
      action: 'undo-unsubscribe',
      subject: `subscriber:${subscriberId}`,
      detail: { leftAt: at, restored },
      when: sql`${restored.length === 0} OR EXISTS (SELECT 1 FROM subscriptions WHERE ${left})`,
    }),
    noGoodbyeStatement(subscriberId),
    ...liftUnsubscribeStatements(mailshot, person.email, { by: 'undo', at }),
    syncedAgainStatement(subscriberId, at),
    // One that had not been confirmed waits for its confirmation again.
    sql`UPDATE subscriptions
        SET status = CASE WHEN active_at >= asked_at THEN 'active' ELSE 'pending' END,
          ended_at = NULL, end_reason = NULL
        WHERE ${left}`,
  )
  return { status: 'undone', restored }
}

/** What a sync had ended before, it may bring back again. */
function syncedAgainStatement(subscriberId: number, at: number): SQL {
  return sql`UPDATE subscriptions SET end_reason = 'synced'
    WHERE subscriber_id = ${subscriberId} AND status = 'unsubscribed' AND end_reason = 'page'
      AND list_id IN (SELECT j.value FROM audit AS a, json_each(a.detail, '$.synced') AS j
        WHERE a.subject = ${`subscriber:${subscriberId}`} AND a.action = 'unsubscribe' AND a.at = ${at})`
}

interface Undo {
  leftAt: number
  restored: string[]
}

/** What the person took back last, within half an hour. They may have left it again since. */
export async function findUndo(
  mailshot: Mailshot,
  subscriberId: number,
): Promise<Undo | undefined> {
  const row = await mailshot.db.get<{ leftAt: number; restored: string | null }>(sql`
    SELECT detail ->> 'leftAt' AS leftAt, detail -> 'restored' AS restored FROM audit
    WHERE subject = ${`subscriber:${subscriberId}`} AND action = 'undo-unsubscribe'
      AND at > ${mailshot.now() - undoWithin}
    ORDER BY id DESC LIMIT 1`)
  return row && { leftAt: row.leftAt, restored: JSON.parse(row.restored ?? '[]') }
}

/** Whether what was left at a time must stay so: everything was left since, or it is not the person who keeps mail away. */
function isKeptOut(subscriberId: number, leftAt: SQL): SQL {
  return sql`EXISTS (SELECT 1 FROM suppressions WHERE email = ${emailOf(subscriberId)}
    AND (reason <> 'unsubscribe' OR at > ${leftAt}))`
}
