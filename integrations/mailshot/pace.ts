import { type SQL, sql } from 'drizzle-orm/sql'
import type { MailshotConfig } from './config.ts'
import { day, type Pace } from './pace-limit.ts'
import { type MakingUp, mostBehind, nothingBehind } from './pace/behind.ts'
import { emailDomain, limitsByDomain, readyLetters } from './pace/domain-limits.ts'
import { type Rule, rulesOf } from './pace/reserve.ts'
import { hasRoutes, letterWays } from './route.ts'

/**
 * A lane is one way out with its limits: a transport's, which all its mails take, or that of a recipient domain, which its mails take
 * besides. Sends leave the reserve of its limits to letters, which use all of them.
 *
 * A slot is taken at the in-hand mark and is free again one window after the answer. Whatever happens in between, the
 * hand-over lies between the two, so no sliding window at the receiving side ever holds more than the limit.
 */
export interface Lane {
  /** `transport:smtp`, `domain:gmail.com`. */
  scope: string
  /** The recipient domain whose mails it counts; undefined for a transport's lane. */
  domain: string | undefined
  /** The transport whose mails it counts, where there are several; undefined for all. */
  transport: string | undefined
  limits: Pace
  /** The share of the limits that is kept for letters. */
  reserve: number
  /** Milliseconds between two hand-overs when evenly spread; 0 for as fast as the relay takes it. */
  spacing: number
  /** How far it may catch up where it was late, in milliseconds of its own spread. */
  catchUpMs: number
  /** How it makes up for slots that were not free in their hour. */
  makingUp: MakingUp
  /** Whether letters go this way too, and share its limits. */
  carriesLetters: boolean
  /** Whether a letter that waits has the next slot. */
  yields: boolean
  /** What `limitsByDomain` makes of the config: a letter that its own domain holds up has no slot here either. */
  domainLimits: string
  /**
   * How long before its hour a slot may be marked, in milliseconds. It costs nothing of the limits: the hour is never before the slot
   * is free.
   */
  ahead: number
}

/** Held by no ramp: what a lane notes for a window whose limit is known only when it is used. */
const unlimited = Number.MAX_SAFE_INTEGER

/** The lane of the transport, as the config alone tells it. */
export function laneOf(config: MailshotConfig, use: 'send' | 'letter'): Lane {
  const { name } = config.transport
  const place = letterWays(config).findIndex((way) => way.name === name)
  const carriesLetters = place >= 0
  // One that takes over for a while keeps nothing for that all the time.
  const reserve = use === 'send' && place === 0 ? config.letterReserve : 0
  const limits = config.pace
  const isCounted = config.ramp && !limits.some(({ windowMs }) => windowMs === day)
  return {
    scope: `transport:${name}`,
    domain: undefined,
    transport: hasRoutes(config) ? name : undefined,
    limits: isCounted ? [...limits, { windowMs: day, count: unlimited }] : limits,
    reserve,
    carriesLetters,
    // A letter does not queue behind the even spread: a person waits for it.
    spacing: use === 'send' ? spacingOf({ limits, reserve }) : 0,
    catchUpMs: leastCatchUpMs,
    makingUp: use === 'send' ? makingUpOf({ limits, reserve }) : nothingBehind,
    yields: use === 'send' && carriesLetters,
    domainLimits: limitsByDomain(config.domains),
    ahead: use === 'send' ? aheadOf(limits) : 0,
  }
}

/** The lane of a recipient domain, as sends use it; without limits where the config names none for it. */
export function domainLaneOf(config: MailshotConfig, domain: string): Lane {
  const limits = config.domains[domain] ?? []
  const carriesLetters = config.mailer === undefined
  const reserve = carriesLetters ? config.letterReserve : 0
  return {
    scope: `domain:${domain}`,
    domain,
    transport: undefined,
    limits,
    reserve,
    carriesLetters,
    spacing: spacingOf({ limits, reserve }),
    catchUpMs: domainCatchUpMs({ limits, reserve }),
    makingUp: makingUpOf({ limits, reserve }),
    yields: carriesLetters,
    domainLimits: '{}',
    ahead: aheadOf(limits),
  }
}

