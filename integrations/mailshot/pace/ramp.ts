import { day, type Pace } from '../pace-limit.ts'
import type { Ramp } from './options.ts'

/**
 * How many mails a ramp that began at `from` (undefined: with the next mail) allows in any 24 hours at `now`; undefined once it is
 * over, at `until` mails a day.
 */
export function rampLimit(ramp: Ramp, from: number | undefined, now: number): number | undefined {
  const days = from === undefined ? 0 : Math.max(0, Math.floor((now - from) / day))
  const count = Math.floor(ramp.start * ramp.factor ** days)
  // Past every limit that a pace can name.
  const end = ramp.until ?? 1e12
  return count >= end ? undefined : count
}

/** Limits of which a day's is no more than the ramp allows by now. */
export function rampedLimits(limits: Pace, most: number | undefined): Pace {
  if (most === undefined) return limits
  return limits.map((limit) =>
    limit.windowMs === day ? { ...limit, count: Math.min(limit.count, most) } : limit,
  )
}

/** When the day after the one that `now` is in begins, of a ramp that began at `from`. */
export function nextRampDay(from: number, now: number): number {
  return from + (Math.floor((now - from) / day) + 1) * day
}
