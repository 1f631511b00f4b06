import { type SQL, sql } from 'drizzle-orm/sql'
import type { Database } from '../../../db/open.ts'
import { inHand, type Lane, markedFrom, rulesJson, takenSlots } from '../pace.ts'
import { behindAfter, gainedByHurry } from './behind.ts'
import type { Slowing } from './slow.ts'

/** Where a lane stands, as its row and its slots say. */
export interface LaneState extends Slowing {
  nextAt: number
  /** How far its even spread is behind though somebody waited, in milliseconds. */
  behind: number
  parkedUntil: number
  parkedReason: string | null
  /** Relay faults in a row, and when the first of them was; 0 where there is none. */
  faults: number
  faultsFrom: number
  /** When the relay answered again after the last of its faults. */
  answeredAt: number
  /** The mails at which it failed since it last accepted one, by their ids, and how often. */
  failing: Readonly<Record<string, number>>
  rampFrom: number | null
  refusal: string | null
  refusals: number
  /** When the first slot that cannot be marked yet may be. */
  freeAt: number | null
  /** For each rule, how many slots are free now, and when (and how many) come back that may be marked ahead. */
  slots: { free: number; coming: [freeAt: number, slots: number][] }[]
}

export const freshState: LaneState = {
  nextAt: 0,
  behind: 0,
  parkedUntil: 0,
  parkedReason: null,
  spacing: 0,
  slowedFrom: 0,
  slowedAt: 0,
  slowedReason: null,
  faults: 0,
  faultsFrom: 0,
  answeredAt: 0,
  failing: {},
  rampFrom: null,
  refusal: null,
  refusals: 0,
  freeAt: null,
  slots: [],
}

/** What a lane's row holds, as `LaneState` names it. */
export const laneColumns =
  sql.raw(`next_at AS nextAt, behind, parked_until AS parkedUntil, parked_reason AS parkedReason,
  spacing, slowed_from AS slowedFrom, slowed_at AS slowedAt, slowed_reason AS slowedReason,
  faults, faults_from AS faultsFrom, answered_at AS answeredAt, failing, ramp_from AS rampFrom, refusal, refusals`)

export type LaneRow = Omit<LaneState, 'slots' | 'freeAt' | 'failing'> & {
  failing: string | null
  freeAt?: number | null
  slots?: string
}

/** Where a lane stands, its slots apart. */
export async function readLaneState(db: Database, scope: string): Promise<LaneState> {
  return laneStateOf(
    await db.get<LaneRow>(sql`SELECT ${laneColumns} FROM lanes WHERE scope = ${scope}`),
  )
}

/** Makes sure that a lane has its row. */
export function laneRowStatement(scope: string): SQL {
  return sql`INSERT INTO lanes (scope) VALUES (${scope}) ON CONFLICT DO NOTHING`
}

/** Asks where a lane stands; before a mark, in its transaction, it tells the hours of the slots that the mark takes. */
export function laneStateStatement(lane: Lane, now: number): SQL {
  const from = sql`FROM lanes WHERE scope = ${lane.scope}`
  if (lane.limits.length === 0) return sql`SELECT ${laneColumns} ${from}`
  const rules = sql`json_each(${rulesJson(lane)}) AS l`
  const ofRule = sql`scope = ${lane.scope} AND window_ms = l.value ->> 'windowMs'`
  const later = sql`${now} + l.value ->> 'laterMs'`
  const horizon = markedFrom(lane, now)
  return sql`SELECT ${laneColumns},
    (SELECT min(${now} + (SELECT min(free_at) FROM pace WHERE ${ofRule} AND free_at > ${horizon}) - (${horizon}))
      FROM ${rules}) AS freeAt,
    (SELECT json_group_array(json_object(
      'free', l.value ->> 'count' - ${takenSlots(lane, later)} - ${inHand(lane)},
      'coming', (SELECT json_group_array(json_array(free_at, slots)) FROM pace
        WHERE ${ofRule} AND free_at > ${later} AND free_at <= ${horizon})))
      FROM ${rules}) AS slots
    ${from}`
}

export function laneStateOf(row: LaneRow | undefined): LaneState {
  if (!row) return freshState
  const failing = row.failing === null ? freshState.failing : JSON.parse(row.failing)
  return { ...row, failing, freeAt: row.freeAt ?? null, slots: JSON.parse(row.slots ?? '[]') }
}

/** Moves the even spread of a lane on by as many slots as the statement just before it changed rows; begins its ramp. */
export function advanceStatement(lane: Lane, now: number, isRamping = false): SQL {
  const begun = isRamping ? sql`, ramp_from = coalesce(ramp_from, ${now})` : sql``
  const { most, waitedSince } = lane.makingUp
  const from = sql`${now - lane.catchUpMs}`
  const behind = behindAfter(from, {
    most: sql`${most}`,
    waitedSince: sql`${Math.min(now, waitedSince)}`,
    gained: sql`${gainedByHurry(lane)} * changes()`,
  })
  return sql`UPDATE lanes SET next_at = max(next_at, ${from}) + ${lane.spacing} * changes(), behind = ${behind} ${begun}
    WHERE scope = ${lane.scope} AND changes() > 0`
}

/**
 * When the n-th slot (from 0) of a mark has its hour: in the even spread, and not before it is free. Never later than the mark may
 * look ahead, which is where a mark that is repeated after a lost answer puts what it finds in hand.
 */
export function slotHour(lane: Lane, state: LaneState, n: number, now: number): number {
  const spread =
    lane.spacing === 0 ? now : Math.max(state.nextAt, now - lane.catchUpMs) + n * lane.spacing
  const free = state.slots.map((limit) => slotFreeAt(limit, n))
  return Math.min(now + lane.ahead, Math.max(spread, ...free))
}

function slotFreeAt({ free, coming }: LaneState['slots'][number], n: number): number {
  let left = n - free
  if (left < 0) return 0
  for (const [freeAt, slots] of coming.toSorted(([a], [b]) => a - b)) {
    if (left < slots) return freeAt
    left -= slots
  }
  return Infinity
}

/** Whether a lane of which `taken` slots were just taken has one still. */
export function hasSlot(
  lane: Lane,
  state: LaneState,
  { taken, now }: { taken: number; now: number },
): boolean {
  const next = Math.max(state.nextAt, now - lane.catchUpMs) + taken * lane.spacing
  if (lane.spacing > 0 && next > now + lane.ahead) return false
  return state.slots.every(
    ({ free, coming }) => free + coming.reduce((sum, [, slots]) => sum + slots, 0) > taken,
  )
}

/**
 * How long to wait, in milliseconds and at most `most` (a second), before a lane of which `taken` slots were just taken may have one
 * again.
 */
export function laneRest(
  lane: Lane,
  state: LaneState,
  { taken, now, most = 1000 }: { taken: number; now: number; most?: number },
): number {
  if (state.parkedUntil > now) return Math.min(most, state.parkedUntil - now)
  const next = Math.max(state.nextAt, now - lane.catchUpMs) + taken * lane.spacing - lane.ahead
  // With nothing to come free by itself, an answer frees the next slot, and wakes the worker.
  const freeAt = state.freeAt ?? now + 250
  return Math.min(most, Math.max(2, (lane.spacing > 0 && next > now ? next : freeAt) - now))
}
