import { domainOf } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { allowance, type Lane } from '../pace.ts'
import {
  advanceDomainsStatement,
  domainAllowances,
  domainRowsStatement,
  domainStatesStatement,
} from '../pace/domain-lanes.ts'
import {
  advanceStatement,
  freshState,
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
  takenOfLanes,
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
  const groups = groupsOf(lanes, next, now)
  const transportState = askState(batch, transport, now)
  const domainStates = askDomainStates(batch, groups, now)
  addMark(mailshot, groups, { batch, transport, ...request })
  batch.add(skipStatement(next, request))
  const answer = batch.ask<{ marks: string }>(marksStatement(next, now))
  return () => {
    const marks = new Map(readMarks(answer()).map((mark) => [mark.id, mark]))
    const page = { marks, transport, state: transportState(), ...request }
    lanes.note(transport, page.state)
    const states = domainStates()
    for (const group of groups) group.state = states.get(group.lane?.scope ?? '') ?? freshState
    const inHand = readInHand(lanes, groups, page)
    const taken = inHand.length
    return {
      inHand,
      skipped: [...marks.values()].filter(({ status }) => status === 'skipped').length,
      left: next.filter(({ id }) => marks.get(id)?.status !== 'claimed'),
      rest: Math.min(1000, ...groups.map((group) => noteRest(lanes, group, { ...page, taken }))),
    }
  }
}

/** Those of one domain that has a lane of its own, or all others. */
interface Group {
  lane: Lane | undefined
  recipients: ClaimedRecipient[]
  /** Where its lane stood before the mark. */
  state: LaneState
  /** How many of them were put in hand. */
  taken: number
}

interface MarkPage extends MarkRequest {
  marks: Map<number, Mark>
  transport: Lane
  state: LaneState
}

/** In the order of their first ones. */
function groupsOf(lanes: Lanes, next: ClaimedRecipient[], now: number): Group[] {
  const groups = new Map<string | undefined, Group>()
  for (const recipient of next) {
    const domain = lanes.restricted(recipient.written)
    let group = groups.get(domain)
    if (!group) {
      const lane = domain === undefined ? undefined : lanes.domain(domain, now)
      group = { lane, recipients: [], state: freshState, taken: 0 }
      groups.set(domain, group)
    }
    group.recipients.push(recipient)
  }
  return [...groups.values()]
}

/** Those who have a domain's lane take slots of both. */
function addMark(
  { config }: Mailshot,
  groups: Group[],
  { batch, transport, next, workerId, now }: MarkRequest & { batch: Batch; transport: Lane },
): void {
  const limited = groups.flatMap(({ lane, recipients }) => (lane ? [{ lane, recipients }] : []))
  const own = limited.map(({ lane }) => lane)
  const ways = new Map(
    limited.flatMap(({ recipients }, way) => recipients.map(({ id }) => [id, way] as const)),
  )
  const host = domainOf(config.from.address)
  const ahead = Math.max(transport.ahead, ...own.map((lane) => lane.ahead))
  const allowed = allowance(transport, next.length, now)
  const within = own.length > 0 ? { ways, free: domainAllowances(own, now) } : undefined
  const { lang, transport: way } = config
  const mark = { workerId, allowed, ahead, host, lang, transport: way.name, now, lanes: within }
  const isRedirected = config.redirectTo !== undefined
  batch.add(inHandStatement(next, { ...mark, isRedirected }))
  // Each moves on only where the statement before it has changed something.
  if (isPaced(transport)) batch.add(advanceStatement(transport, now, config.ramp !== undefined))
  if (own.some(isPaced)) {
    batch.add(advanceDomainsStatement(own, takenOfLanes(next, ways, now), now))
  }
}

function askState(batch: Batch, lane: Lane, now: number): () => LaneState {
  // Without a pace of its own there is nothing to note in its row.
  if (isPaced(lane)) batch.add(laneRowStatement(lane.scope))
  const rows = batch.ask<LaneRow>(laneStateStatement(lane, now))
  return () => laneStateOf(rows()[0])
}

function askDomainStates(batch: Batch, groups: Group[], now: number): () => Map<string, LaneState> {
  const own = groups.flatMap(({ lane }) => (lane ? [lane] : []))
  if (own.length === 0) return () => new Map()
  batch.add(domainRowsStatement(own.filter(isPaced)))
  const rows = batch.ask<LaneRow & { scope: string }>(domainStatesStatement(own, now))
  return () => new Map(rows().map(({ scope, ...row }) => [scope, laneStateOf(row)]))
}

function readInHand(lanes: Lanes, groups: Group[], page: MarkPage): HeldRecipient[] {
  const { next, marks, transport, state, workerId, now } = page
  const groupOf = new Map(
    groups.flatMap((group) => group.recipients.map(({ id }) => [id, group] as const)),
  )
  const inHand: HeldRecipient[] = []
  for (const recipient of next) {
    const mark = marks.get(recipient.id)
    const group = groupOf.get(recipient.id)
    if (mark?.status !== 'in-hand' || !group) continue
    const ownHour = group.lane ? slotHour(group.lane, group.state, group.taken, now) : 0
    const hour = Math.max(ownHour, slotHour(transport, state, inHand.length, now))
    const { messageId, lists: active } = mark
    inHand.push({ ...recipient, messageId, lists: active, workerId, hour, inHandAt: now })
    lanes.pulse.beat('', hour)
    lanes.pulse.beat(domainOf(recipient.written), hour)
    group.taken += 1
  }
  return inHand
}

/** Notes when a group's lane may have a slot again, and answers when it is worth trying those who are left of it, in milliseconds. */
function noteRest(
  lanes: Lanes,
  group: Group,
  { marks, transport, state, taken, now }: MarkPage & { taken: number },
): number {
  let rest = restOf(transport, state, { taken, now })
  if (group.lane) {
    lanes.note(group.lane, group.state)
    rest = Math.max(rest, domainRest(group.lane, group.state, { taken: group.taken, now }))
    lanes.rest(group.lane.domain ?? '', now + rest)
  }
  const isLeftOver = group.recipients.some(({ id }) => marks.get(id)?.status === 'claimed')
  if (!isLeftOver) return Infinity
  // An unpaced lane that gave nothing has lost its worker's lease, which takes its time to be noticed.
  return rest === 0 ? 250 : rest
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
