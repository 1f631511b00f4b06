import { sql } from 'drizzle-orm/sql'
import { domainOf } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { allowance, type Lane } from '../pace.ts'
import {
  advanceStatement,
  hasSlot,
  laneRest,
  type LaneRow,
  laneRowStatement,
  type LaneState,
  laneStateOf,
  laneStateStatement,
  slotHour,
} from '../pace/state.ts'
import type { ClaimedRecipient } from '../recipient.ts'
import {
  inHandStatement,
  type Mark,
  marksStatement,
  readMarks,
  skipStatement,
} from '../recipient/mark.ts'
import type { Batch } from './batch.ts'
import type { HeldRecipient } from './held.ts'
import type { Lanes } from './lanes.ts'

export interface Marked {
  inHand: HeldRecipient[]
  skipped: number
  /** Those that are claimed no more: in hand, skipped, or lost to a pause or another worker. */
  left: ClaimedRecipient[]
  /** When it is worth trying again, in milliseconds. */
  rest: number
}

interface MarkRequest {
  next: ClaimedRecipient[]
  workerId: string
  now: number
}

/**
 * Puts the first of `next` in hand, as many as the pace of the transport and of their domains allow, and moves the lanes on. The
 * hours of their slots come from where the lanes stood just before, in the same transaction.
 */
export function planMark(
  mailshot: Mailshot,
  lanes: Lanes,
  { batch, ...request }: MarkRequest & { batch: Batch },
): () => Marked {
  const { next, now } = request
  const transport = lanes.transport(now)
  const transportState = askState(batch, transport, now)
  const groups = groupsOf(lanes, next, now).map((group) => ({
    ...group,
    ...planGroup(mailshot, group, { batch, transport, ...request }),
  }))
  batch.add(skipStatement(next, request))
  const answer = batch.ask<{ marks: string }>(marksStatement(next, now))
  return () => {
    const state = transportState()
    lanes.note(transport, state)
    const marks = new Map(readMarks(answer()).map((mark) => [mark.id, mark]))
    const marked: Marked = {
      inHand: [],
      skipped: [...marks.values()].filter(({ status }) => status === 'skipped').length,
      left: next.filter(({ id }) => marks.get(id)?.status !== 'claimed'),
      rest: 1000,
    }
    for (const group of groups)
      readGroup(lanes, group, { marked, marks, transport, state, ...request })
    return marked
  }
}

/** Those who are put in hand together: of one domain that has a lane of its own, or of all others. */
interface Group {
  lane: Lane | undefined
  recipients: ClaimedRecipient[]
}

/** In the order of their first ones. */
function groupsOf(lanes: Lanes, next: ClaimedRecipient[], now: number): Group[] {
  const groups = new Map<string | undefined, Group>()
  for (const recipient of next) {
    const domain = lanes.restricted(recipient.written)
    const lane = domain === undefined ? undefined : lanes.domain(domain, now)
    const group = groups.get(domain) ?? { lane, recipients: [] }
    group.recipients.push(recipient)
    groups.set(domain, group)
  }
  return [...groups.values()]
}

/** A domain's group takes slots of both lanes. */
function planGroup(
  { config }: Mailshot,
  { lane, recipients }: Group,
  { batch, transport, workerId, now }: MarkRequest & { batch: Batch; transport: Lane },
) {
  const state = lane ? askState(batch, lane, now) : undefined
  const wanted = recipients.length
  const ofTransport = allowance(transport, wanted, now)
  const allowed = lane ? sql`min(${ofTransport}, ${allowance(lane, wanted, now)})` : ofTransport
  const host = domainOf(config.from.address)
  const ahead = Math.max(transport.ahead, lane?.ahead ?? 0)
  const { lang } = config
  batch.add(inHandStatement(recipients, { workerId, allowed, ahead, host, lang, now }))
  const advanced = [transport, ...(lane ? [lane] : [])].filter(isPaced)
  if (advanced.length > 0) batch.add(advanceStatement(advanced, now, config.ramp !== undefined))
  return { ownState: state }
}

function askState(batch: Batch, lane: Lane, now: number): () => LaneState {
  // Without a pace of its own there is nothing to note in its row.
  if (isPaced(lane)) batch.add(laneRowStatement(lane.scope))
  const rows = batch.ask<LaneRow>(laneStateStatement(lane, now))
  return () => laneStateOf(rows()[0])
}

function readGroup(
  lanes: Lanes,
  group: Group & ReturnType<typeof planGroup>,
  page: {
    marked: Marked
    marks: Map<number, Mark>
    transport: Lane
    state: LaneState
    workerId: string
    now: number
  },
): void {
  const { marked, marks, transport, state, workerId, now } = page
  const own = group.ownState?.()
  let taken = 0
  for (const recipient of group.recipients) {
    const mark = marks.get(recipient.id)
    if (mark?.status !== 'in-hand') continue
    const ownHour = group.lane && own ? slotHour(group.lane, own, taken, now) : 0
    const hour = Math.max(ownHour, slotHour(transport, state, marked.inHand.length, now))
    const { messageId, lists } = mark
    marked.inHand.push({ ...recipient, messageId, lists, workerId, hour, inHandAt: now })
    lanes.pulse.beat('', hour)
    lanes.pulse.beat(domainOf(recipient.written), hour)
    taken += 1
  }
  let rest = restOf(transport, state, { taken: marked.inHand.length, now })
  if (group.lane && own) {
    lanes.note(group.lane, own)
    rest = Math.max(rest, domainRest(group.lane, own, { taken, now }))
    lanes.rest(group.lane.domain ?? '', now + rest)
  }
  const isLeftOver = group.recipients.some(({ id }) => marks.get(id)?.status === 'claimed')
  // An unpaced lane that gave nothing has lost its worker's lease, which takes its time to be noticed.
  if (isLeftOver) marked.rest = Math.min(marked.rest, rest === 0 ? 250 : rest)
}

/** News of the lane end its rest; what no row tells of (a slot that is given back) is seen after this. */
const longestRestMs = 60_000

/** As long as the lane itself has no slot, however far the next one is, so that very many of them cost nothing. */
function domainRest(lane: Lane, state: LaneState, { taken, now }: { taken: number; now: number }) {
  const isParked = state.parkedUntil > now
  if (!isParked && hasSlot(lane, state, { taken, now })) return 0
  return isPaced(lane) || isParked ? laneRest(lane, state, { taken, now, most: longestRestMs }) : 0
}

function restOf(lane: Lane, state: LaneState, taken: { taken: number; now: number }): number {
  return isPaced(lane) || state.parkedUntil > taken.now ? laneRest(lane, state, taken) : 0
}

function isPaced(lane: Lane): boolean {
  return lane.limits.length > 0 || lane.spacing > 0
}
