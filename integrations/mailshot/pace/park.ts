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
  const isTold = sql`EXISTS (SELECT 1 FROM letters
    WHERE kind = 'alarm' AND "values" ->> 'event' = 'resting' AND created_at > ${now - day})`
  return [
    laneRowStatement(lane.scope),
    queueLetterStatement(mailshot, {
      kind: 'alarm',
      email: operator,
      lang,
      values: { event: 'resting', reason: fault.reason },
      when: sql`${isLong} AND NOT ${isTold}`,
    }),
    parkStatement(lane, fault, now),
  ]
}

/** A condition for rows of lanes: the transport's or a domain's, that rests or is slowed down; not one that the guard holds. */
export function isHeldUp(transport: string, now: number): SQL {
  return sql`(scope = ${transport} OR (scope >= 'domain:' AND scope < 'domain;'))
    AND ((parked_until > ${now} AND parked_until < ${heldUntil}) OR (next_at > ${now} AND ${isStillSlowed(now)}))`
}

/**
 * Lets the lanes that rest or are slowed down be tried at once, the transport's and those of domains, and the letters that wait for
 * the transport's. How far they were slowed stays: they recover by themselves, and no command is a way around that.
 */
export function liftStatements(transport: string, now: number): SQL[] {
  return [
    sql`UPDATE letters SET due_at = ${now} WHERE status = 'pending' AND due_at > ${now}
      AND due_at = (SELECT parked_until FROM lanes WHERE scope = ${transport})`,
    sql`UPDATE lanes SET parked_until = iif(parked_until < ${heldUntil}, 0, parked_until),
        parked_reason = iif(parked_until < ${heldUntil}, NULL, parked_reason), faults = 0,
        next_at = iif(${isStillSlowed(now)}, min(next_at, ${now}), next_at)
      WHERE ${isHeldUp(transport, now)}`,
  ]
}
