import { type SQL, sql } from 'drizzle-orm/sql'
import { queueAlarmStatement } from '../letter.ts'
import { domainOf } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import {
  advanceStatement,
  allowance,
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
  type Settlement,
  settlementOf,
  stillClaimedStatement,
  settleStatements,
} from '../recipient.ts'
import { pauseStatements } from '../send.ts'
import type { Outcome } from '../transport.ts'
import type { DeliverReport } from '../deliver.ts'
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

interface Note {
  recipient: HeldRecipient
  outcome: Outcome
}

/** The one writer of a worker's marks and outcomes. */
export function openLedger(mailshot: Mailshot, signal: AbortSignal): Ledger {
  const lane = laneOf(mailshot.config, 'send')
  const host = domainOf(mailshot.config.from.address)
  const report = { sent: 0, failed: 0, deferred: 0, uncertain: 0, skipped: 0 }
  let noted: Note[] = []
  let inHand = 0
  let hasFaults = false

  const write: Ledger['write'] = async (claimed, capacity, workerId) => {
    const settling = noted
    noted = []
    const now = mailshot.now()
    const free = Math.max(0, capacity - inHand + settling.length)
    const next = claimed.slice(0, free)
    if (settling.length + next.length === 0) return { settled: 0, inHand: [], left: [], rest: 1000 }
    const settlements = settling.map((note) => settle(note, now))
    const outcomes = [
      ...settleStatements(settlements, lane, now),
      ...faultStatements(settling, now),
      ...blockedStatements(mailshot, settling),
    ]
    const { state, marks, stillClaimed } = await commit(outcomes, next, { workerId, now }).catch(
      (error: unknown) => {
        noted = [...settling, ...noted]
        throw error
      },
    )
    count(settlements)
    hasFaults = state.parkedUntil > 0
    const taken = takeMarked(next, marks, state, now)
    inHand += taken.length - settling.length
    return {
      settled: settling.length,
      inHand: taken,
      left: next.filter(({ id }) => !stillClaimed.has(id)),
      rest: marks.length < next.length ? laneRest(lane, state, now) : 1000,
    }
  }

  const commit = async (
    outcomes: SQL[],
    next: ClaimedRecipient[],
    { workerId, now }: { workerId: string; now: number },
  ) => {
    const results = await mailshot.db.write(
      ...outcomes,
      ...laneStatements(lane, now),
      inHandStatement(next, { workerId, allowed: allowance(lane, next.length, now), host, now }),
      advanceStatement(lane, now),
      stillClaimedStatement(next),
    )
    // By position from the end: lane, mark, advance, still claimed.
    const [lanes, marks, , claimed] = results.slice(-4) as [
      LaneState[],
      Mark[],
      [],
      { id: number }[],
    ]
    const state = lanes[0] ?? { nextAt: 0, parkedUntil: 0, parkedReason: null, freeAt: null }
    return { state, marks, stillClaimed: new Set(claimed.map(({ id }) => id)) }
  }

  const settle = ({ recipient, outcome }: Note, now: number): Settlement => {
    const { maxTries } = mailshot.config
    return settlementOf(recipient, outcome, { now, maxTries })
  }

  const faultStatements = (settling: Note[], now: number) => {
    const outcomes = settling.map(({ outcome }) => outcome)
    const fault = outcomes.find((one) => one.status === 'deferred' && one.scope === 'relay')
    // Our own stop gives messages back in the same way, and is no fault of the relay.
    if (fault?.status === 'deferred' && !signal.aborted) {
      const { reason, retryAfter } = fault
      return [parkStatement(lane, { reason, retryAfter }, now)]
    }
    const isWell = outcomes.some((one) => one.status === 'accepted' || one.status === 'rejected')
    return isWell && hasFaults ? [unparkStatement(lane)] : []
  }

  const takeMarked = (
    next: ClaimedRecipient[],
    marks: Mark[],
    state: LaneState,
    now: number,
  ): HeldRecipient[] => {
    const markOf = new Map(marks.map((mark) => [mark.id, mark]))
    const taken: HeldRecipient[] = []
    for (const recipient of next) {
      const mark = markOf.get(recipient.id)
      if (mark?.status === 'skipped') report.skipped += 1
      if (mark?.status !== 'in-hand') continue
      const hour = slotHour(lane, state, taken.length, now)
      const { messageId, lists } = mark
      taken.push({ ...recipient, messageId, lists: JSON.parse(lists), hour })
    }
    return taken
  }

  const count = (settlements: Settlement[]) => {
    for (const { status } of settlements) if (status !== 'returned') report[status] += 1
  }

  return {
    report,
    write,
    hasNews: () => noted.length > 0,
    note: (recipient, outcome) => noted.push({ recipient, outcome }),
  }
}

/**
 * A refused account or sender will refuse the next message too: the send waits for the operator. In the same transaction, so
 * that nothing more of it is put in hand.
 */
function blockedStatements(mailshot: Mailshot, settling: Note[]): SQL[] {
  const reasons = new Map<string, string>()
  for (const { recipient, outcome } of settling) {
    if (outcome.status === 'blocked') reasons.set(recipient.sendId, outcome.reason)
  }
  return [...reasons].flatMap(([id, reason]) => [
    queueAlarmStatement(mailshot, 'paused', sql`id = ${id} AND status = 'running'`),
    ...pauseStatements(mailshot, id, { reason: `blocked: ${reason}`, actor: 'mailshot' }),
  ])
}
