import { day, hour } from '../pace-limit.ts'
import type { LaneState } from '../pace/state.ts'
import type { Outcome } from '../transport.ts'
import { isRelayFault, mayBeOfMail } from './faults.ts'

/** Whose fault it is that the relay failed at a mail: the relay's as a whole, or that mail's own. */
export type Blame = 'relay' | 'mail'

/** A mail that was handed over, of a send or a letter. */
export interface Tried {
  /** `Message.id`. */
  id: string
  /** When the relay first failed at it, of the times since its last other answer. */
  relayFaultAt: number | null
  outcome: Outcome
}

/** So many mails at which it failed, and nothing accepted in between, mean the relay. */
const mostFailing = 10
/** Where nothing else is accepted in between, so many times over so long mean the mail. */
const leastTimes = 5
const leastMs = 2 * hour
/** Who asks to wait has a limit for all, a day's perhaps. */
const leastMsOfLimit = 2 * day

/**
 * Tells the relay's faults as a whole, which cost nobody a try, from those that one mail causes each time. A mail is to blame where
 * the relay has failed at it before and has answered for others since; and, where there are no others, where the transport knows that
 * all went well up to this mail, several times over hours. As long as it fails at many, or at one for the first time, it is the relay.
 *
 * @returns whose fault the outcomes of these are; undefined where none is a fault of the relay
 */
export function blameOf(lane: LaneState, tried: readonly Tried[], now: number): Blame | undefined {
  const failed = tried.filter(({ outcome }) => isRelayFault(outcome))
  if (failed.length === 0) return undefined
  const isAccepted = tried.some(({ outcome }) => outcome.status === 'accepted')
  const before = isAccepted ? {} : lane.failing
  const all = new Set([...Object.keys(before), ...failed.map(({ id }) => id)])
  const isOwn = (one: Tried) => hasOthersSince(lane, one) || isAlwaysThere(lane, one, now)
  return all.size <= mostFailing && failed.every(isOwn) ? 'mail' : 'relay'
}

/** Whether the relay failed at it, answered for others, and does well but for it. */
function hasOthersSince({ answeredAt, faults }: LaneState, { relayFaultAt, outcome }: Tried) {
  return faults === 0 && mayBeOfMail(outcome) && answeredAt > (relayFaultAt ?? Infinity)
}

function isAlwaysThere({ failing }: LaneState, { id, relayFaultAt, outcome }: Tried, now: number) {
  if (outcome.status !== 'deferred' || outcome.step !== 'mail') return false
  const times = 1 + (failing[id] ?? 0)
  const least = outcome.retryAfter === undefined ? leastMs : leastMsOfLimit
  return times >= leastTimes && now - (relayFaultAt ?? now) >= least
}
