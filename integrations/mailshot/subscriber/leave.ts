import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { countLeftStatement } from '../event/count.ts'
import type { Mailshot } from '../mailshot.ts'
import { suppressStatement } from '../suppression.ts'

export interface UnsubscribeRequest {
  subscriberId: number
  /** From `all`, the address is suppressed too, so that no list added later reaches it. */
  lists: string[] | 'all'
  /** What ended it: `one-click`, `page`, `preferences`, `operator`, `hard-bounce`, … */
  reason: string
  actor?: string
  /** Whose mail had the link, so that it counts for that send. */
  recipientId?: number | undefined
}

/** Ends subscriptions, active or pending. One that a sync had ended stays ended since then, but for this reason: no sync brings it back. */
export function unsubscribeStatements(
  mailshot: Mailshot,
  { subscriberId, lists, reason, actor = 'subscriber', recipientId }: UnsubscribeRequest,
): SQL[] {
  const open = openOn(subscriberId, lists)
  const synced = sql`${isOf(subscriberId, lists)} AND status = 'unsubscribed' AND end_reason = 'synced'`
  const isLeaving = sql`(EXISTS (SELECT 1 FROM subscriptions WHERE (${open}) OR (${synced}))
        OR EXISTS (SELECT 1 FROM subscribers WHERE id = ${subscriberId} AND ${lists === 'all'}
          AND email NOT IN (SELECT email FROM suppressions)))`
  return [
    ...(recipientId
      ? [countLeftStatement(mailshot, { subscriberId, recipientId }, isLeaving)]
      : []),
    auditStatement(mailshot, {
      actor,
      action: 'unsubscribe',
      subject: `subscriber:${subscriberId}`,
      detail: { lists, reason, ...(recipientId && { recipient: recipientId }) },
      when: isLeaving,
    }),
    noteSyncedStatement(subscriberId, synced),
    suppressStatement(mailshot, {
      email: lists === 'all' ? emailOf(subscriberId) : sql`NULL`,
      reason: 'unsubscribe',
      note: reason,
    }),
    sql`UPDATE subscriptions
        SET status = 'unsubscribed', ended_at = ${mailshot.now()}, end_reason = ${reason}
        WHERE ${open}`,
    sql`UPDATE subscriptions SET end_reason = ${reason} WHERE ${synced}`,
  ]
}

/** Notes with the line of the leaving, which was just written, what a sync had ended before. */
function noteSyncedStatement(subscriberId: number, synced: SQL): SQL {
  return sql`UPDATE audit SET detail = json_set(detail, '$.synced',
      (SELECT json_group_array(list_id) FROM subscriptions WHERE ${synced}))
    WHERE id = (SELECT max(id) FROM audit WHERE subject = ${`subscriber:${subscriberId}`} AND action = 'unsubscribe')
      AND EXISTS (SELECT 1 FROM subscriptions WHERE ${synced})`
}

/** Whether a sync had ended a subscription of the person before they left it too: an undo of the leaving does not bring it back. */
export function hadBeenSynced(subscriberId: number): SQL {
  return sql`EXISTS (SELECT 1 FROM audit AS a, json_each(a.detail, '$.synced') AS j
    WHERE a.subject = ${`subscriber:${subscriberId}`} AND a.action = 'unsubscribe' AND a.at >= subscriptions.ended_at
      AND j.value = subscriptions.list_id)`
}

/**
 * Notes with the consents to lists when they ended, before another subscription comes in the place of the one that says so: the lists are
 * joined again, or two turned out to be one.
 *
 * @param lists a statement's list of their ids, in brackets
 */
export function keepEndStatement(subscriberId: number, lists: SQL, when = sql`true`): SQL {
  return sql`UPDATE consents SET ended_at = p.ended_at FROM subscriptions AS p
    WHERE consents.subscriber_id = ${subscriberId} AND consents.ended_at IS NULL
      AND NOT (consents.source = 're-consent' AND ifnull(consents.form, '') = 'leave')
      AND p.subscriber_id = consents.subscriber_id AND p.list_id = consents.list_id
      AND p.status = 'unsubscribed' AND p.ended_at >= consents.at
      AND p.list_id IN ${lists} AND ${when}`
}

/** The lists that such a request would end. */
export function openLists({ subscriberId, lists }: UnsubscribeRequest): SQL {
  return sql`SELECT list_id AS listId FROM subscriptions WHERE ${openOn(subscriberId, lists)}`
}

/** The address of a person, within a statement. */
export function emailOf(subscriberId: number): SQL {
  return sql`(SELECT email FROM subscribers WHERE id = ${subscriberId})`
}

function openOn(subscriberId: number, lists: string[] | 'all'): SQL {
  return sql`${isOf(subscriberId, lists)} AND status <> 'unsubscribed'`
}

function isOf(subscriberId: number, lists: string[] | 'all'): SQL {
  const chosen =
    lists === 'all'
      ? sql`true`
      : sql`list_id IN (SELECT value FROM json_each(${JSON.stringify(lists)}))`
  return sql`subscriber_id = ${subscriberId} AND ${chosen}`
}
