import { hour, type Limit, type Pace } from '../pace-limit.ts'

/** So many slots of a limit may be taken, in hand, or not back by `laterMs` from now. */
export interface Rule extends Limit {
  laterMs: number
}

/** The part of the reserve that is never lent, so that a letter need not wait at all. */
const neverLent = 1 / 5
/** The rest is lent while as many slots come back within this part of the window, two hours of a day. */
const soon = 1 / 12

/**
 * What campaigns may take of limits of which a share is kept for letters. Of 5000 a day and 5 %, 50 slots stay free, and of 250 those
 * that do not come back within two hours: an even spread brings enough of them, the end of the sending hours does not. Of a small
 * limit nothing is kept, nor of a short window: there a letter waits for the next slot at most.
 */
export function rulesOf(limits: Pace, reserve: number): Rule[] {
  return limits.flatMap(({ count, windowMs }) => {
    const kept = windowMs < hour ? 0 : Math.floor(count * reserve)
    const free = windowMs < hour ? 0 : Math.floor(count * reserve * neverLent)
    const rule = { count: count - free, windowMs, laterMs: 0 }
    if (kept === free) return [rule]
    return [rule, { count: count - kept, windowMs, laterMs: windowMs * soon }]
  })
}
