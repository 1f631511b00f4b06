import type { Mailshot } from '../mailshot.ts'
import { describeLane } from '../pace/describe.ts'
import { type ClaimedRecipient, claimRecipients } from '../recipient.ts'
import { postponeStatements, waitedForLanes } from '../recipient/postpone.ts'
import type { Lanes } from './lanes.ts'
import { openTurns } from './turns.ts'

/**
 * Those whose domain has a lane of its own. A few of each are kept here, so that no slot of the lane is lost; all others are
 * postponed, and claimed again from the lane's queue as it moves on.
 */
export function openWaiting(mailshot: Mailshot, lanes: Lanes) {
  const domains = new Map<string, ReturnType<typeof openTurns>>()
  /** By domain, the sends that have somebody in its queue. */
  let queues = new Map<string, Set<string>>()
  const kept = (domain: string) => {
    const turns = domains.get(domain) ?? openTurns()
    domains.set(domain, turns)
    return turns
  }
  const claim = async (domain: string, workerId: string, limit: number) => {
    const sends = queues.get(domain) ?? new Set()
    const taken: ClaimedRecipient[] = []
    for (const sendId of sends) {
      const ofSend = await claimRecipients(mailshot, { sendId, workerId, limit, lane: domain })
      if (ofSend.length < limit) sends.delete(sendId)
      taken.push(...ofSend)
    }
    if (sends.size === 0) queues.delete(domain)
    return taken
  }

  return {
    add: (domain: string, recipient: ClaimedRecipient) => kept(domain).add(recipient),
    /** Those whose lanes may have a slot now, no more of each than it can give at once. */
    ready: (now: number): ClaimedRecipient[] => {
      const all: ClaimedRecipient[] = []
      for (const [domain, turns] of domains) {
        if (turns.size === 0 || lanes.readyAt(domain) > now) continue
        all.push(...turns.inTurn().slice(0, atOnce(lanes, domain, now)))
      }
      return all
    },
    /** Claims from the queues of the lanes: a few where the lane is in force, all that waits where it is free again. */
    fill: async (workerId: string, capacity: number): Promise<ClaimedRecipient[]> => {
      const claimed: ClaimedRecipient[] = []
      for (const domain of queues.keys()) {
        const isFree = lanes.restricted(`@${domain}`) === undefined
        const most = isFree
          ? capacity * 2
          : mostKept(lanes, domain, { capacity, now: mailshot.now() })
        const wanted = most - kept(domain).size
        if (wanted > 0) claimed.push(...(await claim(domain, workerId, wanted)))
      }
      return claimed
    },
    /** Gives back all but the few that are kept of each domain. */
    postpone: async (capacity: number): Promise<void> => {
      const now = mailshot.now()
      for (const [domain, turns] of domains) {
        const most = mostKept(lanes, domain, { capacity, now })
        // A few too many are no reason for a write.
        if (turns.size <= most * 2) continue
        const surplus = turns.inTurn().slice(most)
        const lane = lanes.domain(domain, now)
        const reason = describeLane(lane, lanes.stateOf(domain), now)
        await mailshot.db.write(...postponeStatements(surplus, { ...lane, domain, reason }, now))
        turns.remove(new Set(surplus))
        const sends = queues.get(domain) ?? new Set()
        for (const { sendId } of surplus) sends.add(sendId)
        queues.set(domain, sends)
      }
    },
    rest: (now: number): number => {
      const times = [...domains].flatMap(([domain, turns]) =>
        turns.size > 0 ? [Math.max(2, lanes.readyAt(domain) - now)] : [],
      )
      return Math.min(...times, Infinity)
    },
    remove: (gone: Set<ClaimedRecipient>) => {
      for (const turns of domains.values()) turns.remove(gone)
    },
    takeAll: (): ClaimedRecipient[] => [...domains.values()].flatMap((turns) => turns.takeAll()),
    /** Looks for who waits in the queues of the sends that run. */
    refresh: async (sendIds: string[]): Promise<void> => {
      const found = new Map<string, Set<string>>()
      for (const sendId of sendIds) {
        for (const { lane } of await mailshot.db.all<{ lane: string }>(waitedForLanes(sendId))) {
          found.set(lane, (found.get(lane) ?? new Set()).add(sendId))
        }
      }
      queues = found
    },
  }
}

/** As many as a lane may give in one mark: what it looks ahead, and what it may catch up. */
function atOnce(lanes: Lanes, domain: string, now: number): number {
  const { spacing, ahead } = lanes.domain(domain, now)
  return spacing === 0 ? Infinity : 1 + Math.ceil((ahead + 250) / spacing)
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
