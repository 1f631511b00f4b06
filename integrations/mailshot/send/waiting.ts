import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { domainLaneOf, laneOf } from '../pace.ts'
import { describeLane } from '../pace/describe.ts'
import { openingAt } from '../pace/hours.ts'
import { nextRampDay, rampLimit } from '../pace/ramp.ts'
import { freeAgainAt, slowedSpacing } from '../pace/slow.ts'
import {
  freshState,
  laneColumns,
  type LaneRow,
  type LaneState,
  laneStateOf,
} from '../pace/state.ts'
import { waitedForLanes } from '../recipient/postpone.ts'
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
  return [
    ...hoursWaiting(mailshot, now),
    ...transportWaiting(
      mailshot,
      await stateOf(mailshot, laneOf(mailshot.config, 'send').scope),
      now,
    ),
    ...(await domainsWaiting(mailshot, id, now)),
    ...(await deferredWaiting(mailshot, id, now)),
  ]
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

async function domainsWaiting(mailshot: Mailshot, sendId: string, now: number): Promise<Waiting[]> {
  const lanes = await mailshot.db.all<{ lane: string }>(waitedForLanes(sendId))
  return Promise.all(
    lanes.map(async ({ lane: domain }) => {
      const queue = await mailshot.db.get<{ count: number; last: number }>(
        sql`SELECT count(*) AS count, max(due_at) AS last FROM recipients
            WHERE send_id = ${sendId} AND status = 'deferred' AND lane = ${domain}`,
      )
      const lane = domainLaneOf(mailshot.config, domain)
      const state = await stateOf(mailshot, lane.scope)
      const reason = `${queue?.count ?? 0} wait: ${describeLane(lane, state, now)}`
      return { reason, until: queue?.last ?? null }
    }),
  )
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

async function stateOf(mailshot: Mailshot, scope: string): Promise<LaneState> {
  const row = await mailshot.db.get<LaneRow>(
    sql`SELECT ${laneColumns} FROM lanes WHERE scope = ${scope}`,
  )
  return row ? laneStateOf(row) : freshState
}
