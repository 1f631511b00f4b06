import { type SQL, sql } from 'drizzle-orm/sql'
import type { MailshotConfig } from './config.ts'
import type { Pace } from './pace-limit.ts'

/**
 * A lane is one way out with its limits. Sends use it less the reserve, letters use all of it.
 *
 * A slot is taken at the in-hand mark and is free again one window after the answer. Whatever happens in between, the
 * hand-over lies between the two, so no sliding window at the receiving side ever holds more than the limit.
 */
export interface Lane {
  scope: string
  limits: Pace
  /** Milliseconds between two hand-overs when evenly spread; 0 for as fast as the relay takes it. */
  spacing: number
  /** Whether letters go this way too, and share its limits. */
  carriesLetters: boolean
  /** How long before its hour a slot may be taken. Kept short, since the slot is occupied meanwhile. */
  ahead: number
}

export function laneOf(config: MailshotConfig, use: 'send' | 'letter'): Lane {
  const carriesLetters = config.mailer === undefined
  const reserve = use === 'send' && carriesLetters ? config.letterReserve : 0
  // Of a small limit nothing is kept: letters go first there, and wait for the next slot at most.
  const limits = config.pace.map(({ count, windowMs }) => ({
    windowMs,
    count: count - Math.floor(count * reserve),
  }))
  const spacing = Math.max(0, ...limits.map(({ count, windowMs }) => windowMs / count))
  const shortest = Math.min(...limits.map(({ windowMs }) => windowMs))
  return {
    scope: `transport:${config.transport.name}`,
    limits,
    carriesLetters,
    // A letter does not queue behind the even spread: a person waits for it.
    spacing: use === 'send' ? spacing : 0,
    ahead: limits.length === 0 ? 0 : Math.min(1000, shortest / 50),
  }
}

/** How far a late lane may catch up, in milliseconds of its own spread. */
const catchUpMs = 250

/**
 * A scalar SQL expression: how many of `wanted` may be put in hand now. It counts what is in hand and what has not come
 * back yet, so it must stand in the same statement as the in-hand mark.
 */
export function allowance(lane: Lane, wanted: number, now: number): SQL {
  const parked = sql`EXISTS (SELECT 1 FROM lanes WHERE scope = ${lane.scope} AND parked_until > ${now})`
  if (lane.limits.length === 0) return sql`(SELECT CASE WHEN ${parked} THEN 0 ELSE ${wanted} END)`
  const letters = lane.carriesLetters
    ? sql`(SELECT count(*) FROM letters WHERE status = 'in-hand')`
    : sql`0`
  const inHand = sql`((SELECT count(*) FROM recipients WHERE status = 'in-hand') + ${letters})`
  const free = sql`(
    SELECT min(l.value ->> 'count' - ${inHand} - coalesce((
      SELECT sum(slots) FROM pace
      WHERE scope = ${lane.scope} AND window_ms = l.value ->> 'windowMs' AND free_at > ${now}), 0))
    FROM json_each(${JSON.stringify(lane.limits)}) AS l)`
  return sql`(SELECT CASE WHEN ${parked} THEN 0
    ELSE max(0, min(${wanted}, ${free}, ${spreadAllowance(lane, wanted, now)})) END)`
}

function spreadAllowance(lane: Lane, wanted: number, now: number): SQL {
  if (lane.spacing === 0) return sql`${wanted}`
  const next = sql`max(coalesce((SELECT next_at FROM lanes WHERE scope = ${lane.scope}), 0), ${now - catchUpMs})`
  return sql`CAST(floor((${now + lane.ahead} - ${next}) / ${lane.spacing}) AS INTEGER) + 1`
}

/** Makes sure that the lane has a row, and answers where it stands before the mark that follows. */
export function laneStatements(lane: Lane, now: number): SQL[] {
  return [
    sql`INSERT INTO lanes (scope) VALUES (${lane.scope}) ON CONFLICT DO NOTHING`,
    sql`SELECT next_at AS nextAt, parked_until AS parkedUntil, parked_reason AS parkedReason,
        (SELECT min(free_at) FROM pace WHERE scope = ${lane.scope} AND free_at > ${now}) AS freeAt
        FROM lanes WHERE scope = ${lane.scope}`,
  ]
}

export interface LaneState {
  nextAt: number
  parkedUntil: number
  parkedReason: string | null
  freeAt: number | null
}

/** Moves the even spread on by as many slots as the statement just before it changed rows. */
export function advanceStatement(lane: Lane, now: number): SQL {
  return sql`UPDATE lanes SET next_at = max(next_at, ${now - catchUpMs}) + ${lane.spacing} * changes()
    WHERE scope = ${lane.scope} AND changes() > 0`
}

/** When the n-th slot (from 0) of a mark has its hour. */
export function slotHour(lane: Lane, state: LaneState, n: number, now: number): number {
  if (lane.spacing === 0) return now
  return Math.max(state.nextAt, now - catchUpMs) + n * lane.spacing
}

/** How long to wait, in milliseconds, before the lane may have a slot again. */
export function laneRest(lane: Lane, state: LaneState, now: number): number {
  if (state.parkedUntil > now) return Math.min(1000, state.parkedUntil - now)
  const nextAt = state.nextAt - lane.ahead
  // With nothing to come free by itself, an answer frees the next slot, and wakes the worker.
  const wakeAt = nextAt > now ? nextAt : (state.freeAt ?? now + 250)
  return Math.min(1000, Math.max(2, wakeAt - now))
}

/** Counts as many slots as `count` says (a scalar SQL expression) as taken until one window from now. */
export function returnSlotsStatement(lane: Lane, count: SQL, now: number): SQL {
  const resolution = sql`max(1, l.value ->> 'windowMs' / 500)`
  return sql`
    INSERT INTO pace (scope, window_ms, free_at, slots)
    SELECT ${lane.scope}, l.value ->> 'windowMs',
      (${now} + l.value ->> 'windowMs' + ${resolution} - 1) / ${resolution} * ${resolution}, ${count}
    FROM json_each(${JSON.stringify(lane.limits)}) AS l WHERE ${count} > 0
    ON CONFLICT DO UPDATE SET slots = slots + excluded.slots`
}

/** Forgets the slots that are free again. */
export function forgetSlotsStatement(now: number): SQL {
  return sql`DELETE FROM pace WHERE free_at <= ${now}`
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
      : sql`${fault.retryAfter * 1000}`
  // Faults of calls that were under way when the lane was parked are the same fault.
  return sql`
    UPDATE lanes SET faults = faults + 1, parked_until = ${now} + ${rest}, parked_reason = ${fault.reason}
    WHERE scope = ${lane.scope} AND parked_until <= ${now}`
}

/** The relay takes mail again: it answered for something that was put in hand after the rest. */
export function unparkStatement(lane: Lane, inHandAt: number): SQL {
  return sql`UPDATE lanes SET faults = 0, parked_until = 0, parked_reason = NULL
    WHERE scope = ${lane.scope} AND faults > 0 AND parked_until <= ${inHandAt}`
}
