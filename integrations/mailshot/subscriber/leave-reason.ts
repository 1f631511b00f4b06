import { sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import type { Mailshot } from '../mailshot.ts'
import { findLeaving } from './undo.ts'

/** Why somebody left, as they choose it: too many mails, nothing for them any more, never asked for, hard to read, something else. */
export const leaveReasons = ['often', 'content', 'unasked', 'display', 'other'] as const
export type LeaveReason = (typeof leaveReasons)[number]

const longest = 1000

export function isLeaveReason(text: string): text is LeaveReason {
  return leaveReasons.some((reason) => reason === text)
}

/**
 * Notes why a person left what they left last by the page, as long as that can be taken back; once. It counts for the send whose mail
 * had the link, and outlives its details; what they wrote stands in the audit, and goes with the person.
 *
 * @returns whether there was something to note it of
 */
export async function noteLeaveReason(
  mailshot: Mailshot,
  given: { subscriberId: number; recipientId: number; reason: LeaveReason; text: string },
): Promise<boolean> {
  const { subscriberId, recipientId, reason } = given
  const leaving = await findLeaving(mailshot, subscriberId)
  if (!leaving) return false
  const note = given.text.toWellFormed().trim().slice(0, longest)
  const subject = `subscriber:${subscriberId}`
  const isFirst = sql`NOT EXISTS (SELECT 1 FROM audit
    WHERE subject = ${subject} AND action = 'leave-reason' AND detail ->> 'leftAt' = ${leaving.at})`
  await mailshot.db.write(
    sql`INSERT INTO send_counts (send_id, kind, key, n)
        SELECT send_id, 'left', ${reason}, 1 FROM recipients
        WHERE id = ${recipientId} AND subscriber_id = ${subscriberId} AND ${isFirst}
        ON CONFLICT (send_id, kind, key) DO UPDATE SET n = n + 1`,
    auditStatement(mailshot, {
      actor: 'subscriber',
      action: 'leave-reason',
      subject,
      detail: { reason, ...(note !== '' && { note }), leftAt: leaving.at },
      when: isFirst,
    }),
  )
  return true
}
