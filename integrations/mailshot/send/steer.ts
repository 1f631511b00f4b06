import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { MailshotError } from '../error.ts'
import { acknowledgeStatements } from '../event/acknowledge.ts'
import { queueAlarmStatement } from '../letter.ts'
import type { Mailshot } from '../mailshot.ts'
import { laneOf } from '../pace.ts'
import { isHeldUp, liftStatements } from '../pace/park.ts'
import { cancelStatements, releaseStatement } from '../recipient.ts'
import { waysOf } from '../route.ts'
import { readSend, type Send } from './read.ts'

/** Holds a send until it is resumed; nothing of it is put in hand from then on. */
export async function pauseSend(
  mailshot: Mailshot,
  idOrSlug: string,
  pause: { reason: string; actor: string },
): Promise<Send> {
  const send = await readSend(mailshot, idOrSlug)
  const { id } = send
  if (send.status === 'paused') return send
  if (send.status === 'done' || send.status === 'cancelled') throw ended(send, 'paused')
  await mailshot.db.write(...pauseStatements(mailshot, id, pause))
  return readSend(mailshot, id)
}

/** The statements that pause a send, to be put in the write of what causes it. */
export function pauseStatements(
  mailshot: Mailshot,
  id: string,
  pause: { reason: string; actor: string },
): SQL[] {
  return [
    sql`UPDATE sends SET paused_from = status, status = 'paused', reason = ${pause.reason}
        WHERE id = ${id} AND status IN ('scheduled', 'preparing', 'running')`,
    releaseStatement({ sendId: id }),
    auditStatement(mailshot, change('pause', id, pause)),
  ]
}

/** The statements that pause every send that runs, where the condition holds, and tell the operator of each. */
export function pauseRunningStatements(
  mailshot: Mailshot,
  { reason, actor, when }: { reason: SQL; actor: string; when: SQL },
): SQL[] {
  const isToPause = sql`status = 'running' AND ${when}`
  return [
    queueAlarmStatement(mailshot, 'paused', isToPause),
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      SELECT ${mailshot.now()}, ${actor}, 'pause', 'send:' || id, json_object('reason', ${reason})
      FROM sends WHERE ${isToPause}`,
    sql`UPDATE sends SET paused_from = status, status = 'paused', reason = ${reason} WHERE ${isToPause}`,
    releaseStatement('paused'),
  ]
}

/** Pauses all open sends of a database that is taken over, where the condition holds; each is resumed by itself. */
export function holdSendsStatement(reason: string, when: SQL): SQL {
  return sql`UPDATE sends SET paused_from = status, status = 'paused', reason = ${reason}
    WHERE status IN ('scheduled', 'preparing', 'running') AND ${when}`
}

/**
 * Lets a paused send go on where it stood; one that was held for being late starts now. A relay or a domain that rests or is
 * slowed is tried at once, whether or not the send was paused; domains that are held because of it go on. What the guard has found is
 * taken as seen.
 */
export async function resumeSend(
  mailshot: Mailshot,
  idOrSlug: string,
  by: Steering,
): Promise<Send> {
  const send = await readSend(mailshot, idOrSlug)
  const { id } = send
  if (send.status === 'done' || send.status === 'cancelled') throw ended(send, 'resumed')
  const now = mailshot.now()
  const acknowledged = await acknowledgeStatements(mailshot, send)
  const scopes = waysOf(mailshot.config).map(({ config }) => laneOf(config, 'send').scope)
  const isPaused = sql`id = ${id} AND status = 'paused'`
  const isToLift = sql`EXISTS (SELECT 1 FROM sends WHERE ${isPaused})
    OR EXISTS (SELECT 1 FROM lanes WHERE ${isHeldUp(scopes, now)})
    OR ${acknowledged.length > 0}`
  await mailshot.db.write(
    auditStatement(mailshot, { ...change('resume', id, by), when: isToLift }),
    sql`UPDATE sends SET status = coalesce(paused_from, 'running'), reason = NULL, paused_from = NULL,
          scheduled_at = CASE WHEN paused_from = 'scheduled' THEN max(scheduled_at, ${now}) ELSE scheduled_at END
        WHERE ${isPaused}`,
    ...acknowledged,
    ...liftStatements(scopes, now),
  )
  return readSend(mailshot, id)
}

/** Ends a send for good: all who did not get it yet are `cancelled`; what is in hand is finished. */
export async function cancelSend(
  mailshot: Mailshot,
  idOrSlug: string,
  by: Steering,
): Promise<Send> {
  const send = await readSend(mailshot, idOrSlug)
  const { id } = send
  if (send.status === 'done') throw ended(send, 'cancelled')
  const isOpen = sql`id = ${id} AND status NOT IN ('done', 'cancelled')`
  const reason = by.reason === undefined ? `by ${by.actor}` : `by ${by.actor}: ${by.reason}`
  await mailshot.db.write(
    auditStatement(mailshot, {
      ...change('cancel', id, by),
      when: sql`EXISTS (SELECT 1 FROM sends WHERE ${isOpen})`,
    }),
    sql`UPDATE sends SET status = 'cancelled', reason = ${reason}, finished_at = ${mailshot.now()}
        WHERE ${isOpen}`,
  )
  await cancelRecipients(mailshot, id)
  return readSend(mailshot, id)
}

/** Cancels the recipients of a cancelled send in slices that do not block the process; repeating it is harmless. */
export async function cancelRecipients(mailshot: Mailshot, id: string): Promise<void> {
  for (;;) {
    const results = await mailshot.db.write(...cancelStatements(id, 5000, mailshot.now()))
    if (results.at(-1)?.length === 0) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Who steers, and why. */
interface Steering {
  actor: string
  reason?: string | undefined
}

function change(action: string, id: string, { actor, reason }: Steering) {
  const detail = reason === undefined ? {} : { reason }
  return { actor, action, subject: `send:${id}`, detail }
}

function ended(send: Send, wanted: string): MailshotError {
  return new MailshotError(`send ${send.id} is ${send.status}, so it cannot be ${wanted}`, {
    code: 'send-ended',
  })
}
