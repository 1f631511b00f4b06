import { type SQL, sql } from 'drizzle-orm'
import { queueAlarmStatement } from '../letter.ts'
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
import { pauseSend } from '../send.ts'
import type { Outcome } from '../transport.ts'
import type { DeliverReport } from '../deliver.ts'
import { type HeldRecipient, messageIdOf } from './held.ts'

export interface Ledger {
  readonly report: DeliverReport
  /** Notes an outcome, to be committed by the next write. */
  note(recipient: HeldRecipient, outcome: Outcome): void
  hasNews(): boolean
  /**
   * One transaction: settles what was noted, then puts the first of `claimed` in hand, as many as `capacity` and the pace
   * allow. `left` are those that are claimed no more; `rest` says when it is worth trying again, in milliseconds.
   */
  write(
    claimed: ClaimedRecipient[],
    capacity: number,
    workerId: string,
  ): Promise<{ held: { inHand: HeldRecipient[]; left: ClaimedRecipient[] }; rest: number }>
}

/** The one writer of a worker's marks and outcomes. */
export function openLedger(mailshot: Mailshot, signal: AbortSignal): Ledger {
  const lane = laneOf(mailshot.config, 'send')
  const report = { sent: 0, failed: 0, deferred: 0, uncertain: 0, skipped: 0 }
  let noted: { recipient: HeldRecipient; outcome: Outcome }[] = []
  let inHand = 0
  let hasFaults = false

  const write: Ledger['write'] = async (claimed, capacity, workerId) => {
    const settling = noted
    noted = []
    const now = mailshot.now()
    const wanted = Math.min(claimed.length, capacity - inHand + settling.length)
    if (settling.length === 0 && wanted <= 0) return { held: { inHand: [], left: [] }, rest: 1000 }
    const settlements = settling.map(({ recipient, outcome }) => settle(recipient, outcome, now))
    const next = claimed.slice(0, Math.max(0, wanted))
    const { state, marks, stillClaimed } = await commit(
      [...settleStatements(settlements, lane, now), ...faultStatements(settling, now)],
      next,
      { workerId, now },
    ).catch((error: unknown) => {
      noted = [...settling, ...noted]
      throw error
    })
    inHand -= settling.length
    count(settlements)
    hasFaults = state.parkedUntil > 0
    await pauseBlocked(mailshot, settling)
    const taken = takeMarked(next, marks, state, now)
    inHand += taken.length
    const left = next.filter(({ id }) => !stillClaimed.has(id))
    const isShort = marks.length < wanted
    return { held: { inHand: taken, left }, rest: isShort ? laneRest(lane, state, now) : 1000 }
  }

  const commit = async (
    outcomes: SQL[],
    next: ClaimedRecipient[],
    { workerId, now }: { workerId: string; now: number },
  ) => {
    const results = await mailshot.db.write(
      ...outcomes,
      ...laneStatements(lane, now),
      inHandStatement(next, { workerId, allowed: allowance(lane, next.length, now), now }),
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

  const settle = (recipient: HeldRecipient, outcome: Outcome, now: number): Settlement => {
    const messageId = messageIdOf(mailshot.config, recipient)
    const { maxTries } = mailshot.config
    return settlementOf({ ...recipient, messageId }, outcome, { now, maxTries })
  }

  const faultStatements = (settling: { outcome: Outcome }[], now: number) => {
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
      taken.push({ ...recipient, lists: JSON.parse(mark.lists), hour })
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

/** A refused account or sender will refuse the next message too: the send waits for the operator. */
async function pauseBlocked(
  mailshot: Mailshot,
  settling: { recipient: HeldRecipient; outcome: Outcome }[],
): Promise<void> {
  const reasons = new Map<string, string>()
  for (const { recipient, outcome } of settling) {
    if (outcome.status === 'blocked') reasons.set(recipient.sendId, outcome.reason)
  }
  for (const [id, reason] of reasons) {
    await mailshot.db.write(
      queueAlarmStatement(mailshot, 'paused', sql`id = ${id} AND status = 'running'`),
    )
    await pauseSend(mailshot, id, { reason: `blocked: ${reason}`, actor: 'mailshot' })
  }
}
