import { sql } from 'drizzle-orm/sql'
import { domainOf } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { domainCatchUpMs, domainLaneOf, type Lane, laneOf, makingUpOf } from '../pace.ts'
import { day } from '../pace-limit.ts'
import { hurriedSpacing, type MakingUp, nothingBehind } from '../pace/behind.ts'
import { alwaysOpen, openingAt, type Opening } from '../pace/hours.ts'
import type { Ramp } from '../pace/options.ts'
import { rampedLimits, rampLimit } from '../pace/ramp.ts'
import { forgetLanesStatement, slowedSpacing } from '../pace/slow.ts'
import {
  freshState,
  laneColumns,
  type LaneRow,
  type LaneState,
  laneStateOf,
} from '../pace/state.ts'
import { openPulse } from './pulse.ts'

/** The lanes as this worker knows them: the transport's, and those of the domains that are limited or slowed just now. */
export interface Lanes {
  /** Looks at the lanes again, since another worker may have slowed one, and forgets those of domains that are free again. */
  refresh(): Promise<void>
  /** Changes with each domain that gets or loses a lane. */
  readonly revision: number
  /** Whether it is within the sending hours. */
  isOpen(now: number): boolean
  /** The transport's lane as it stands. */
  transport(now: number): Lane
  readonly transportState: LaneState
  /** The domain of an address, where it has a lane of its own just now. */
  restricted(address: string): string | undefined
  /** A domain's lane as it stands. */
  domain(name: string, now: number): Lane
  stateOf(name: string): LaneState
  /** Notes what the database said of a lane in a mark. */
  note(lane: Lane, state: LaneState): void
  /** A lane that had no slot is tried again at a time. */
  rest(name: string, until: number): void
  /** When a domain's lane may have a slot, as far as it is known. */
  readyAt(name: string): number
  /** Somebody waits for a domain's lane (or the transport's, by the empty name). */
  noteWaiting(name: string): void
  /** Nobody does any more. */
  noteIdle(name: string): void
  /** How far apart the mails to a domain (or all of them, by the empty name) were put in hand of late. */
  readonly pulse: ReturnType<typeof openPulse>
}

export function openLanes(mailshot: Mailshot): Lanes {
  const { config } = mailshot
  const domains = openDomains(mailshot)
  const openingOf = openHours(mailshot)
  const base = laneOf(config, 'send')
  let transportState = freshState
  /** Since when somebody waits for each, the transport's by the empty name. */
  const waiting = new Map<string, number>()

  return {
    get revision() {
      return domains.revision
    },
    get transportState() {
      return transportState
    },
    pulse: openPulse(),
    refresh: async () => {
      const states = await readStates(mailshot.db, base.scope)
      transportState = states.get(base.scope) ?? freshState
      await domains.refresh(states)
      if (config.ramp !== undefined || transportState.rampFrom === null) return
      // Taken out of the config; one that is put in later begins anew.
      transportState = { ...transportState, rampFrom: null }
      await mailshot.db.write(sql`UPDATE lanes SET ramp_from = NULL WHERE scope = ${base.scope}`)
    },
    isOpen: (now) => openingOf(now).opensAt <= now,
    transport: (now) =>
      laneNow(base, transportState, {
        now,
        opening: openingOf(now),
        waitedSince: waiting.get(''),
        ramp: config.ramp,
      }),
    restricted: domains.restricted,
    domain: (name, now) => {
      const { base: lane, state } = domains.find(name)
      const waitedSince = waiting.get(name)
      return laneNow(lane, state, { now, opening: openingOf(now), waitedSince })
    },
    stateOf: (name) => domains.find(name).state,
    note: ({ domain }, state) => {
      if (domain === undefined) transportState = state
      else domains.find(domain).state = state
    },
    rest: (name, until) => (domains.find(name).readyAt = until),
    readyAt: (name) => domains.find(name).readyAt,
    noteWaiting: (name) => {
      if (!waiting.has(name)) waiting.set(name, mailshot.now())
    },
    noteIdle: (name) => waiting.delete(name),
  }
}

interface DomainLane {
  base: Lane
  state: LaneState
  /** When it may have a slot, as far as it is known. */
  readyAt: number
}