/** Milliseconds between two hand-overs that all limits allow when evenly spread; a day's are spread over `openMs` of it. */
export function spacingOf(of: Pick<Lane, 'limits' | 'reserve'>, openMs = day): number {
  return spreadOf(of, openMs).spacing
}

/** The even spread of the limit that spreads the most. */
function spreadOf({ limits, reserve }: Pick<Lane, 'limits' | 'reserve'>, openMs: number) {
  const spread = ({ count, windowMs, laterMs }: Rule) => ({
    spacing: laterMs > 0 ? 0 : (windowMs === day ? openMs : windowMs) / count,
    count,
  })
  return rulesOf(limits, reserve)
    .map(spread)
    .reduce((most, one) => (one.spacing > most.spacing ? one : most), { spacing: 0, count: 0 })
}

/** What a lane that is spread by its limits makes up for; who waits for it is not known here. */
export function makingUpOf(of: Pick<Lane, 'limits' | 'reserve'>, openMs = day): MakingUp {
  const spread = spreadOf(of, openMs)
  return { even: spread.spacing, waitedSince: Infinity, most: mostBehind(spread) }
}

function aheadOf(limits: Pace): number {
  if (limits.length === 0) return 0
  return Math.min(1000, Math.min(...limits.map(({ windowMs }) => windowMs)) / 10)
}

const leastCatchUpMs = 250

/** One slot of the even spread: a mail to a domain often waits for the next slot of the transport, which must not cost the domain its own. */
export function domainCatchUpMs(of: Pick<Lane, 'limits' | 'reserve'>, openMs?: number): number {
  return Math.max(leastCatchUpMs, spacingOf(of, openMs))
}

/**
 * A scalar SQL expression: how many of `wanted` may be put in hand now. It counts what is in hand and what has not come
 * back yet, so it must stand in the same statement as the in-hand mark.
 */
export function allowance(lane: Lane, wanted: number, now: number): SQL {
  const parked = sql`EXISTS (SELECT 1 FROM lanes WHERE scope = ${lane.scope} AND parked_until > ${now})`
  const most = [sql`${wanted}`]
  if (lane.limits.length > 0) most.push(freeSlots(lane, now))
  if (lane.spacing > 0) most.push(spreadAllowance(lane, now))
  const least = most.length === 1 ? most[0] : sql`max(0, min(${sql.join(most, sql`, `)}))`
  return sql`(SELECT CASE WHEN ${parked} THEN 0 ELSE ${least} END)`
}

function freeSlots(lane: Lane, now: number): SQL {
  return sql`(
    SELECT min(l.value ->> 'count' - ${takenSlots(lane, markedFrom(lane, now))}) - ${inHand(lane)} - ${waitingLetters(lane, now)}
    FROM json_each(${rulesJson(lane)}) AS l)`
}

/** The rules of a lane, for `json_each` to list as `l`. */
export function rulesJson({ limits, reserve }: Pick<Lane, 'limits' | 'reserve'>): string {
  return JSON.stringify(rulesOf(limits, reserve))
}

/** Up to when slots of the rule `l` must be free again to be marked now. */
export function markedFrom(lane: Lane, now: number): SQL {
  return sql`${now} + max(${lane.ahead}, l.value ->> 'laterMs')`
}

/** Slots of the limit `l` that are not free at a moment, those in hand apart. */
export function takenSlots(lane: Lane, at: SQL): SQL {
  return sql`coalesce((SELECT sum(slots) FROM pace
    WHERE scope = ${lane.scope} AND window_ms = l.value ->> 'windowMs' AND free_at > ${at}), 0)`
}

/** How many mails of the lane are in hand; of those that meet a further condition, `AND …`. */
export function inHand(lane: Lane, and: SQL = sql``): SQL {
  const which = sql`status = 'in-hand' ${ofDomain(lane)} ${and}`
  const ofTransport = lane.transport === undefined ? sql`` : sql`AND transport = ${lane.transport}`
  const of = (table: 'recipients' | 'letters') =>
    sql`(SELECT count(*) FROM ${sql.raw(table)} WHERE ${which} ${ofTransport})`
  return sql`(${of('recipients')} + ${lane.carriesLetters ? of('letters') : sql`0`})`
}

