import { type SQL, sql } from 'drizzle-orm/sql'
import type { Lane } from '../pace.ts'
import { day } from '../pace-limit.ts'

/** How far a lane was slowed down, at its last slowing. */
export interface Slowing {
  /** Milliseconds between two hand-overs from `slowedAt` on; 0 when it never was. */
  spacing: number
  /** What it was when the lane was free. */
  slowedFrom: number
  slowedAt: number
  slowedReason: string | null
}

/** In this time without a refusal the rate of a slowed lane doubles. */
const recoveryMs = 300_000
/** The slowest: one hand-over in ten minutes, to learn whether it is still refused. */
const slowestMs = 600_000
/** How far apart hand-overs were taken to be where none were seen before the first refusal. */
export const unknownSpacing = 1000

/**
 * Milliseconds between two hand-overs of a slowed lane at `now`; 0 once it is free again. It recovers steadily, and is free at twice
 * the rate that was first refused.
 */
export function slowedSpacing({ spacing, slowedFrom, slowedAt }: Slowing, now: number): number {
  if (spacing === 0) return 0
  const doubled = Math.max(0, now - slowedAt) / recoveryMs
  const whole = Math.floor(doubled)
  const recovered = (spacing * (1 - (doubled - whole) / 2)) / 2 ** whole
  return recovered <= slowedFrom / 2 ? 0 : recovered
}

/** When a slowed lane is free again, if it is not refused before. */
export function freeAgainAt({ spacing, slowedFrom, slowedAt }: Slowing): number {
  return slowedAt + recoveryMs * Math.ceil(Math.log2((2 * spacing) / slowedFrom))
}

/** `slowedSpacing` in SQL, which has no powers: between two doublings it goes down in a straight line. */
function recoveredSpacing(now: number): SQL {
  const since = sql`max(0, ${now} - slowed_at)`
  const doublings = sql`min(40, CAST(${since} / ${recoveryMs} AS INTEGER))`
  return sql`(spacing * (1.0 - (${since} % ${recoveryMs}) * 0.5 / ${recoveryMs}) / (1 << ${doublings}))`
}

/** A condition for rows of lanes: what they were slowed to is in force still. */
export function isStillSlowed(now: number): SQL {
  return sql`(spacing > 0 AND ${recoveredSpacing(now)} > slowed_from / 2.0)`
}

/** What was refused, and how fast the lane was. */
export interface Refusal {
  inHandAt: number
  /** Milliseconds between two hand-overs of the worker that was refused, of late. */
  seenSpacing: number
  /** What the lane's limits make of it at least; 0 where it has none. */
  leastSpacing: number
  reason: string
}

/**
 * Halves the rate of a lane: what it is by now, or else what it was seen to be. Only for a refusal of something that was put in hand
 * after the last slowing: what was under way then says nothing of the new rate.
 */
export function slowStatement(scope: string, refusal: Refusal, now: number): SQL {
  const recovered = recoveredSpacing(now)
  const isFree = sql`(NOT ${isStillSlowed(now)})`
  const seen = seenOfAll(refusal, now)
  const slowed = sql`CAST(round(CASE WHEN ${isFree} THEN 2 * ${seen} ELSE min(${slowestMs}, 2 * ${recovered}) END) AS INTEGER)`
  return sql`UPDATE lanes SET
      next_at = max(next_at, ${now} + ${slowed}), spacing = ${slowed},
      slowed_from = CASE WHEN ${isFree} THEN ${seen} ELSE slowed_from END,
      slowed_at = ${now}, slowed_reason = ${refusal.reason}
    WHERE scope = ${scope} AND slowed_at < ${refusal.inHandAt}`
}

/**
 * What all workers together were seen to do. Each sees its own share alone; they take turns at the same sends, so the shares are alike.
 * One that is too low costs a further refusal, which halves the rate again.
 */
function seenOfAll({ seenSpacing, leastSpacing }: Refusal, now: number): SQL {
  const workers = sql`max(1, (SELECT count(*) FROM workers WHERE lease_until > ${now}))`
  const seen = sql`max(1.0, ${leastSpacing}, 1.0 * ${seenSpacing} / ${workers})`
  return sql`CAST(round(min(${slowestMs / 2}, ${seen})) AS INTEGER)`
}

/** No answer rests a lane for longer than a day, after which it is tried again. */
function restMs(seconds: number): number {
  return Math.min(day, seconds * 1000)
}

/** Rests a lane for as long as an answer asked, in seconds. */
export function restStatement(
  scope: string,
  rest: { seconds: number; reason: string },
  now: number,
): SQL {
  const until = now + restMs(rest.seconds)
  return sql`UPDATE lanes SET parked_until = ${until}, parked_reason = ${rest.reason}
    WHERE scope = ${scope} AND parked_until < ${until}`
}

/**
 * Rests the whole lane after a fault of the relay: as long as it asked for, else 10 seconds, doubled with each further fault up
 * to 15 minutes.
 */
export function parkStatement(
  lane: Lane,
  fault: { reason: string; retryAfter: number | undefined },
  now: number,
): SQL {
  const rest =
    fault.retryAfter === undefined
      ? sql`min(900000, 10000 * (1 << min(faults, 7)))`
      : sql`${restMs(fault.retryAfter)}`
  // Faults of calls that were under way when the lane was parked are the same fault.
  return sql`
    UPDATE lanes SET faults_from = iif(faults = 0, ${now}, faults_from), faults = faults + 1, parked_until = ${now} + ${rest}, parked_reason = ${fault.reason}
    WHERE scope = ${lane.scope} AND parked_until <= ${now}`
}

/** The relay takes mail again: it answered for something that was put in hand after the rest. */
export function unparkStatement(lane: Lane, inHandAt: number, now: number): SQL {
  return sql`UPDATE lanes SET faults = 0, faults_from = 0, parked_until = 0, parked_reason = NULL, answered_at = ${now}
    WHERE scope = ${lane.scope} AND faults > 0 AND parked_until <= ${inHandAt}`
}

/** Forgets the lanes of domains that are free again. */
export function forgetLanesStatement(now: number): SQL {
  return sql`DELETE FROM lanes WHERE scope >= 'domain:' AND scope < 'domain;' AND parked_until <= ${now}
    AND spacing > 0 AND next_at <= ${now} AND NOT ${isStillSlowed(now)}`
}
