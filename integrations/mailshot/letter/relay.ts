import type { SQL } from 'drizzle-orm/sql'
import { type Blame, blameOf } from '../deliver/blame.ts'
import { isRelayFault, mayBeOfMail, notHandedOver } from '../deliver/faults.ts'
import type { Mailshot } from '../mailshot.ts'
import { type Lane, laneOf } from '../pace.ts'
import { countFailingStatement, forgetFailingStatement } from '../pace/failing.ts'
import { parkStatements } from '../pace/park.ts'
import { parkStatement, unparkStatement } from '../pace/slow.ts'
import { laneRowStatement, readLaneState } from '../pace/state.ts'
import type { Outcome } from '../transport.ts'

interface Tried {
  id: number
  takenAt: number
  relayFaultAt: number | null
}

/** Whose fault it is where the relay failed at a letter, by the rules of all mails; undefined where it did not. */
export async function blameOfLetter(
  mailshot: Mailshot,
  { id, relayFaultAt }: Tried,
  outcome: Outcome,
): Promise<Blame | undefined> {
  if (!isRelayFault(outcome)) return undefined
  const state = await readLaneState(mailshot.db, letterLane(mailshot).scope)
  return blameOf(state, [{ id: messageId(id), relayFaultAt, outcome }], mailshot.now())
}

/** What the outcome of a letter means for the relay. To stand before the letter is settled. */
export function relayStatements(
  mailshot: Mailshot,
  { id, takenAt }: Tried,
  { outcome, blame }: { outcome: Outcome; blame: Blame | undefined },
): SQL[] {
  const lane = letterLane(mailshot)
  if (outcome.status === 'accepted') {
    return [forgetFailingStatement(lane.scope), unparkStatement(lane, takenAt, mailshot.now())]
  }
  if (outcome.status === 'rejected') return [unparkStatement(lane, takenAt, mailshot.now())]
  if (outcome === notHandedOver || outcome.status !== 'deferred' || blame === undefined) return []
  return [
    ...(blame === 'relay' ? restStatements(mailshot, lane, outcome) : []),
    ...(mayBeOfMail(outcome) ? [countFailingStatement(lane.scope, [messageId(id)])] : []),
  ]
}

/** A mailer of the site's own does not rest: its row tells since when it failed, and that it answered again. */
function restStatements(
  mailshot: Mailshot,
  lane: Lane,
  { reason, retryAfter }: { reason: string; retryAfter?: number },
): SQL[] {
  if (!mailshot.config.mailer) return parkStatements(mailshot, lane, { reason, retryAfter })
  const noRest = parkStatement(lane, { reason, retryAfter: 0 }, mailshot.now())
  return [laneRowStatement(lane.scope), noRest]
}

function letterLane({ config }: Mailshot): Lane {
  const lane = laneOf(config, 'letter')
  return config.mailer ? { ...lane, scope: 'mailer' } : lane
}

/** `Message.id` of a letter. */
function messageId(id: number): string {
  return `letter.${id}`
}
