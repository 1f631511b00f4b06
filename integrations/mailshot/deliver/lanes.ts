import { sql } from 'drizzle-orm/sql'
import { domainOf } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { day, domainLaneOf, type Lane, laneOf, spacingOf } from '../pace.ts'
import { alwaysOpen, openingAt } from '../pace/hours.ts'
import { rampLimit } from '../pace/ramp.ts'
import { slowedSpacing } from '../pace/slow.ts'
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
  /** Looks at the lanes of domains again; another worker may have slowed one. */
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
  /** How far apart the mails to a domain (or all of them, by the empty name) were put in hand of late. */
  readonly pulse: ReturnType<typeof openPulse>
}

export function openLanes(mailshot: Mailshot): Lanes {
  const { config } = mailshot
  const domains = new Map<string, DomainLane>()
  const base = laneOf(config, 'send')
  let transportState = freshState
  let opening = alwaysOpen
  let revision = 0
  const configured = Object.keys(config.domains).filter((name) => config.domains[name]?.length)
  const have = (name: string): DomainLane => {
    const known = domains.get(name)
    if (known) return known
    const made = { base: domainLaneOf(config, name), state: freshState, readyAt: 0 }
    domains.set(name, made)
    revision += 1
    return made
  }
  for (const name of configured) have(name)
  const openingOf = (now: number) => {
    if (config.hours && (now >= opening.closesAt || opening === alwaysOpen)) {
      opening = openingAt(config.hours, config.timeZone, now)
    }
    return opening
  }

  return {
    get revision() {
      return revision
    },
    get transportState() {
      return transportState
    },
    pulse: openPulse(),
    refresh: async () => {
      const rows = await mailshot.db.all<LaneRow & { scope: string }>(
        sql`SELECT scope, ${laneColumns} FROM lanes WHERE scope >= 'domain:' AND scope < 'domain;'`,
      )
      const now = mailshot.now()
      const states = new Map(
        rows.map((row) => [row.scope.slice('domain:'.length), laneStateOf(row)]),
      )
      for (const [name, state] of states) {
        if (isSlowed(state, now) || domains.has(name)) have(name).state = state
      }
      for (const name of domains.keys()) {
        if (configured.includes(name) || isSlowed(states.get(name) ?? freshState, now)) continue
        domains.delete(name)
        revision += 1
      }
    },
    isOpen: (now) => openingOf(now).opensAt <= now,
    transport: (now) =>
      laneNow(base, transportState, { now, opening: openingOf(now), ramp: config.ramp }),
    restricted: (address) => {
      if (domains.size === 0) return undefined
      const name = domainOf(address)
      return domains.has(name) ? name : undefined
    },
    domain: (name, now) => {
      const { base: lane, state } = have(name)
      return laneNow(lane, state, { now, opening: openingOf(now) })
    },
    stateOf: (name) => domains.get(name)?.state ?? freshState,
    note: ({ domain }, state) => {
      if (domain === undefined) transportState = state
      else have(domain).state = state
    },
    rest: (name, until) => (have(name).readyAt = until),
    readyAt: (name) => domains.get(name)?.readyAt ?? 0,
  }
}

interface DomainLane {
  base: Lane
  state: LaneState
  readyAt: number
}

function isSlowed(state: LaneState, now: number): boolean {
  return state.parkedUntil > now || slowedSpacing(state, now) > 0
}

/** A lane with what its state, the sending hours and a ramp make of it now. */
function laneNow(
  lane: Lane,
  state: LaneState,
  at: { now: number; opening: typeof alwaysOpen; ramp?: MailshotRamp },
): Lane {
  const { now, opening, ramp } = at
  const most = ramp && rampLimit(ramp, state.rampFrom ?? undefined, now)
  const slowed = slowedSpacing(state, now)
  if (opening === alwaysOpen && ramp === undefined && slowed === 0) return lane
  const limits = lane.limits.map((limit) =>
    most === undefined || limit.windowMs !== day
      ? limit
      : { ...limit, count: Math.min(limit.count, most) },
  )
  const openMs = Math.min(day, opening.closesAt - opening.opensAt)
  const spacing = Math.max(slowed, spacingOf(limits, openMs))
  // A slot whose hour is after closing time is the next day's.
  const paced = lane.limits.length > 0 ? lane.ahead : Math.min(1000, spacing / 10)
  const ahead = Math.min(paced, opening.closesAt - 1 - now)
  return { ...lane, limits, spacing, ahead: Math.max(0, ahead) }
}

type MailshotRamp = Mailshot['config']['ramp']
