import type { Mailshot } from '../mailshot.ts'
import { describeLane } from '../pace/describe.ts'
import { type ClaimedRecipient, claimRecipients } from '../recipient.ts'
import type { Source } from '../recipient/claim.ts'
import { postponeStatements, waitedForLanes } from '../recipient/postpone.ts'
import type { Lanes } from './lanes.ts'
import { openTurns } from './turns.ts'

/**
 * Those whose domain has a lane of its own. A few of each are kept here, so that no slot of the lane is lost; all others are
 * postponed, and claimed again from the lane's queue as it moves on.
 */
export function openLaneQueues(mailshot: Mailshot, lanes: Lanes) {
  const domains = new Map<string, ReturnType<typeof openTurns>>()
  /** By domain, from whom somebody is in its queue. */
  let queues = new Map<string, Map<string, Source>>()
  const kept = (domain: string) => {
    const turns = domains.get(domain) ?? openTurns()
    domains.set(domain, turns)
    return turns
  }
  const claim = async (domain: string, workerId: string, limit: number) => {
    const sources = queues.get(domain) ?? new Map<string, Source>()
    const taken: ClaimedRecipient[] = []
    for (const [key, source] of sources) {
      const ofSource = await claimRecipients(mailshot, { ...source, workerId, limit, lane: domain })
      if (ofSource.length < limit) sources.delete(key)
      taken.push(...ofSource)
    }
    if (sources.size === 0) queues.delete(domain)
    return taken
  }

  const isFree = (domain: string) => lanes.restricted(`@${domain}`) === undefined

  return {
    add: (domain: string, recipient: ClaimedRecipient) => {
      kept(domain).add(recipient)
      lanes.noteWaiting(domain)
    },
    /** Those whose lanes may have a slot now, no more of each than it can give at once. */
    ready: (now: number): ClaimedRecipient[] => {
      const all: ClaimedRecipient[] = []
      for (const [domain, turns] of domains) {
        if (turns.size === 0 || lanes.readyAt(domain) > now) continue
        all.push(...turns.inTurn().slice(0, atOnce(lanes, domain, now)))
      }
      return all
    },
    /** Claims from the queues of the lanes that are in force, no more than they give in the next seconds. */
    fill: async (workerId: string, capacity: number): Promise<ClaimedRecipient[]> => {
      const claimed: ClaimedRecipient[] = []
      for (const domain of queues.keys()) {
        if (isFree(domain)) continue
        const most = mostKept(lanes, domain, { capacity, now: mailshot.now() })
        const wanted = most - kept(domain).size
        if (wanted > 0) claimed.push(...(await claim(domain, workerId, wanted)))
      }
      return claimed
    },
    /** Whether some wait in the queue of a lane that is free again. */
    hasFree: (): boolean => [...queues.keys()].some(isFree),
    /** Claims up to `limit` of those from each send: they are like all others again. */
    claimFree: async (workerId: string, limit: number): Promise<ClaimedRecipient[]> => {
      const claimed: ClaimedRecipient[] = []
      for (const domain of queues.keys()) {
        if (claimed.length >= limit) break
        if (isFree(domain)) claimed.push(...(await claim(domain, workerId, limit - claimed.length)))
      }
      return claimed
    },
    /** Gives back all but the few that are kept of each domain. */
    postpone: async (capacity: number): Promise<void> => {
      const now = mailshot.now()
      for (const [domain, turns] of domains) {
        // A few too many are no reason for a write.
        if (turns.size <= 2) continue
        const most = mostKept(lanes, domain, { capacity, now })
        if (turns.size <= most * 2) continue
        const surplus = triedFirst(turns.inTurn()).slice(most)
        const lane = lanes.domain(domain, now)
        const reason = describeLane(lane, lanes.stateOf(domain), now)
        await mailshot.db.write(...postponeStatements(surplus, { ...lane, domain, reason }, now))
        turns.remove(new Set(surplus))
        queues.set(domain, withSources(queues.get(domain), surplus))
      }
    },
    rest: (now: number): number => {
      const times = [...domains].flatMap(([domain, turns]) =>
        turns.size > 0 ? [Math.max(2, lanes.readyAt(domain) - now)] : [],
      )
      return Math.min(...times, Infinity)
    },
    /** The turn goes on to the next domain. */
    remove: (domain: string, gone: Set<ClaimedRecipient>) => {
      const turns = kept(domain)
      turns.remove(gone)
      domains.delete(domain)
      if (turns.size > 0) domains.set(domain, turns)
      else lanes.noteIdle(domain)
    },
    takeAll: (): ClaimedRecipient[] => [...domains.values()].flatMap((turns) => turns.takeAll()),
    /** Looks for who waits in the queues of the sends that run. */
    refresh: async (sources: Source[]): Promise<void> => {
      const found = new Map<string, Map<string, Source>>()
      for (const source of sources) {
        for (const { lane } of await mailshot.db.all<{ lane: string }>(waitedForLanes(source))) {
          found.set(lane, withSources(found.get(lane), [source]))
        }
      }
      queues = found
    },
  }
}

function withSources(known: Map<string, Source> | undefined, more: Source[]): Map<string, Source> {
  const sources = known ?? new Map<string, Source>()
  for (const { sendId, route } of more) {
    sources.set(`${sendId} ${route ?? ''}`, { sendId, ...(route !== undefined && { route }) })
  }
  return sources
}

/** Who was asked to come back is expected at an hour, and forgotten after it. */
function triedFirst(recipients: ClaimedRecipient[]): ClaimedRecipient[] {
  const { tried = [], others = [] } = Object.groupBy(recipients, ({ tries }) =>
    tries > 0 ? 'tried' : 'others',
  )
  return [...tried, ...others]
}

/** As many as a lane may give in one mark: what it looks ahead, and what it may catch up. */
function atOnce(lanes: Lanes, domain: string, now: number): number {
  const { spacing, ahead, catchUpMs } = lanes.domain(domain, now)
  return spacing === 0 ? Infinity : 1 + Math.ceil((ahead + catchUpMs) / spacing)
}

/** As many as its lane takes in the next seconds, so that claiming more is never too late. */
function mostKept(
  lanes: Lanes,
  domain: string,
  { capacity, now }: { capacity: number; now: number },
): number {
  const { spacing } = lanes.domain(domain, now)
  return spacing === 0 ? capacity : Math.min(capacity, 1 + Math.ceil(2000 / spacing))
}
