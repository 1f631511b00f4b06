import { type SQL, sql } from 'drizzle-orm/sql'

/**
 * What a lane makes up for. Slots of a worker that died come back later than the even spread counts on, so the lane falls behind while
 * somebody waits; it hurries a little until it has given as many as it would have.
 */
export interface MakingUp {
  /** Milliseconds between two hand-overs while it is not behind; 0 for a lane that makes nothing up. */
  even: number
  /** Since when somebody has waited for it: what nobody asked for is not made up. */
  waitedSince: number
  /** The most that it may be behind, in milliseconds of its even spread. */
  most: number
}

/** Of a lane that makes nothing up. */
export const nothingBehind: MakingUp = { even: 0, waitedSince: 0, most: 0 }

/** The part of its even spacing that a lane keeps while it makes up: four mails in the time of three. */
const hurried = 3 / 4
/** The most that is made up, as a part of the window. */
const mostOfWindow = 1 / 10

/** The most that an even spread of so many in a window may be behind: two slots at least. */
export function mostBehind({ spacing, count }: { spacing: number; count: number }): number {
  return spacing * Math.max(2, count * mostOfWindow)
}

/** Milliseconds between two hand-overs of a lane that is so far behind. */
export function hurriedSpacing(even: number, behind: number): number {
  return behind > 0 ? even * hurried : even
}

/** What each mail of a lane makes up in its hurry, in milliseconds. */
export function gainedByHurry(lane: { spacing: number; makingUp: MakingUp }): number {
  return Math.max(0, lane.makingUp.even - lane.spacing)
}

/**
 * A scalar SQL expression for rows of lanes: how far a lane is behind after a mark. `from` is where its even spread goes on at the
 * earliest, `gained` what its hurry has made up.
 */
export function behindAfter(
  from: SQL,
  { most, waitedSince, gained }: Record<'most' | 'waitedSince' | 'gained', SQL>,
): SQL {
  const late = sql`max(0, ${from} - max(next_at, ${waitedSince}))`
  // Of a send that ended long ago nothing is left to be made up.
  const before = sql`iif(next_at < ${from} - ${most}, 0, behind)`
  return sql`max(0, min(${most}, ${before} + ${late}) - ${gained})`
}
