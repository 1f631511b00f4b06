import { type SQL, sql } from 'drizzle-orm/sql'
import { tendAbuse } from '../abuse/tend.ts'
import { auditStatement } from '../audit.ts'
import { mayStart } from '../event/guard.ts'
import { refusedEarlyStatements } from '../event/refused-sends.ts'
import { matchLateAnswers } from '../event/unmatched.ts'
import { queueAlarmStatement } from '../letter.ts'
import { finishRenames } from '../list.ts'
import type { Mailshot } from '../mailshot.ts'
import { cancelStatements, isLeftToCancel } from '../recipient.ts'
import { tendPrivacy } from '../privacy/tend.ts'
import { tendPurge } from '../purge/tend.ts'
import { tendReconsents } from '../reconsent/tend.ts'
import { finishErasures } from '../subscriber/erase.ts'
import { cancelRecipients, pauseStatements } from '../send.ts'
import { selectedSubscribers } from './audience.ts'
import { frozenRoute } from '../route/freeze.ts'
import { readersToFreeze } from './freeze-readers.ts'
import { frozenAs } from './local-time.ts'
import type { ImageWatch } from './media.ts'
import { type Send, sendsIn } from './read.ts'
import { sliceSize, timeSlice } from './slice.ts'

/**
 * Brings every open send one step on: holds the late ones, starts the due ones, freezes a slice, ends what is finished; and
 * matches reports that were faster than our own writing.
 * Several processes may do so at once, and any may die at any step.
 *
 * @returns whether there is more to do at once
 */
export async function tendSends(mailshot: Mailshot, images: ImageWatch): Promise<boolean> {
  let hasMore = false
  for (const send of await sendsIn(mailshot, ['scheduled', 'preparing', 'running', 'paused'])) {
    const step = isPastEnd(send, mailshot.now())
      ? endByDate(mailshot, send)
      : stepOn(mailshot, send, images)
    hasMore = (await step) || hasMore
  }
  await matchLateAnswers(mailshot)
  await finishErasures(mailshot)
  await tendReconsents(mailshot)
  await tendPurge(mailshot)
  await tendPrivacy(mailshot)
  await tendAbuse(mailshot)
  return hasMore
}

/** Ends the recipients that a cancel left behind when its process died. */
export async function finishCancels(mailshot: Mailshot): Promise<void> {
  const left = await mailshot.db.all<{ id: string }>(
    sql`SELECT id FROM sends AS s WHERE status = 'cancelled' AND ${isLeftToCancel(sql`s.id`)}`,
  )
  for (const { id } of left) await cancelRecipients(mailshot, id)
}

async function stepOn(mailshot: Mailshot, send: Send, images: ImageWatch): Promise<boolean> {
  switch (send.status) {
    case 'scheduled':
      return startWhenDue(mailshot, send, images)
    case 'preparing':
      return freezeSlice(mailshot, send)
    case 'running':
      return send.remaining === 0 && finish(mailshot, send.id)
    case 'paused':
    case 'done':
    case 'cancelled':
      return false
  }
}

async function startWhenDue(mailshot: Mailshot, send: Send, watch: ImageWatch): Promise<boolean> {
  const now = mailshot.now()
  if (send.scheduledAt > now) return false
  if (send.scheduledAt < now - mailshot.config.lateAfterHours * 3_600_000) {
    await holdLate(mailshot, send.id)
    return false
  }
  if (!(await mayStart(mailshot, send))) return false
  const images = watch(send)
  if (images !== 'ready') {
    if (images !== 'looking') await setReason(mailshot, send, images.missing)
    return false
  }
  // What an earlier send of the same campaign still has in hand decides who is left for this one.
  const earlierInHand = sql`
    SELECT 1 FROM recipients AS r CROSS JOIN sends AS e ON e.id = r.send_id
    WHERE r.status = 'in-hand' AND (e.slug = ${send.slug} OR e.content_hash = ${send.contentHash})`
  const isDue = sql`id = ${send.id} AND status = 'scheduled' AND NOT EXISTS (${earlierInHand})`
  const [, , started] = await mailshot.db.write(
    noteStatement(mailshot, send.id, { action: 'begin', when: isDue }),
    sql`UPDATE sends SET status = 'preparing', started_at = ${now}, reason = NULL,
          freeze_until = coalesce((SELECT max(id) FROM subscribers), 0)
        WHERE ${isDue}`,
    sql`SELECT 1 FROM sends WHERE id = ${send.id} AND status = 'preparing'`,
  )
  return started?.length === 1
}

async function holdLate(mailshot: Mailshot, id: string): Promise<void> {
  const isScheduled = sql`id = ${id} AND status = 'scheduled'`
  await mailshot.db.write(
    noteStatement(mailshot, id, { action: 'pause', reason: 'late', when: isScheduled }),
    queueAlarmStatement(mailshot, 'held', isScheduled),
    sql`UPDATE sends SET status = 'paused', paused_from = 'scheduled', reason = coalesce('late: ' || reason, 'late')
        WHERE ${isScheduled}`,
  )
}

/** What a send does by itself, where its row meets the condition. */
function noteStatement(
  mailshot: Mailshot,
  id: string,
  { action, reason, when }: { action: string; reason?: string; when: SQL },
): SQL {
  return auditStatement(mailshot, {
    actor: 'mailshot',
    action,
    subject: `send:${id}`,
    detail: reason === undefined ? {} : { reason },
    when: sql`EXISTS (SELECT 1 FROM sends WHERE ${when})`,
  })
}

async function setReason(mailshot: Mailshot, send: Send, reason: string): Promise<void> {
  if (reason === send.reason) return
  await mailshot.db.write(
    sql`UPDATE sends SET reason = ${reason} WHERE id = ${send.id} AND status = 'scheduled'`,
  )
}

