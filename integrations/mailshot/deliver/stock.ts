import { sql } from 'drizzle-orm/sql'
import type { CompiledCampaign } from '../compile.ts'
import { hasReadyLetters } from '../letter/slots.ts'
import type { Mailshot } from '../mailshot.ts'
import { type ClaimedRecipient, claimRecipients } from '../recipient.ts'
import type { Source } from '../recipient/claim.ts'
import { readSnapshot } from '../send/media.ts'
import { type Send, sendsIn } from '../send/read.ts'
import type { Lanes } from './lanes.ts'
import { openSides } from './sides.ts'
import { openTurns } from './turns.ts'
import { openLaneQueues } from './lane-queues.ts'

/** What a worker has claimed and not yet in hand, taken in turn from the sends that run. */
export interface Stock {
  /** Those that may be put in hand now, in this order: in turn those of domains whose lanes may have a slot, and the others. */
  readonly claimed: ClaimedRecipient[]
  /** Claims more where less than one full hand is left. */
  fill(workerId: string, capacity: number): Promise<void>
  /** In how many milliseconds it may have something that it did not offer; 0 when there is more to claim at once. */
  rest(): number
  remove(recipients: ClaimedRecipient[]): void
  add(recipients: ClaimedRecipient[]): void
  /** Gives all up: to another stock of the same worker, or because they are lost. */
  takeAll(): ClaimedRecipient[]
  /** Looks at the open sends and the lanes again. Idle is when nothing could be sent now or after a recipient's delay. */
  refresh(): Promise<{ isIdle: boolean; sends: Send[] }>
  snapshotOf(sendId: string): Promise<CompiledCampaign>
}

/** Claims in a row before others get their turn: those of a domain that waits for its lane make no stock. */
const mostRounds = 4

/** @param sourcesOf from whom of the running sends it may claim: from all, unless told */
export function openStock(
  mailshot: Mailshot,
  lanes: Lanes,
  sourcesOf: (running: Send[]) => Source[] | Promise<Source[]> = wholeSends,
): Stock {
  const others = openTurns()
  const waiting = openLaneQueues(mailshot, lanes)
  const sides = openSides()
  const snapshots = openSnapshots(mailshot)
  let sources: Source[] = []
  let sorted = lanes.revision
  let isHungry = false

  const sort = (recipients: ClaimedRecipient[]) => {
    for (const recipient of recipients) {
      const domain = lanes.restricted(recipient.written)
      if (domain === undefined) others.add(recipient)
      else waiting.add(domain, recipient)
    }
  }
  /** A domain that got its lane or lost it while its recipients lay here. */
  const sortAnew = () => {
    if (sorted === lanes.revision) return
    sorted = lanes.revision
    sort([...others.takeAll(), ...waiting.takeAll()])
  }
  const claimRound = async (workerId: string, capacity: number) => {
    const limit = Math.min(500, Math.max(200, capacity * 4))
    const withMore: Source[] = []
    for (const source of sources) {
      const taken = await claimRecipients(mailshot, { ...source, workerId, limit })
      sort(taken)
      if (taken.length > 0) withMore.push(source)
    }
    // One with nothing left is asked again after the next look.
    sources = withMore
    sort(await waiting.claimFree(workerId, limit))
  }
  const isShort = (capacity: number) =>
    others.size < capacity && (sources.length > 0 || waiting.hasFree())

  return {
    get claimed() {
      sortAnew()
      return sides.inTurn(waiting.ready(mailshot.now()), others.inTurn())
    },
    fill: async (workerId, capacity) => {
      if (!lanes.isOpen(mailshot.now())) return
      sortAnew()
      let rounds = 0
      while (isShort(capacity) && rounds < mostRounds) {
        await claimRound(workerId, capacity)
        rounds += 1
      }
      isHungry = isShort(capacity)
      sort(await waiting.fill(workerId, capacity))
      await waiting.postpone(capacity)
      if (others.size > 0 || waiting.ready(mailshot.now()).length > 0) lanes.noteWaiting('')
      else lanes.noteIdle('')
    },
    rest: () => (isHungry ? 0 : waiting.rest(mailshot.now())),
    remove: (recipients) => {
      if (recipients.length === 0) return
      const byDomain = Map.groupBy(recipients, ({ written }) => lanes.restricted(written))
      const ofOthers = byDomain.get(undefined) ?? []
      others.remove(new Set(ofOthers))
      for (const [domain, ofDomain] of byDomain) {
        if (domain !== undefined) waiting.remove(domain, new Set(ofDomain))
      }
      sides.note({ ofDomains: recipients.length - ofOthers.length, others: ofOthers.length })
    },
    add: sort,
    takeAll: () => [...others.takeAll(), ...waiting.takeAll()],
    refresh: async () => {
      const now = mailshot.now()
      const sends = await sendsIn(mailshot, ['scheduled', 'preparing', 'running'])
      const running = sends.filter((send) => send.status === 'running' && !hasEnded(send, now))
      const open = new Set(running.map((send) => send.id))
      snapshots.keepOnly(open)
      await lanes.refresh()
      sources = await sourcesOf(running)
      await waiting.refresh(sources)
      sort([...others.takeAll(), ...waiting.takeAll()].filter(({ sendId }) => open.has(sendId)))
      sorted = lanes.revision
      const isOpen = (send: Send) => send.status !== 'scheduled' || send.scheduledAt <= now
      return { isIdle: !sends.some(isOpen) && !(await hasReadyLetters(mailshot)), sends }
    },
    snapshotOf: snapshots.of,
  }
}

function wholeSends(running: Send[]): Source[] {
  return running.map(({ id }) => ({ sendId: id }))
}

/** Whether nobody of it is to be mailed any more. */
function hasEnded({ until }: Send, now: number): boolean {
  return until !== null && until <= now
}

/** One parsed copy of each send, which the composer's own caches hang on. */
function openSnapshots(mailshot: Mailshot) {
  const snapshots = new Map<string, Promise<CompiledCampaign>>()
  const read = async (sendId: string): Promise<CompiledCampaign> => {
    const send = await mailshot.db.get<{ snapshot: string }>(
      sql`SELECT snapshot FROM sends WHERE id = ${sendId}`,
    )
    return readSnapshot(mailshot, send?.snapshot ?? '')
  }
  return {
    of: (sendId: string): Promise<CompiledCampaign> => {
      const known = snapshots.get(sendId)
      if (known) return known
      const reading = read(sendId)
      snapshots.set(sendId, reading)
      // A failure is not kept: what stands in its way may be mended.
      reading.catch(() => snapshots.delete(sendId))
      return reading
    },
    /** Forgets all but these; who is still in hand of another has it read again. */
    keepOnly: (sendIds: Set<string>): void => {
      for (const sendId of snapshots.keys()) if (!sendIds.has(sendId)) snapshots.delete(sendId)
    },
  }
}
