import type { ClaimedRecipient } from '../recipient.ts'
import type { Outcome } from '../transport.ts'

/** An outcome as it is written down. */
export interface Settlement {
  id: number
  claimId: string
  status: 'sent' | 'failed' | 'deferred' | 'uncertain' | 'returned'
  reason: string | null
  enhanced: string | null
  dueAt: number | null
  providerId: string | null
  answer: string | null
  /** When the relay first failed at this mail, where it did so now and has answered nothing else since. */
  relayFaultAt?: number | null
}

const minute = 60_000
/** After the first, second, … try. Greylisting asks for some five minutes. */
const retryDelays = [5 * minute, 20 * minute, 60 * minute, 180 * minute, 360 * minute]

/**
 * What an outcome means for a recipient. A fault of the relay as a whole or a blocked account gives it back and costs it no try; its
 * own temporary refusal comes back later, at most `maxTries` times, and so does what the relay fails at because of this mail.
 */
export function settlementOf(
  recipient: ClaimedRecipient,
  outcome: Outcome,
  limits: { now: number; maxTries: number; blame?: 'relay' | 'mail' | undefined },
): Settlement {
  const blank = { reason: null, enhanced: null, dueAt: null, providerId: null, answer: null }
  const { id, claimId } = recipient
  const { now, maxTries, blame } = limits
  const relayFaultAt = relayFaultOf(recipient, { outcome, blame, now })
  const base = { ...blank, id, claimId }
  switch (outcome.status) {
    case 'accepted': {
      const { providerId, answer } = outcome
      return { ...base, status: 'sent', providerId, answer: answer ?? null }
    }
    case 'rejected': {
      const { reason, enhanced } = outcome
      return { ...base, status: 'failed', reason, answer: reason, enhanced: enhanced ?? null }
    }
    case 'uncertain':
      return { ...base, status: 'uncertain', reason: outcome.reason }
    case 'blocked':
      return { ...base, status: 'returned', reason: outcome.reason, relayFaultAt }
    case 'deferred': {
      const { reason, scope, retryAfter } = outcome
      if (scope === 'relay' && blame !== 'mail') {
        return { ...base, status: 'returned', reason, relayFaultAt }
      }
      const own = { reason, answer: reason, relayFaultAt }
      const tries = recipient.tries + 1
      if (tries >= maxTries) return { ...base, ...own, status: 'failed' }
      return { ...base, ...own, status: 'deferred', dueAt: now + delayAfter(tries, retryAfter) }
    }
  }
}

/**
 * When the relay first failed at a mail, of the times since its last other answer. What failed before anything was said of this mail
 * does not count, nor what our own stop gives back; a refused account says nothing of it.
 */
export function relayFaultOf(
  { relayFaultAt = null }: { relayFaultAt?: number | null },
  { outcome, blame, now }: { outcome: Outcome; blame?: 'relay' | 'mail' | undefined; now: number },
): number | null {
  if (outcome.status === 'blocked') return relayFaultAt
  if (outcome.status !== 'deferred' || outcome.scope !== 'relay') return null
  const isCounted = blame !== undefined && outcome.step !== 'connection'
  return isCounted ? (relayFaultAt ?? now) : relayFaultAt
}

/** Milliseconds until the next try. Who names a wait is believed the first time; then the delays grow in any case. */
function delayAfter(tries: number, retryAfter: number | undefined): number {
  const delay = retryDelays[tries - 1] ?? 360 * minute
  const named = namedWait(retryAfter)
  if (named === undefined) return delay
  return tries === 1 ? named : Math.max(delay, named)
}

/**
 * The wait that an answer named (in seconds), in milliseconds: just after it, since clocks differ. A wait of a moment, or of days, is
 * no answer to a newsletter.
 */
export function namedWait(retryAfter: number | undefined): number | undefined {
  if (retryAfter === undefined) return undefined
  return Math.min(24 * 60 * minute, Math.max(minute / 2, retryAfter * 1000 + 5000))
}
