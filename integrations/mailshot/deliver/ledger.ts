import { type SQL, sql } from 'drizzle-orm/sql'
import type { DeliverReport } from '../deliver.ts'
import { domainOf } from '../email-address.ts'
import { queueAlarmStatement } from '../letter.ts'
import type { Mailshot } from '../mailshot.ts'
import {
  advanceStatement,
  allowance,
  type Lane,
  laneOf,
  laneRest,
  type LaneState,
  laneStatements,
  parkStatement,
  slotHour,
  unparkStatement,
} from '../pace.ts'
import {
  type ClaimedRecipient,
  inHandStatement,
  type Mark,
  settleStatements,
  skipStatement,
  stillClaimedStatement,
} from '../recipient.ts'
import { settlementOf } from '../recipient/settlement.ts'
import { pauseStatements } from '../send.ts'
import type { Outcome } from '../transport.ts'
import type { HeldRecipient } from './held.ts'

export interface Ledger {
  readonly report: DeliverReport
  /** Notes an outcome, to be committed by the next write. */
  note(recipient: HeldRecipient, outcome: Outcome): void
  hasNews(): boolean
  /**
   * One transaction: settles what was noted, then puts the first of `claimed` in hand, as many as `capacity` and the pace
   * allow.
   */
  write(claimed: ClaimedRecipient[], capacity: number, workerId: string): Promise<Entry>
}

/** What a write has done. */
export interface Entry {
  settled: number
  inHand: HeldRecipient[]
  /** Those that are claimed no more: in hand, skipped, or lost to a pause or another worker. */
  left: ClaimedRecipient[]
  /** When it is worth trying again, in milliseconds. */
  rest: number
}

/** The one writer of a worker's marks and outcomes. */
export function openLedger(mailshot: Mailshot, signal: AbortSignal): Ledger {
  const report = { sent: 0, failed: 0, deferred: 0, uncertain: 0, skipped: 0, letters: 0 }
  let noted: Note[] = []
  let inHand = 0
  return {
    report,
    note: (recipient, outcome) => noted.push({ recipient, outcome }),
    hasNews: () => noted.length > 0,
    write: async (claimed, capacity, workerId) => {
      const notes = noted
      noted = []
      const next = claimed.slice(0, Math.max(0, capacity - inHand + notes.length))
      if (notes.length + next.length === 0) return { settled: 0, inHand: [], left: [], rest: 1000 }
      const page = { notes, next, workerId, isStopping: signal.aborted }
      const entry = await commit(mailshot, page, report).catch((error: unknown) => {
        noted = [...notes, ...noted]
        throw error
      })
      inHand += entry.inHand.length - notes.length
      return entry
    },
  }
}

/** Says that a message was not handed over, by nobody's fault: it goes back, and the lane need not rest. */
export const notHandedOver: Outcome = {
  status: 'deferred',
  scope: 'relay',
  reason: 'the worker was silent for longer than its lease',
}

interface Note {
  recipient: HeldRecipient
  outcome: Outcome
}

interface Page {
  notes: Note[]
  next: ClaimedRecipient[]
  workerId: string
  isStopping: boolean
}

async function commit(mailshot: Mailshot, page: Page, report: DeliverReport): Promise<Entry> {
  const { notes, next, workerId } = page
  const { config } = mailshot
  const lane = laneOf(config, 'send')
  const now = mailshot.now()
  const allowed = allowance(lane, next.length, now)
  const mark = { workerId, allowed, host: domainOf(config.from.address), lang: config.lang, now }
  const settlements = notes.map(({ recipient, outcome }) =>
    settlementOf(recipient, outcome, { now, maxTries: config.maxTries }),
  )
  const results = await mailshot.db.write(
    ...settleStatements(settlements, lane, now),
    ...faultStatements(lane, page, now),
    ...blockedStatements(mailshot, notes),
    ...laneStatements(lane, now),
    skipStatement(next, { workerId, now }),
    inHandStatement(next, mark),
    advanceStatement(lane, now),
    stillClaimedStatement(next),
  )
  for (const { status } of settlements) if (status !== 'returned') report[status] += 1
  return entryOf(page, readResults(results), { lane, report, now })
}

interface Results {
  state: LaneState
  skipped: number
  marks: Mark[]
  stillClaimed: Set<number>
}

/** By position from the end: lane, skip, mark, advance, still claimed. */
function readResults(results: unknown[][]): Results {
  const [lanes, skipped, marks, , claimed] = results.slice(-5) as [
    LaneState[],
    unknown[],
    Mark[],
    unknown[],
    { id: number }[],
  ]
  const state = lanes[0] ?? { nextAt: 0, parkedUntil: 0, parkedReason: null, freeAt: null }
  const stillClaimed = new Set(claimed.map(({ id }) => id))
  return { state, skipped: skipped.length, marks, stillClaimed }
}

function entryOf(
  { notes, next }: Page,
  { state, skipped, marks, stillClaimed }: Results,
  { lane, report, now }: { lane: Lane; report: DeliverReport; now: number },
): Entry {
  report.skipped += skipped
  const markOf = new Map(marks.map((mark) => [mark.id, mark]))
  const inHand: HeldRecipient[] = []
  for (const recipient of next) {
    const mark = markOf.get(recipient.id)
    if (!mark) continue
    const hour = slotHour(lane, state, inHand.length, now)
    const { messageId, lists } = mark
    inHand.push({ ...recipient, messageId, lists: JSON.parse(lists), hour, inHandAt: now })
  }
  const after = { ...state, nextAt: slotHour(lane, state, inHand.length, now) }
  return {
    settled: notes.length,
    inHand,
    left: next.filter(({ id }) => !stillClaimed.has(id)),
    rest: stillClaimed.size > 0 ? laneRest(lane, after, now) : 1000,
  }
}

function faultStatements(lane: Lane, { notes, isStopping }: Page, now: number): SQL[] {
  for (const { outcome } of notes) {
    if (outcome.status !== 'deferred' || outcome.scope !== 'relay') continue
    // Our own stop gives messages back in the same way, and is no fault of the relay.
    if (isStopping || outcome === notHandedOver) continue
    const { reason, retryAfter } = outcome
    return [parkStatement(lane, { reason, retryAfter }, now)]
  }
  const answered = notes.filter(
    ({ outcome }) => outcome.status === 'accepted' || outcome.status === 'rejected',
  )
  if (answered.length === 0) return []
  return [unparkStatement(lane, Math.max(...answered.map(({ recipient }) => recipient.inHandAt)))]
}

/**
 * A refused account or sender will refuse the next message too: the send waits for the operator. In the same transaction, so
 * that nothing more of it is put in hand.
 */
function blockedStatements(mailshot: Mailshot, notes: Note[]): SQL[] {
  const reasons = new Map<string, string>()
  for (const { recipient, outcome } of notes) {
    if (outcome.status === 'blocked') reasons.set(recipient.sendId, outcome.reason)
  }
  return [...reasons].flatMap(([id, reason]) => [
    queueAlarmStatement(mailshot, 'paused', sql`id = ${id} AND status = 'running'`),
    ...pauseStatements(mailshot, id, { reason: `blocked: ${reason}`, actor: 'mailshot' }),
  ])
}
