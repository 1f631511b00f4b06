import { type SQL, sql } from 'drizzle-orm/sql'
import { notHandedOver } from '../deliver/faults.ts'
import type { Mailshot } from '../mailshot.ts'
import { laneOf } from '../pace.ts'
import { parkStatements } from '../pace/park.ts'
import { unparkStatement } from '../pace/slow.ts'
import { namedWait } from '../recipient/settlement.ts'
import type { Outcome } from '../transport.ts'

const minute = 60_000
/** After the first, second, … try: from 10 minutes on, given up some 18 hours after the first. */
const retryDelays = [10, 20, 60, 180, 360, 450].map((minutes) => minutes * minute)

/** What becomes of a letter that was tried. */
export interface Fate {
  status: 'sent' | 'pending' | 'failed'
  /** Milliseconds since 1970; a scalar SQL expression where the database knows it. */
  dueAt: number | SQL
  reason: string | null
  answer: string | null
  /** Tries that did not count. */
  refund: 0 | 1
}

/** What an outcome means for a letter at its n-th try, whose worker is told to stop or not. */
export function fateOf(
  mailshot: Mailshot,
  tries: number,
  { outcome, isStopping }: { outcome: Outcome; isStopping: boolean },
): Fate {
  const now = mailshot.now()
  const base = { dueAt: now, reason: null, answer: null, refund: 0 } as const
  if (outcome.status === 'accepted') {
    return { ...base, status: 'sent', answer: outcome.answer ?? outcome.providerId }
  }
  const { reason } = outcome
  if (isRelayFault(outcome)) {
    if (isStopping || outcome === notHandedOver) return givenBack(now)
    return { ...base, status: 'pending', dueAt: relayBackAt(mailshot, outcome), reason, refund: 1 }
  }
  // Only a mailbox that does not exist ends a letter early; everything else may pass within the day.
  const isFinal = outcome.status === 'rejected' && outcome.class === 'hard'
  const delay = retryDelays[tries - 1]
  if (isFinal || delay === undefined) return { ...base, status: 'failed', reason }
  const named = outcome.status === 'deferred' ? namedWait(outcome.retryAfter) : undefined
  const wait = tries === 1 ? (named ?? delay) : Math.max(delay, named ?? 0)
  return { ...base, status: 'pending', dueAt: now + wait, reason }
}

/** Our own stop is no fault of anybody: the next worker mails it at once. */
function givenBack(now: number): Fate {
  const reason = 'the worker stopped before the hand-over'
  return { status: 'pending', dueAt: now, reason, answer: null, refund: 1 }
}

function isRelayFault(outcome: Outcome) {
  return outcome.status === 'deferred' && outcome.scope === 'relay'
}

/** A person waits for it: it goes as soon as the relay is tried again. A mailer of the site's own has no lane that rests. */
function relayBackAt({ config, now }: Mailshot, outcome: Outcome): number | SQL {
  if (config.mailer) {
    const named = outcome.status === 'deferred' ? namedWait(outcome.retryAfter) : undefined
    return now() + (named ?? minute)
  }
  const { scope } = laneOf(config, 'letter')
  return sql`max(${now()}, coalesce((SELECT parked_until FROM lanes WHERE scope = ${scope}), 0))`
}

/** What an outcome of a letter that was taken at a time means for the relay. To stand before the letter is settled. */
export function relayStatements(
  mailshot: Mailshot,
  { takenAt, outcome, isStopping }: { takenAt: number; outcome: Outcome; isStopping: boolean },
): SQL[] {
  const { config } = mailshot
  if (config.mailer || outcome === notHandedOver) return []
  const lane = laneOf(config, 'letter')
  if (outcome.status === 'accepted' || outcome.status === 'rejected') {
    return [unparkStatement(lane, takenAt, mailshot.now())]
  }
  if (isStopping || outcome.status !== 'deferred' || outcome.scope !== 'relay') return []
  const { reason, retryAfter } = outcome
  return parkStatements(mailshot, lane, { reason, retryAfter })
}
