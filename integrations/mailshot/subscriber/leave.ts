import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import type { Mailshot } from '../mailshot.ts'
import { liftUnsubscribeStatements, suppressStatement } from '../suppression.ts'
import { findPerson } from './person.ts'

export interface UnsubscribeRequest {
  subscriberId: number
  /** From `all`, the address is suppressed too, so that no list added later reaches it. */
  lists: string[] | 'all'
  /** What ended it: `one-click`, `page`, `preferences`, `operator`, `hard-bounce`, … */
  reason: string
  actor?: string
}

/** Ends subscriptions, active or pending. The last statement answers the lists that were left by it. */
export function unsubscribeStatements(
  mailshot: Mailshot,
  { subscriberId, lists, reason, actor = 'subscriber' }: UnsubscribeRequest,
): SQL[] {
  const open = openOn(subscriberId, lists)
  return [
    auditStatement(mailshot, {
      actor,
      action: 'unsubscribe',
      subject: `subscriber:${subscriberId}`,
      detail: { lists, reason },
      when: sql`EXISTS (SELECT 1 FROM subscriptions WHERE ${open})
        OR EXISTS (SELECT 1 FROM subscribers WHERE id = ${subscriberId} AND ${lists === 'all'}
          AND email NOT IN (SELECT email FROM suppressions))`,
    }),
    suppressStatement(mailshot, {
      email: lists === 'all' ? emailOf(subscriberId) : sql`NULL`,
      reason: 'unsubscribe',
      note: reason,
    }),
    sql`UPDATE subscriptions
        SET status = 'unsubscribed', ended_at = ${mailshot.now()}, end_reason = ${reason}
        WHERE ${open} RETURNING list_id AS listId`,
  ]
}

/** What a person left last by the page, in one go. */
export interface Leaving {
  at: number
  lists: string[]
  /** The address was suppressed by it, too. */
  everything: boolean
}

/** What can still be taken back: half an hour is enough for a slip, and for the mail to be read once more. */
const undoWithin = 30 * 60_000

/** What the person left last by the page; undefined when that was too long ago to be taken back, or was taken back. */
export async function findLeaving(
  mailshot: Mailshot,
  subscriberId: number,
): Promise<Leaving | undefined> {
  const since = mailshot.now() - undoWithin
  const rows = await mailshot.db.all<{ at: number; list: string | null }>(sql`
    SELECT ended_at AS at, list_id AS list FROM subscriptions
    WHERE subscriber_id = ${subscriberId} AND status = 'unsubscribed' AND end_reason = 'page'
      AND ended_at > ${since}
    UNION ALL
    SELECT at, NULL FROM suppressions
    WHERE email = ${emailOf(subscriberId)} AND reason = 'unsubscribe' AND note = 'page' AND at > ${since}`)
  const at = Math.max(...rows.map((row) => row.at))
  const last = rows.filter((row) => row.at === at)
  if (last.length === 0) return undefined
  const lists = last.flatMap(({ list }) => list ?? [])
  return { at, lists: lists.toSorted(), everything: lists.length < last.length }
}

/**
 * Takes back what the person left by the page at that moment, no more than half an hour ago: subscriptions are again what
 * they were, a suppression that came with it is lifted. Whatever ended otherwise, or at another time, stays ended.
 */
export async function undoUnsubscribe(
  mailshot: Mailshot,
  { subscriberId, at }: { subscriberId: number; at: number },
): Promise<{ restored: string[] }> {
  const person = await findPerson(mailshot, subscriberId)
  if (!person || at <= mailshot.now() - undoWithin) return { restored: [] }
  const left = sql`subscriber_id = ${subscriberId} AND status = 'unsubscribed'
    AND end_reason = 'page' AND ended_at = ${at}`
  const results = await mailshot.db.write<{ listId: string }>(
    auditStatement(mailshot, {
      actor: 'subscriber',
      action: 'undo-unsubscribe',
      subject: `subscriber:${subscriberId}`,
      detail: { leftAt: at },
      when: sql`EXISTS (SELECT 1 FROM subscriptions WHERE ${left})`,
    }),
    ...liftUnsubscribeStatements(mailshot, person.email, { by: 'undo', at }),
    // One that had not been confirmed waits for its confirmation again.
    sql`UPDATE subscriptions
        SET status = CASE WHEN active_at >= asked_at THEN 'active' ELSE 'pending' END,
          ended_at = NULL, end_reason = NULL
        WHERE ${left} RETURNING list_id AS listId`,
  )
  const restored = results.at(-1) ?? []
  return { restored: restored.map((row) => row.listId).toSorted() }
}

function emailOf(subscriberId: number): SQL {
  return sql`(SELECT email FROM subscribers WHERE id = ${subscriberId})`
}

function openOn(subscriberId: number, lists: string[] | 'all'): SQL {
  const chosen =
    lists === 'all'
      ? sql`true`
      : sql`list_id IN (SELECT value FROM json_each(${JSON.stringify(lists)}))`
  return sql`subscriber_id = ${subscriberId} AND status <> 'unsubscribed' AND ${chosen}`
}