/**
 * Writes the recipients of the next subscribers. The cursor moves in the same transaction, and only from where it was read, so
 * two processes never write a slice twice and a killed one loses none.
 */
async function freezeSlice(mailshot: Mailshot, send: Send): Promise<boolean> {
  const until = send.freezeUntil ?? 0
  const size = sliceSize(mailshot)
  const next = await mailshot.db.get<{ id: number | null }>(
    sql`SELECT max(id) AS id FROM (SELECT id FROM subscribers
        WHERE id > ${send.freezeCursor} AND id <= ${until} ORDER BY id LIMIT ${size})`,
  )
  const readers = await readersToFreeze(mailshot, send)
  if ('wrong' in readers) return pauseUnreadable(mailshot, send.id, readers.wrong)
  const isCurrent = sql`id = ${send.id} AND status = 'preparing' AND freeze_cursor = ${send.freezeCursor}`
  if (next?.id == null) {
    await endFreeze(mailshot, isCurrent)
    return true
  }
  const selected = selectedSubscribers({
    lists: send.lists,
    until: send.startedAt ?? 0,
    onlyTo: send.onlyTo,
    where: readers.where,
    slice: { above: send.freezeCursor, upTo: next.id },
    ...(send.audience !== 'all' && {
      except: { slug: send.slug, hash: send.contentHash, sendId: send.id },
    }),
  })
  const { status, dueAt, reason } = await frozenAs(mailshot, send, {
    above: send.freezeCursor,
    upTo: next.id,
  })
  const route = await frozenRoute(mailshot, send)
  const freeze = [
    // An address that changed hands between two slices is there already: it gets one mail.
    sql`INSERT OR IGNORE INTO recipients (send_id, subscriber_id, email, written, lists, status, due_at, reason, route)
        SELECT ${send.id}, id, email, written, lists, ${status}, ${dueAt}, ${reason}, ${route}
        FROM (${selected}) AS frozen
        WHERE EXISTS (SELECT 1 FROM sends WHERE ${isCurrent})`,
    sql`UPDATE sends SET freeze_cursor = ${next.id}, total = total + changes() WHERE ${isCurrent}`,
  ]
  await timeSlice(mailshot, size, () => mailshot.db.write(...freeze))
  return true
}

async function pauseUnreadable(mailshot: Mailshot, id: string, wrong: string): Promise<boolean> {
  const reason = `its readers cannot be selected: ${wrong}`
  const isPreparing = sql`id = ${id} AND status = 'preparing'`
  await mailshot.db.write(
    queueAlarmStatement(mailshot, 'paused', isPreparing),
    ...pauseStatements(mailshot, id, { reason, actor: 'mailshot' }),
  )
  return false
}

async function endFreeze(mailshot: Mailshot, isCurrent: SQL): Promise<void> {
  await mailshot.db.write(
    queueAlarmStatement(mailshot, 'started', sql`${isCurrent} AND only_to IS NULL`),
    sql`UPDATE sends SET status = 'running', frozen_at = ${mailshot.now()} WHERE ${isCurrent}`,
  )
}

/** After its end date nobody of a send is mailed any more, paused or not; what is in hand is finished. */
async function endByDate(mailshot: Mailshot, send: Send): Promise<boolean> {
  if (send.startedAt === null) return endUnstarted(mailshot, send.id)
  return (await giveUpRest(mailshot, send.id)) || finish(mailshot, send.id)
}

/** Whether nobody of a send is to be mailed any more. */
function isPastEnd({ until }: Pick<Send, 'until'>, now: number): boolean {
  return until !== null && until <= now
}

async function endUnstarted(mailshot: Mailshot, id: string): Promise<boolean> {
  const isUnstarted = sql`id = ${id} AND status IN ('scheduled', 'paused') AND started_at IS NULL`
  await mailshot.db.write(
    noteStatement(mailshot, id, { action: 'cancel', reason: 'end date', when: isUnstarted }),
    queueAlarmStatement(mailshot, 'done', sql`${isUnstarted} AND only_to IS NULL`),
    sql`UPDATE sends SET status = 'cancelled', finished_at = ${mailshot.now()}, paused_from = NULL,
          reason = 'its end date came before it started' || coalesce(': ' || reason, '')
        WHERE ${isUnstarted}`,
  )
  return false
}

async function giveUpRest(mailshot: Mailshot, id: string): Promise<boolean> {
  const reason = 'the end date of the send came before their turn'
  const results = await mailshot.db.write(...cancelStatements(id, 5000, mailshot.now(), reason))
  return results.some((rows) => rows.length > 0)
}

async function finish(mailshot: Mailshot, id: string): Promise<boolean> {
  const now = mailshot.now()
  const isFinished = sql`id = ${id} AND sent + failed + skipped + cancelled + uncertain >= total
    AND ((status = 'running' AND frozen_at IS NOT NULL)
      OR (status IN ('preparing', 'running', 'paused') AND started_at IS NOT NULL AND until <= ${now}))`
  const [, , , done] = await mailshot.db.write(
    noteStatement(mailshot, id, { action: 'end', when: isFinished }),
    queueAlarmStatement(mailshot, 'done', sql`${isFinished} AND only_to IS NULL`),
    sql`UPDATE sends SET status = 'done', finished_at = ${now}, paused_from = NULL,
          reason = iif(status = 'paused', 'its end date came while it was paused' || coalesce(': ' || reason, ''), reason)
        WHERE ${isFinished}`,
    sql`SELECT 1 FROM sends WHERE id = ${id} AND status = 'done'`,
    ...refusedEarlyStatements(mailshot, id),
  )
  if (done?.length !== 1) return false
  await finishRenames(mailshot)
  return true
}
