import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { domainLaneOf, inHand, laneOf, rulesJson, takenSlots } from '../pace.ts'
import { describeLane, describePace } from '../pace/describe.ts'
import { emailDomain } from '../pace/domain-limits.ts'
import { isHeld } from '../pace/held.ts'
import { openingAt } from '../pace/hours.ts'
import { nextRampDay, rampedLimits, rampLimit } from '../pace/ramp.ts'
import { freeAgainAt, slowedSpacing } from '../pace/slow.ts'
import { type LaneState, readLaneState } from '../pace/state.ts'
import { waitedForLanes } from '../recipient/postpone.ts'
import { hasRoutes, type Way, wayOf, waysOf } from '../route.ts'
import { isDiverted } from '../route/divert.ts'
import { waitedForRoutes } from '../route/waiting.ts'
import type { Send } from './read.ts'

/** Why recipients of a send are not mailed yet, and until when as far as that is known (milliseconds since 1970). */
export interface Waiting {
  reason: string
  until: number | null
}

/** What holds up a send that runs, the whole of it first, then some of its recipients. Empty when nothing does. */
export async function whyWaiting(
  mailshot: Mailshot,
  { id, status }: Pick<Send, 'id' | 'status'>,
): Promise<Waiting[]> {
  if (status !== 'running') return []
  const now = mailshot.now()
  const waiting: Waiting[] = []
  for (const way of await waysAhead(mailshot, id))
    waiting.push(...(await wayWaiting(mailshot, way)))
  return [
    ...waiting,
    ...(await domainsWaiting(mailshot, id, now)),
    ...(await deferredWaiting(mailshot, id, now)),
  ]
}

/** The transports that somebody of a send has to go by, and those that take over for them just now. */
async function waysAhead({ config, db, now }: Mailshot, sendId: string): Promise<Way[]> {
  const ways = waysOf(config)
  if (!hasRoutes(config)) return [...ways]
  const routes = await db.all<{ route: string | null }>(waitedForRoutes(sendId))
  const needed = new Set<Way>()
  for (const { route } of routes) {
    for (let way: Way | undefined = wayOf(config, route); way && !needed.has(way);) {
      needed.add(way)
      const { fallback }: Way = way
      const state = await readLaneState(db, laneOf(way.config, 'send').scope)
      way = isDiverted(fallback, state, now()) ? wayOf(config, fallback.to) : undefined
    }
  }
  return ways.filter((way) => needed.has(way))
}

/** What holds up one transport; where there are several, it is named. */
async function wayWaiting(given: Mailshot, { name, config, fallback }: Way): Promise<Waiting[]> {
  const mailshot = { ...given, config }
  const now = mailshot.now()
  const state = await readLaneState(mailshot.db, laneOf(config, 'send').scope)
  const waiting = [
    ...hoursWaiting(mailshot, now),
    ...transportWaiting(mailshot, state, now),
    ...(await limitsWaiting(mailshot, state, now)),
  ]
  if (!hasRoutes(config)) return waiting
  const diverted = isDiverted(fallback, state, now)
    ? [{ reason: `${fallback.to} takes what ${name} does not`, until: null }]
    : []
  return [...waiting.map((one) => ({ ...one, reason: `${name}: ${one.reason}` })), ...diverted]
}

function hoursWaiting({ config }: Mailshot, now: number): Waiting[] {
  const opening = config.hours && openingAt(config.hours, config.timeZone, now)
  if (!opening || opening.opensAt <= now) return []
  return [{ reason: 'it is outside the sending hours', until: opening.opensAt }]
}

function transportWaiting({ config }: Mailshot, state: LaneState, now: number): Waiting[] {
  const waiting: Waiting[] = []
  if (state.parkedUntil > now) {
    waiting.push({ reason: `the relay rests: ${state.parkedReason}`, until: state.parkedUntil })
  }
  const slowed = slowedSpacing(state, now)
  if (slowed > 0) {
    const rate = `one mail in ${Math.round(slowed) / 1000} s by now`
    const reason = `the relay asked for less (${rate}): ${state.slowedReason}`
    waiting.push({ reason, until: freeAgainAt(state) })
  }
  const limit = config.ramp && rampLimit(config.ramp, state.rampFrom ?? undefined, now)
  if (limit !== undefined) {
    const until = state.rampFrom === null ? null : nextRampDay(state.rampFrom, now)
    waiting.push({ reason: `the ramp allows ${limit} mails a day as yet`, until })
  }
  return waiting
}

