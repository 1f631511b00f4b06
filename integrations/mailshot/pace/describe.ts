import type { Lane } from '../pace.ts'
import { day, type Pace } from '../pace-limit.ts'
import { isHeld } from './held.ts'
import { slowedSpacing } from './slow.ts'
import type { LaneState } from './state.ts'

/** Why a recipient waits for the lane of its domain, in plain words. */
export function describeLane({ domain, limits }: Lane, state: LaneState, now: number): string {
  if (isHeld(state)) {
    return `${domain} is held by the ${state.parkedReason}; mailshot resume lets it go on`
  }
  if (state.parkedUntil > now) return `${domain} asked to wait: ${state.parkedReason}`
  if (slowedSpacing(state, now) > 0) return `${domain} is slowed down: ${state.slowedReason}`
  if (limits.length === 0) return `${domain} is free again, and takes them one after another`
  return `${domain} gets ${describePace(limits)} at most`
}

/** Why a single mail has to wait for a lane, in plain words. */
export function describeRest(lane: Lane, state: LaneState, now: number): string {
  if (lane.domain !== undefined) return describeLane(lane, state, now)
  if (state.parkedUntil > now) return `the relay rests: ${state.parkedReason}`
  return `all that the pace allows is used up for now (${describePace(lane.limits)})`
}

const units = new Map([
  [1000, 'second'],
  [60_000, 'minute'],
  [3_600_000, 'hour'],
  [day, 'day'],
])

/** `500 an hour, 5000 a day`. */
export function describePace(limits: Pace): string {
  return limits
    .map(
      ({ count, windowMs }) =>
        `${count} ${windowMs === 3_600_000 ? 'an' : 'a'} ${units.get(windowMs)}`,
    )
    .join(', ')
}
