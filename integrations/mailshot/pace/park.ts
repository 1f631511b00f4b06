import { type SQL, sql } from 'drizzle-orm/sql'
import { queueLetterStatement } from '../letter.ts'
import type { Mailshot } from '../mailshot.ts'
import type { Lane } from '../pace.ts'
import { day, hour } from '../pace-limit.ts'
import { parkStatement } from './slow.ts'
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

/** Lets a lane that rests be tried at once, and the letters that wait for it. */
export function liftStatements(scope: string, now: number): SQL[] {
  return [
    sql`UPDATE letters SET due_at = ${now} WHERE status = 'pending' AND due_at > ${now}
      AND due_at = (SELECT parked_until FROM lanes WHERE scope = ${scope})`,
    sql`UPDATE lanes SET parked_until = 0, parked_reason = NULL, faults = 0
      WHERE scope = ${scope} AND parked_until > ${now}`,
  ]
}