function waitingLetters(lane: Lane, now: number): SQL {
  if (!lane.yields) return sql`0`
  const isDue = sql`status = 'pending' AND due_at <= ${now} ${ofDomain(lane)}`
  return sql`(SELECT count(*) FROM (${readyLetters(lane.domainLimits, isDue, now)}))`
}

/** A further condition for rows with an address that the lane counts: none for the transport's. */
function ofDomain({ domain }: Lane): SQL {
  if (domain === undefined) return sql``
  return sql`AND lower(substr(email, ${-domain.length - 1})) = ${`@${domain}`}`
}

function spreadAllowance(lane: Lane, now: number): SQL {
  const next = sql`max(coalesce((SELECT next_at FROM lanes WHERE scope = ${lane.scope}), 0), ${now - lane.catchUpMs})`
  return sql`CAST(floor((${now + lane.ahead} - ${next}) / ${lane.spacing}) AS INTEGER) + 1`
}

/** How far the clocks of two workers may differ, each of which measured the database's by a round trip of its own. */
const clockSkewMs = 10

/** Counts as many slots as `count` says (a scalar SQL expression) as taken until one window from `answeredAt`. */
export function returnSlotsStatement(lane: Lane, count: SQL, answeredAt: number): SQL {
  return sql`
    INSERT INTO pace (scope, window_ms, free_at, slots)
    SELECT ${lane.scope}, l.value ->> 'windowMs', ${freeAgain(answeredAt)}, ${count}
    FROM json_each(${JSON.stringify(lane.limits)}) AS l WHERE ${count} > 0
    ON CONFLICT DO UPDATE SET slots = slots + excluded.slots`
}

/** The same for several domains at once, by their limits. `domains` is a query for the `domain` of each slot that is returned. */
export function returnDomainSlotsStatement(
  limits: Record<string, Pace>,
  domains: SQL,
  answeredAt: number,
): SQL {
  const held = sql`SELECT domain, count(*) AS count FROM (${domains}) GROUP BY domain`
  return sql`
    INSERT INTO pace (scope, window_ms, free_at, slots)
    SELECT 'domain:' || d.key, l.value ->> 'windowMs', ${freeAgain(answeredAt)}, h.count
    FROM json_each(${limitsByDomain(limits)}) AS d JOIN (${held}) AS h ON h.domain = d.key, json_each(d.value) AS l WHERE true
    ON CONFLICT DO UPDATE SET slots = slots + excluded.slots`
}

/** A query for the domains of all mails in hand that meet a further condition, `AND …`. */
export function domainsInHand(withLetters: boolean, and: SQL = sql``): SQL {
  const of = (table: 'recipients' | 'letters') =>
    sql`SELECT ${emailDomain} AS domain FROM ${sql.raw(table)} WHERE status = 'in-hand' ${and}`
  return withLetters ? sql`${of('recipients')} UNION ALL ${of('letters')}` : of('recipients')
}

/** When a slot of the limit `l` is free again; rounded up, so that many slots make few rows. */
function freeAgain(answeredAt: number): SQL {
  const resolution = sql`max(1, l.value ->> 'windowMs' / 500)`
  return sql`(${answeredAt + clockSkewMs} + l.value ->> 'windowMs' + ${resolution} - 1) / ${resolution} * ${resolution}`
}

/** Counts a slot that was taken as if it were answered at `from` until one window from `to` instead. */
export function moveSlotStatements(lane: Lane, { from, to }: { from: number; to: number }): SQL[] {
  const isThere = sql`scope = ${lane.scope} AND window_ms = l.value ->> 'windowMs' AND free_at = ${freeAgain(from)}`
  return [
    sql`UPDATE pace SET slots = slots - 1 FROM json_each(${JSON.stringify(lane.limits)}) AS l
      WHERE ${isThere} AND slots > 0`,
    // An answer that came too late finds its slot forgotten; a write that is repeated finds it moved.
    returnSlotsStatement(lane, to > from ? sql`1` : sql`(changes() > 0)`, to),
    sql`DELETE FROM pace WHERE scope = ${lane.scope} AND slots <= 0`,
  ]
}

/** Forgets the slots that are free again. */
export function forgetSlotsStatement(now: number): SQL {
  return sql`DELETE FROM pace WHERE free_at <= ${now}`
}
