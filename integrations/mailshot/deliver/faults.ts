import { type SQL, sql } from 'drizzle-orm/sql'
import { domainOf } from '../email-address.ts'
import { queueAlarmStatement } from '../letter.ts'
import type { Mailshot } from '../mailshot.ts'
import { spacingOf } from '../pace.ts'
import { countFailingStatement, forgetFailingStatement } from '../pace/failing.ts'
import { parkStatements } from '../pace/park.ts'
import { restStatement, slowStatement, unparkStatement } from '../pace/slow.ts'
import { laneRowStatement } from '../pace/state.ts'
import { pauseStatements } from '../send.ts'
import type { Outcome } from '../transport.ts'
import type { Blame } from './blame.ts'
import { type HeldRecipient, messageKeyOf } from './held.ts'
import type { Lanes } from './lanes.ts'
import { streakStatements } from './streak.ts'

export interface Note {
  recipient: HeldRecipient
  outcome: Outcome
}

/** Says that a message was not handed over, by nobody's fault: it goes back, and the lane need not rest. */
export const notHandedOver: Outcome = {
  status: 'deferred',
  scope: 'relay',
  reason: 'the worker was silent for longer than its lease',
}

/**
 * What outcomes mean beyond their recipients: a fault of the relay as a whole rests the transport's lane and slows it where the
 * relay asked to wait, a domain's refusal slows that domain, a refused account pauses the send. To stand before the outcomes are settled.
 */
export function faultStatements(
  mailshot: Mailshot,
  lanes: Lanes,
  { notes, blame }: { notes: Note[]; blame: Blame | undefined },
  now: number,
): SQL[] {
  if (notes.every(({ outcome }) => outcome.status === 'accepted') && isCalm(lanes)) return []
  return [
    ...relayStatements(mailshot, lanes, { notes, blame, now }),
    ...domainStatements(lanes, notes, now),
    ...blockedStatements(mailshot, notes),
    ...streakStatements(mailshot, lanes, notes),
  ]
}

/** Nothing to take back when all goes well. */
function isCalm({ transportState }: Lanes): boolean {
  const { faults, parkedUntil, refusals, failing } = transportState
  return faults === 0 && parkedUntil === 0 && refusals === 0 && Object.keys(failing).length === 0
}

/** Whether an outcome is laid at the relay's door at first; not what our own stop gives back. */
export function isRelayFault(outcome: Outcome): boolean {
  return outcome.status === 'deferred' && outcome.scope === 'relay' && outcome !== notHandedOver
}

/** Whether a fault of the relay can be what this mail causes: not where it came before anything was said of it. */
export function mayBeOfMail(outcome: Outcome): boolean {
  return outcome.status === 'deferred' && outcome.step !== 'connection'
}

function relayStatements(
  mailshot: Mailshot,
  lanes: Lanes,
  { notes, blame, now }: { notes: Note[]; blame: Blame | undefined; now: number },
): SQL[] {
  const { scope } = lanes.transport(now)
  const isAccepted = notes.some(({ outcome }) => outcome.status === 'accepted')
  const failing = notes.filter(({ outcome }) => isRelayFault(outcome) && mayBeOfMail(outcome))
  const ids = failing.map(({ recipient }) => messageKeyOf(recipient))
  return [
    ...(isAccepted ? [forgetFailingStatement(scope)] : []),
    ...(blame === 'relay'
      ? restStatements(mailshot, lanes, notes, now)
      : wakeStatements(lanes, notes, now)),
    ...(blame !== undefined && ids.length > 0 ? [countFailingStatement(scope, ids)] : []),
  ]
}

function restStatements(mailshot: Mailshot, lanes: Lanes, notes: Note[], now: number): SQL[] {
  const lane = lanes.transport(now)
  for (const { recipient, outcome } of notes) {
    if (outcome.status !== 'deferred' || !isRelayFault(outcome)) continue
    const { reason, retryAfter } = outcome
    const { inHandAt } = recipient
    const seenSpacing = lanes.pulse.gapOf('', now)
    const leastSpacing = spacingOf(lane)
    return [
      ...parkStatements(mailshot, lane, { reason, retryAfter }),
      // A relay that cannot be reached is not helped by fewer mails; one that names a wait is.
      ...(retryAfter === undefined
        ? []
        : [slowStatement(lane.scope, { inHandAt, seenSpacing, leastSpacing, reason }, now)]),
    ]
  }
  return []
}

function wakeStatements(lanes: Lanes, notes: Note[], now: number): SQL[] {
  const answered = notes.filter(
    ({ outcome }) => outcome.status === 'accepted' || outcome.status === 'rejected',
  )
  if (answered.length === 0) return []
  const latest = Math.max(...answered.map(({ recipient }) => recipient.inHandAt))
  return [unparkStatement(lanes.transport(now), latest, now)]
}

/** The latest refusal of each domain: only one that was put in hand after the last slowing counts. */
function domainStatements(lanes: Lanes, notes: Note[], now: number): SQL[] {
  const refused = new Map<string, { inHandAt: number; reason: string; seconds: number }>()
  for (const { recipient, outcome } of notes) {
    if (outcome.status !== 'deferred' || outcome.scope !== 'domain') continue
    const domain = domainOf(recipient.written)
    const before = refused.get(domain)
    refused.set(domain, {
      reason: outcome.reason,
      inHandAt: Math.max(recipient.inHandAt, before?.inHandAt ?? 0),
      seconds: Math.max(outcome.retryAfter ?? 0, before?.seconds ?? 0),
    })
  }
  return [...refused].flatMap(([domain, refusal]) => {
    const scope = `domain:${domain}`
    const seenSpacing = lanes.pulse.gapOf(domain, now)
    const leastSpacing = spacingOf(lanes.domain(domain, now))
    return [
      laneRowStatement(scope),
      slowStatement(scope, { ...refusal, seenSpacing, leastSpacing }, now),
      ...(refusal.seconds > 0 ? [restStatement(scope, refusal, now)] : []),
    ]
  })
}

/** Whether an outcome gives a domain a lane of its own. */
export function slowsDomain({ outcome }: Note): boolean {
  return outcome.status === 'deferred' && outcome.scope === 'domain'
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
  return [...reasons].flatMap(([id, reason]) => pauseWithAlarm(mailshot, id, `blocked: ${reason}`))
}

/** Pauses a send that runs, and tells the operator. */
function pauseWithAlarm(mailshot: Mailshot, id: string, reason: string): SQL[] {
  return [
    queueAlarmStatement(mailshot, 'paused', sql`id = ${id} AND status = 'running'`),
    ...pauseStatements(mailshot, id, { reason, actor: 'mailshot' }),
  ]
}
