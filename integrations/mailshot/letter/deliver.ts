import { type SQL, sql } from 'drizzle-orm/sql'
import { type Ending, unanswered } from '../deliver/ending.ts'
import { notHandedOver } from '../deliver/faults.ts'
import { openBatch } from '../deliver/batch.ts'
import { handOver } from '../deliver/hand-over.ts'
import type { Mailshot } from '../mailshot.ts'
import { beginRampStatements, singleLane } from '../pace/single.ts'
import { laneRowStatement } from '../pace/state.ts'
import type { Outcome } from '../transport.ts'
import { composeLetter, type Letter } from './compose.ts'
import { type Fate, fateOf } from './fate.ts'
import { blameOfLetter, relayStatements } from './relay.ts'
import { letterSlots, letterSlotStatements } from './slots.ts'
import { letterSite } from './way.ts'

/** At once; more would hold up the campaign's own connections. */
const atOnce = 5

/**
 * Mails the letters that are due, ahead of campaigns and out of the reserve of the pace, and writes their outcomes down. Ends
 * when none is due or the pace allows none now. Answers how many it tried.
 */
export async function deliverLetters(mailshot: Mailshot, worker: Worker): Promise<number> {
  let tried = 0
  while (!worker.signal.aborted) {
    const site = await letterSite(mailshot)
    const letters = await takeLetters(site, worker.workerId)
    if (letters.length === 0) break
    await Promise.all(letters.map((letter) => deliverLetter(site, letter, worker)))
    tried += letters.length
  }
  return tried
}

interface Worker {
  workerId: string
  signal: AbortSignal
  ending: Ending
  /** Whether others may have taken what this worker id has in hand. */
  hasLostLease(workerId: string): boolean
}

type HeldLetter = Letter & { workerId: string; takenAt: number; relayFaultAt: number | null }
type LetterRow = Omit<HeldLetter, 'values' | 'workerId' | 'takenAt'> & { values: string }

async function takeLetters(mailshot: Mailshot, workerId: string): Promise<HeldLetter[]> {
  const now = mailshot.now()
  const { mailer, transport, redirectTo } = mailshot.config
  const isDue = sql`status = 'pending' AND due_at <= ${now}`
  const due = await mailshot.db.get(sql`SELECT 1 FROM letters WHERE ${isDue} LIMIT 1`)
  if (!due) return []
  const lane = await singleLane(mailshot)
  const batch = openBatch()
  batch.add(
    laneRowStatement(lane.scope),
    sql`UPDATE letters SET status = 'failed', reason = 'suppressed', settled_at = ${now}
        WHERE ${isDue} AND EXISTS (
          SELECT 1 FROM subscribers AS s JOIN suppressions AS x ON x.email = s.email
          WHERE s.id = letters.subscriber_id AND x.reason IN ('complaint', 'manual'))`,
    sql`UPDATE letters SET status = 'in-hand', worker_id = ${workerId}, tries = tries + 1,
          transport = ${mailer ? null : transport.name}, redirected = ${redirectTo === undefined ? null : 1}
        WHERE id IN (${letterSlots(mailshot, isDue, { lane, most: atOnce, now })})
          AND EXISTS (SELECT 1 FROM workers WHERE id = ${workerId} AND lease_until > ${now})`,
    ...(mailer ? [] : beginRampStatements(mailshot, lane.scope)),
  )
  // It has none but these: those before are settled.
  const rows = batch.ask<LetterRow>(
    sql`SELECT id, kind, email, lang, "values", tries, created_at AS createdAt,
          relay_fault_at AS relayFaultAt
        FROM letters WHERE status = 'in-hand' AND worker_id = ${workerId}`,
  )
  await batch.write(mailshot.db)
  return rows().map((row) => ({ ...row, workerId, takenAt: now, values: JSON.parse(row.values) }))
}

async function deliverLetter(
  mailshot: Mailshot,
  letter: HeldLetter,
  worker: Worker,
): Promise<void> {
  const { outcome, messageId } = await mail(mailshot, letter, worker)
  const isStopping = worker.signal.aborted
  const blame = isStopping ? undefined : await blameOfLetter(mailshot, letter, outcome)
  const fate = { ...fateOf(mailshot, letter, { outcome, blame }), messageId }
  await settleLetter(mailshot, letter, fate, relayStatements(mailshot, letter, { outcome, blame }))
}

async function mail(
  mailshot: Mailshot,
  letter: HeldLetter,
  worker: Worker,
): Promise<{ outcome: Outcome; messageId: string | null }> {
  const transport = mailshot.config.mailer ?? mailshot.config.transport
  try {
    const message = await composeLetter(mailshot, letter)
    if (worker.hasLostLease(letter.workerId)) return { outcome: notHandedOver, messageId: null }
    const [outcome = unanswered] = await handOver(mailshot, [message], { ...worker, transport })
    return { outcome, messageId: message.messageId }
  } catch (error) {
    // One letter that cannot be composed must not hold up the others; it is tried again, then kept as failed.
    mailshot.log.error({ err: error, letter: letter.id }, 'a letter could not be composed')
    const reason = error instanceof Error ? error.message : String(error)
    return { outcome: { status: 'uncertain', reason }, messageId: null }
  }
}

/**
 * Only who holds a letter settles it: the worker, at this try. One that was taken from it meanwhile is settled all the same
 * where it was accepted and nobody has taken it again.
 */
async function settleLetter(
  mailshot: Mailshot,
  letter: HeldLetter,
  { messageId, ...fate }: Fate & { messageId: string | null },
  ofRelay: SQL[],
): Promise<void> {
  const now = mailshot.now()
  const isHeld = sql`id = ${letter.id} AND tries = ${letter.tries}
    AND status = 'in-hand' AND worker_id = ${letter.workerId}`
  const isLost = sql`id = ${letter.id} AND tries = ${letter.tries} AND status = 'pending'`
  await mailshot.db.write(
    ...ofRelay,
    ...letterSlotStatements(mailshot, letter.email, isHeld, now),
    sql`UPDATE letters SET status = ${fate.status}, due_at = ${fate.dueAt}, reason = ${fate.reason},
          answer = ${fate.answer}, message_id = ${messageId}, settled_at = ${now}, worker_id = NULL,
          tries = tries - ${fate.refund}, relay_fault_at = ${fate.relayFaultAt}
        WHERE (${isHeld}) OR (${fate.status === 'sent'} AND ${isLost})`,
  )
  if (fate.status === 'failed') {
    mailshot.log.error({ letter: letter.id, reason: fate.reason }, 'a letter failed')
  }
}
