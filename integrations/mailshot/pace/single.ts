import { type SQL, sql } from 'drizzle-orm/sql'
import { openBatch } from '../deliver/batch.ts'
import { domainOf } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import {
  allowance,
  domainLaneOf,
  type Lane,
  laneOf,
  moveSlotStatements,
  returnSlotsStatement,
} from '../pace.ts'
import { describeRest } from './describe.ts'
import { rampedLimits, rampLimit } from './ramp.ts'
import { laneRowStatement, readLaneState } from './state.ts'

/** The transport's lane as a single mail uses it: ahead of the even spread, within what a ramp allows by now. */
export async function singleLane(mailshot: Mailshot): Promise<Lane> {
  const { config } = mailshot
  const lane = laneOf(config, 'letter')
  if (!config.ramp) return lane
  const { rampFrom } = await readLaneState(mailshot.db, lane.scope)
  const most = rampLimit(config.ramp, rampFrom ?? undefined, mailshot.now())
  return { ...lane, limits: rampedLimits(lane.limits, most) }
}

/** Begins the ramp with the letters or the test mail that the statement just before it took, unless it has begun. */
export function beginRampStatements(mailshot: Mailshot, scope: string): SQL[] {
  if (!mailshot.config.ramp) return []
  return [
    sql`UPDATE lanes SET ramp_from = ${mailshot.now()} WHERE scope = ${scope} AND ramp_from IS NULL AND changes() > 0`,
  ]
}

/** Slots of a mail that has no row to say that it is in hand. */
export interface Reservation {
  lanes: Lane[]
  /** When they are given back if nobody does, one window later. */
  until: number
}

/** Reserves a slot in each lane that a single mail takes to an address, or says what it has to wait for. */
export async function reserveSlots(
  mailshot: Mailshot,
  email: string,
  forMs: number,
): Promise<Reservation | { waitsFor: string }> {
  const now = mailshot.now()
  const ofDomain = domainLaneOf(mailshot.config, domainOf(email))
  const lanes = [
    await singleLane(mailshot),
    { ...ofDomain, reserve: 0, spacing: 0, ahead: 0, yields: false },
  ] as const
  const until = now + forMs
  const batch = openBatch()
  const free = lanes.map((lane) => allowance(lane, 1, now))
  const allowed = batch.ask<{ free: string }>(
    sql`SELECT json_array(${sql.join(free, sql`, `)}) AS free`,
  )
  batch.add(...lanes.filter(isLimited).map(({ scope }) => laneRowStatement(scope)))
  // All or none: what the first lane has given, the others must note.
  for (const [index, lane] of lanes.filter(isLimited).entries()) {
    const count = index === 0 ? sql`min(1, ${sql.join(free, sql`, `)})` : sql`(changes() > 0)`
    batch.add(returnSlotsStatement(lane, count, until))
  }
  batch.add(...beginRampStatements(mailshot, lanes[0].scope))
  await batch.write(mailshot.db)
  const counts: number[] = JSON.parse(allowed()[0]?.free ?? '[]')
  const full = lanes.find((_, index) => (counts[index] ?? 0) < 1)
  if (!full) return { lanes: lanes.filter(isLimited), until }
  return { waitsFor: describeRest(full, await readLaneState(mailshot.db, full.scope), now) }
}

/** Counts the slots of a mail that was answered until one window from now. */
export async function returnReservation(
  mailshot: Mailshot,
  { lanes, until }: Reservation,
): Promise<void> {
  if (lanes.length === 0) return
  const now = mailshot.now()
  await mailshot.db.write(
    ...lanes.flatMap((lane) => moveSlotStatements(lane, { from: until, to: now })),
  )
}

function isLimited({ limits }: Lane): boolean {
  return limits.length > 0
}