/** The domains that are limited by the config, or slowed just now. */
function openDomains({ config, db, now: clock }: Mailshot) {
  const domains = new Map<string, DomainLane>()
  const limited = new Set(
    Object.keys(config.domains).filter((name) => config.domains[name]?.length),
  )
  let revision = 0
  const find = (name: string): DomainLane =>
    domains.get(name) ?? { base: domainLaneOf(config, name), state: freshState, readyAt: 0 }
  const add = (name: string) => {
    domains.set(name, find(name))
    revision += 1
  }
  for (const name of limited) add(name)

  return {
    get revision() {
      return revision
    },
    /** A domain's lane; a fresh one, which is not kept, where it has none just now. */
    find,
    restricted: (address: string): string | undefined => {
      if (domains.size === 0) return undefined
      const name = domainOf(address)
      return domains.has(name) ? name : undefined
    },
    refresh: async (states: Map<string, LaneState>) => {
      const now = clock()
      let isOneFree = false
      for (const [scope, state] of states) {
        if (!scope.startsWith(prefix)) continue
        const name = scope.slice(prefix.length)
        if (isSlowed(state, now) && !domains.has(name)) add(name)
        const lane = find(name)
        // Free earlier than was known.
        if (isEarlier(state, lane.state)) lane.readyAt = 0
        lane.state = state
        isOneFree ||= state.spacing > 0 && !isSlowed(state, now)
      }
      for (const name of domains.keys()) {
        if (limited.has(name) || isSlowed(states.get(prefix + name) ?? freshState, now)) continue
        domains.delete(name)
        revision += 1
      }
      if (isOneFree) await db.write(forgetLanesStatement(now))
    },
  }
}

const prefix = 'domain:'

/** By scope, the states of the transport's lane and of those of domains. */
async function readStates(db: Mailshot['db'], transport: string): Promise<Map<string, LaneState>> {
  const rows = await db.all<LaneRow & { scope: string }>(
    sql`SELECT scope, ${laneColumns} FROM lanes
        WHERE scope = ${transport} OR (scope >= 'domain:' AND scope < 'domain;')`,
  )
  return new Map(rows.map(({ scope, ...row }) => [scope, laneStateOf(row)]))
}

function isEarlier(state: LaneState, before: LaneState): boolean {
  if (state.nextAt < before.nextAt || state.parkedUntil < before.parkedUntil) return true
  return state.behind > 0 && before.behind === 0
}

function isSlowed(state: LaneState, now: number): boolean {
  return state.parkedUntil > now || slowedSpacing(state, now) > 0
}

/** The opening that a moment is in or before; worked out anew only when the last one has ended. */
function openHours({ config }: Mailshot): (now: number) => Opening {
  const { hours, timeZone } = config
  if (!hours) return () => alwaysOpen
  let opening: Opening | undefined
  return (now) => {
    if (!opening || now >= opening.closesAt) opening = openingAt(hours, timeZone, now)
    return opening
  }
}

/** A lane with what its state, the sending hours and a ramp make of it now. */
function laneNow(
  lane: Lane,
  state: LaneState,
  at: { now: number; opening: Opening; waitedSince: number | undefined; ramp?: Ramp | undefined },
): Lane {
  const { now, opening, ramp } = at
  const slowed = slowedSpacing(state, now)
  // Who waited for the hours to begin, or for the relay, was not held up by the limits.
  const waitedSince = Math.max(at.waitedSince ?? now, opening.opensAt, state.parkedUntil)
  if (opening === alwaysOpen && ramp === undefined && slowed === 0) {
    return { ...lane, ...hurrying({ ...lane.makingUp, waitedSince }, state.behind) }
  }
  const limits = rampedLimits(
    lane.limits,
    ramp && rampLimit(ramp, state.rampFrom ?? undefined, now),
  )
  const openMs = Math.min(day, opening.closesAt - opening.opensAt)
  const makingUp = { ...makingUpOf({ ...lane, limits }, openMs), waitedSince }
  // A lane that is slowed down falls behind on purpose.
  const isSlow = slowed > makingUp.even
  const spread = isSlow
    ? { spacing: slowed, makingUp: nothingBehind }
    : hurrying(makingUp, state.behind)
  const catchUpMs = lane.domain === undefined ? lane.catchUpMs : domainCatchUpMs(lane, openMs)
  // A slot whose hour is after closing time is the next day's.
  const paced = lane.limits.length > 0 ? lane.ahead : Math.min(1000, spread.spacing / 10)
  const ahead = Math.max(0, Math.min(paced, opening.closesAt - 1 - now))
  return { ...lane, ...spread, limits, catchUpMs, ahead }
}

function hurrying(makingUp: MakingUp, behind: number): Pick<Lane, 'spacing' | 'makingUp'> {
  return { spacing: hurriedSpacing(makingUp.even, behind), makingUp }
}