/** Below this a limit that is used up is the even spread at work, and holds nothing up. */
const shortWaitMs = 10_000

/** The limits of the transport that nothing is left of for now. */
async function limitsWaiting(
  { config, db }: Mailshot,
  { rampFrom }: LaneState,
  now: number,
): Promise<Waiting[]> {
  const most = config.ramp && rampLimit(config.ramp, rampFrom ?? undefined, now)
  const base = laneOf(config, 'send')
  const lane = { ...base, limits: rampedLimits(base.limits, most) }
  const later = sql`${now} + l.value ->> 'laterMs'`
  const rows = await db.all<{ windowMs: number; freeAt: number }>(
    sql`SELECT windowMs, max(freeAt) AS freeAt FROM (
          SELECT l.value ->> 'count' AS count, l.value ->> 'windowMs' AS windowMs,
            ${takenSlots(lane, later)} + ${inHand(lane)} AS taken,
            (SELECT min(free_at) FROM pace WHERE scope = ${lane.scope}
              AND window_ms = l.value ->> 'windowMs' AND free_at > ${later}) - l.value ->> 'laterMs' AS freeAt
          FROM json_each(${rulesJson(lane)}) AS l)
        WHERE taken >= count AND freeAt > ${now + shortWaitMs} GROUP BY windowMs ORDER BY freeAt DESC`,
  )
  return rows.map(({ freeAt, windowMs }) => {
    const used = describePace(lane.limits.filter((limit) => limit.windowMs === windowMs))
    return { reason: `all that the pace allows is used up for now (${used})`, until: freeAt }
  })
}

/** Those who wait in the queue of a lane, or were taken from it and wait for its next slot. */
async function domainsWaiting(mailshot: Mailshot, sendId: string, now: number): Promise<Waiting[]> {
  const queued = await mailshot.db.all<{ lane: string }>(waitedForLanes({ sendId }))
  const claimed = await mailshot.db.all<{ domain: string; count: number }>(
    sql`SELECT ${emailDomain} AS domain, count(*) AS count
        FROM recipients WHERE status = 'claimed' AND +send_id = ${sendId} GROUP BY 1`,
  )
  const taken = new Map(claimed.map(({ domain, count }) => [domain, count]))
  const waiting: Waiting[] = []
  for (const domain of new Set([...queued.map(({ lane }) => lane), ...taken.keys()])) {
    const lane = domainLaneOf(mailshot.config, domain)
    const state = await readLaneState(mailshot.db, lane.scope)
    const queue = await mailshot.db.get<{ count: number; last: number }>(
      sql`SELECT count(*) AS count, max(due_at) AS last FROM recipients
          WHERE send_id = ${sendId} AND status = 'deferred' AND lane = ${domain}`,
    )
    const isParked = state.parkedUntil > now
    const isHeldUp = isParked || lane.limits.length > 0 || slowedSpacing(state, now) > 0
    const count = (queue?.count ?? 0) + (isHeldUp ? (taken.get(domain) ?? 0) : 0)
    if (count === 0) continue
    const last = Math.max(queue?.last ?? 0, isParked ? state.parkedUntil : 0)
    waiting.push({
      reason: `${count} wait: ${describeLane(lane, state, now)}`,
      until: isHeldUp && !isHeld(state) && last > now ? last : null,
    })
  }
  return waiting
}

async function deferredWaiting(
  mailshot: Mailshot,
  sendId: string,
  now: number,
): Promise<Waiting[]> {
  const row = await mailshot.db.get<{ count: number; first: number | null }>(
    sql`SELECT count(*) AS count, min(due_at) AS first FROM recipients
        WHERE send_id = ${sendId} AND status = 'deferred' AND lane IS NULL AND due_at > ${now}`,
  )
  if (!row || row.count === 0) return []
  return [{ reason: `${row.count} wait for their own hour or their next try`, until: row.first }]
}
