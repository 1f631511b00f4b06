import type { SQL } from 'drizzle-orm/sql'
import type { DeliverReport } from '../deliver.ts'
import { handOverStatements, type Refused } from '../event/hand-over.ts'
import { domainOf } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { returnDomainSlotsStatement } from '../pace.ts'
import { domainsStillInHand } from '../pace/domain-lanes.ts'
import type { Pace } from '../pace-limit.ts'
import { type ClaimedRecipient, settleStatements } from '../recipient.ts'
import { type Settlement, settlementOf } from '../recipient/settlement.ts'
import type { Outcome } from '../transport.ts'
import { openBatch } from './batch.ts'
import { type Blame, blameOf } from './blame.ts'
import { faultStatements, isRelayFault, type Note, slowsDomain } from './faults.ts'
import { type HeldRecipient, messageKeyOf } from './held.ts'
import { type Lanes, openLanes } from './lanes.ts'
import { planMark } from './mark.ts'
import { openTally, type Tally } from './tally.ts'

export { notHandedOver } from './faults.ts'

export interface Ledger {
  readonly report: DeliverReport
  /** The lanes that its marks take slots of. */
  readonly lanes: Lanes
  /** What its outcomes came to, for each recipient domain. */
  readonly tally: Tally
  /** Notes an outcome, to be committed by the next write. */
  note(recipient: HeldRecipient, outcome: Outcome): void
  hasNews(): boolean
  /** How many are in hand as far as is written down. */
  readonly inHand: number
  /** Whether something could be put in hand: it is within the sending hours, and not all of `capacity` is in hand. */
  hasRoom(capacity: number): boolean
  /**
   * One transaction: settles what was noted, then puts the first of `claimed` in hand, as many as `capacity` and the pace
   * allow.
   */
  write(claimed: ClaimedRecipient[], capacity: number, workerId: string): Promise<Entry>
}

/** What a write has done. */
export interface Entry {
  settled: number
  inHand: HeldRecipient[]
  /** Those that are claimed no more: in hand, skipped, or lost to a pause or another worker. */
  left: ClaimedRecipient[]
  /** When it is worth trying again, in milliseconds. */
  rest: number
}

/** The one writer of the marks and outcomes of a worker's transport. */
export function openLedger(
  mailshot: Mailshot,
  signal: AbortSignal,
  { report, tally } = openAccount(),
): Ledger {
  const lanes = openLanes(mailshot)
  let noted: Note[] = []
  let inHand = 0
  return {
    report,
    lanes,
    tally,
    note: (recipient, outcome) => noted.push({ recipient, outcome }),
    get inHand() {
      return inHand
    },
    hasNews: () => noted.length > 0,
    hasRoom: (capacity) => inHand < capacity && lanes.isOpen(mailshot.now()),
    write: async (claimed, capacity, workerId) => {
      const notes = noted
      noted = []
      const isOpen = lanes.isOpen(mailshot.now())
      const free = isOpen ? Math.max(0, capacity - inHand + notes.length) : 0
      const next = claimed.slice(0, free)
      if (notes.length + next.length === 0) return { settled: 0, inHand: [], left: [], rest: 1000 }
      const blame = signal.aborted ? undefined : judge(lanes, notes, mailshot.now())
      const page = { notes, next, workerId, blame }
      const { settlements, ...entry } = await commit(mailshot, lanes, page, report).catch(
        (error: unknown) => {
          noted = [...notes, ...noted]
          throw error
        },
      )
      inHand += entry.inHand.length - notes.length
      for (const [index, { recipient }] of notes.entries()) {
        tally.note(recipient, settlements[index]?.status)
      }
      return entry
    },
  }
}

/** What the ledgers of a worker add to: one for each transport. */
export function openAccount(): Pick<Ledger, 'report' | 'tally'> {
  return { report: blankReport(), tally: openTally() }
}

/** Of a worker that has done nothing yet. */
export function blankReport(): DeliverReport {
  return { sent: 0, failed: 0, deferred: 0, uncertain: 0, skipped: 0, letters: 0 }
}

interface Page {
  notes: Note[]
  next: ClaimedRecipient[]
  workerId: string
  blame: Blame | undefined
}

/** Whose fault it is where the relay failed at some of them. */
function judge(lanes: Lanes, notes: Note[], now: number): Blame | undefined {
  if (!notes.some(({ outcome }) => isRelayFault(outcome))) return undefined
  const tried = notes.map(({ recipient, outcome }) => {
    const { relayFaultAt = null } = recipient
    return { id: messageKeyOf(recipient), relayFaultAt, outcome }
  })
  return blameOf(lanes.transportState, tried, now)
}

async function commit(
  mailshot: Mailshot,
  lanes: Lanes,
  page: Page,
  report: DeliverReport,
): Promise<Entry & { settlements: Settlement[] }> {
  const { notes, workerId, blame } = page
  const { maxTries } = mailshot.config
  const now = mailshot.now()
  const settlements = notes.map(({ recipient, outcome }) => {
    const ofThis = isRelayFault(outcome) ? blame : undefined
    return settlementOf(recipient, outcome, { now, maxTries, blame: ofThis })
  })
  const batch = openBatch()
  batch.add(
    ...faultStatements(mailshot, lanes, page, now),
    ...domainSlots(mailshot, notes, now),
    ...settleStatements(settlements, lanes.transport(now), now),
    ...handOverStatements(mailshot, refusedOf(notes, settlements)),
  )
  // A domain that gets its lane by this write takes no more slots in it; what is next is sorted anew.
  const isSlowing = notes.some(slowsDomain)
  const next = isSlowing ? [] : page.next
  const marked =
    next.length > 0 ? planMark(mailshot, lanes, { batch, next, workerId, now }) : nothingMarked
  await batch.write(mailshot.db)
  for (const { status } of settlements) if (status !== 'returned') report[status] += 1
  const { skipped, ...entry } = marked()
  report.skipped += skipped
  // What is judged next goes by how the lanes stand now.
  if (isSlowing || blame !== undefined) await lanes.refresh()
  return { settled: notes.length, settlements, ...entry, rest: isSlowing ? 0 : entry.rest }
}

/** Those that are not tried any more. */
function refusedOf(notes: Note[], settlements: Settlement[]): Refused[] {
  return notes.flatMap(({ recipient, outcome }, index) => {
    if (settlements[index]?.status !== 'failed') return []
    const isRefusal = outcome.status === 'rejected' || outcome.status === 'deferred'
    return isRefusal ? [{ recipient, outcome }] : []
  })
}

function nothingMarked() {
  return { inHand: [], skipped: 0, left: [], rest: 1000 }
}

/** The slots of limited domains come back one window after their answers, like the transport's. */
function domainSlots({ config }: Mailshot, notes: Note[], now: number): SQL[] {
  const limits: Record<string, Pace> = {}
  const held = notes.flatMap(({ recipient }) => {
    const domain = domainOf(recipient.written)
    const ofDomain = config.domains[domain] ?? []
    if (ofDomain.length === 0) return []
    limits[domain] = ofDomain
    return [recipient]
  })
  if (held.length === 0) return []
  return [returnDomainSlotsStatement(limits, domainsStillInHand(held), now)]
}
