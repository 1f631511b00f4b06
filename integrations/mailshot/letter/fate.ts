import { type SQL, sql } from 'drizzle-orm/sql'
import type { Blame } from '../deliver/blame.ts'
import type { Mailshot } from '../mailshot.ts'
import { laneOf } from '../pace.ts'
import { namedWait, relayFaultOf } from '../recipient/settlement.ts'
import { wayOf } from '../route.ts'
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
  /** When the relay first failed at it, where it did so now and has answered nothing else since. */
  relayFaultAt: number | null
}

/**
 * What an outcome means for a letter at its n-th try. A fault of the relay is `blame`d on one of the two; on neither, it is our own
 * stop that gives the letter back.
 */
export function fateOf(
  mailshot: Mailshot,
  letter: { tries: number; relayFaultAt: number | null },
  { outcome, blame }: { outcome: Outcome; blame: Blame | undefined },
): Fate {
  const now = mailshot.now()
  const relayFaultAt = relayFaultOf(letter, { outcome, blame, now })
  const base = { dueAt: now, reason: null, answer: null, refund: 0, relayFaultAt } as const
  if (outcome.status === 'accepted') {
    return { ...base, status: 'sent', answer: outcome.answer ?? outcome.providerId }
  }
  const { reason } = outcome
  if (outcome.status === 'deferred' && outcome.scope === 'relay' && blame !== 'mail') {
    const back = { ...base, status: 'pending', refund: 1 } as const
    // Our own stop is no fault of anybody: the next worker mails it at once.
    if (blame === undefined) return { ...back, reason: 'the worker stopped before the hand-over' }
    return { ...back, dueAt: relayBackAt(mailshot, outcome), reason }
  }
  // Only a mailbox that does not exist ends a letter early; everything else may pass within the day.
  const isFinal = outcome.status === 'rejected' && outcome.class === 'hard'
  const delay = retryDelays[letter.tries - 1]
  if (isFinal || delay === undefined) return { ...base, status: 'failed', reason }
  const named = outcome.status === 'deferred' ? namedWait(outcome.retryAfter) : undefined
  const wait = letter.tries === 1 ? (named ?? delay) : Math.max(delay, named ?? 0)
  return { ...base, status: 'pending', dueAt: now + wait, reason }
}

/** A person waits for it: it goes as soon as the relay is tried again. A mailer of the site's own has no lane that rests. */
function relayBackAt({ config, now }: Mailshot, outcome: Outcome): number | SQL {
  if (config.mailer) {
    const named = outcome.status === 'deferred' ? namedWait(outcome.retryAfter) : undefined
    return now() + (named ?? minute)
  }
  const { scope } = laneOf(config, 'letter')
  const { fallback } = wayOf(config, config.transport.name)
  const until = sql`max(${now()}, parked_until)`
  // At once where its fallback takes over.
  const dueAt = fallback
    ? sql`iif(faults > 0 AND ${until} - faults_from >= ${fallback.afterMs}, ${now()}, ${until})`
    : until
  return sql`coalesce((SELECT ${dueAt} FROM lanes WHERE scope = ${scope}), ${now()})`
}
