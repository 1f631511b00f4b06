import { type SQL, sql } from 'drizzle-orm/sql'
import { queueLetterStatement } from '../letter.ts'
import type { Mailshot } from '../mailshot.ts'
import type { Lane } from '../pace.ts'
import { day, hour } from '../pace-limit.ts'
import { heldUntil } from './held.ts'
import { isStillSlowed, parkStatement } from './slow.ts'
import { laneRowStatement } from './state.ts'

/** So many faults in a row, each rested for longer than the last, have taken over an hour. */
const faultsInAnHour = 11

/** Rests the transport's lane after a fault of the relay; the operator is told once a day where that takes an hour or more. */
export function parkStatements(
  mailshot: Mailshot,
  lane: Lane,
  fault: { reason: string; retryAfter: number | undefined },
): SQL[] {
  const now = mailshot.now()
  const { operator, lang } = mailshot.config
  const least = (fault.retryAfter ?? 0) * 1000 >= hour ? 1 : faultsInAnHour
  const isLong = sql`EXISTS (SELECT 1 FROM lanes
    WHERE scope = ${lane.scope} AND parked_until <= ${now} AND faults + 1 >= ${least})`
  // Of one among several transports, its name: each is told of.
  const reason = lane.transport === undefined ? fault.reason : `${lane.transport}: ${fault.reason}`
  const isTold = sql`EXISTS (SELECT 1 FROM letters
    WHERE kind = 'alarm' AND "values" ->> 'event' = 'resting' AND created_at > ${now - day}
      AND "values" ->> 'transport' IS ${lane.transport ?? null})`
  return [
    laneRowStatement(lane.scope),
    queueLetterStatement(mailshot, {
      kind: 'alarm',
      email: operator,
      lang,
      values: {
        event: 'resting',
        reason,
        ...(lane.transport !== undefined && { transport: lane.transport }),
      },
      when: sql`${isLong} AND NOT ${isTold}`,
    }),
    parkStatement(lane, fault, now),
  ]
}

/** A condition for rows of lanes: a transport's or a domain's, that rests or is slowed down; not one that the guard holds. */
export function isHeldUp(transports: readonly string[], now: number): SQL {
  return sql`(scope IN ${scopesOf(transports)} OR (scope >= 'domain:' AND scope < 'domain;'))
    AND ((parked_until > ${now} AND parked_until < ${heldUntil}) OR (next_at > ${now} AND ${isStillSlowed(now)}))`
}

/**
 * Lets the lanes that rest or are slowed down be tried at once, those of transports and of domains, and the letters that wait for
 * a transport's. How far they were slowed stays: they recover by themselves, and no command is a way around that. So does since when a
 * transport has not taken anything: its fallback goes on until it does.
 */
export function liftStatements(transports: readonly string[], now: number): SQL[] {
  return [
    sql`UPDATE letters SET due_at = ${now} WHERE status = 'pending' AND due_at > ${now}
      AND due_at IN (SELECT parked_until FROM lanes WHERE scope IN ${scopesOf(transports)})`,
    sql`UPDATE lanes SET parked_until = iif(parked_until < ${heldUntil}, 0, parked_until),
        parked_reason = iif(parked_until < ${heldUntil}, NULL, parked_reason), faults = min(faults, 1),
        next_at = iif(${isStillSlowed(now)}, min(next_at, ${now}), next_at)
      WHERE ${isHeldUp(transports, now)}`,
  ]
}

function scopesOf(transports: readonly string[]): SQL {
  return sql`(SELECT value FROM json_each(${JSON.stringify(transports)}))`
}
