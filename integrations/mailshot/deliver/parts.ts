import type { Mailshot } from '../mailshot.ts'
import type { ClaimedRecipient, Source } from '../recipient/claim.ts'
import { hasRoutes, type Way, wayOf, waysOf } from '../route.ts'
import { isDiverted } from '../route/divert.ts'
import { waitedForRoutes } from '../route/waiting.ts'
import type { Send } from '../send/read.ts'
import type { Transport } from '../transport.ts'
import type { Ending } from './ending.ts'
import { type Ledger, type openAccount, openLedger } from './ledger.ts'
import { openStock, type Stock } from './stock.ts'

/** What a worker has for one transport: who waits for it, and the books. */
export interface Part {
  way: Way
  transport: Transport
  /** Most of it that may be in hand. */
  capacity: number
  ledger: Ledger
  stock: Stock
  signal: AbortSignal
  ending: Ending
}

/** The parts of a worker: one for each transport, which work beside each other under one lease. */
export interface Parts {
  readonly all: readonly Part[]
  /** Looks at the open sends and the lanes again; whose transport rests for long waits for its fallback from then on. */
  refresh(): ReturnType<Stock['refresh']>
  haveNews(): boolean
  /** Writes down what came back, and puts nothing in hand. */
  settle(workerId: string): Promise<void>
}

interface Shared {
  signal: AbortSignal
  ending: Ending
  account: ReturnType<typeof openAccount>
}

export function openParts(mailshot: Mailshot, shared: Shared): Parts {
  const all: Part[] = []
  for (const way of waysOf(mailshot.config)) all.push(openPart(mailshot, way, { all, ...shared }))
  return {
    all,
    refresh: async () => {
      const looks = []
      for (const part of all) looks.push(await part.stock.refresh())
      if (hasRoutes(mailshot.config)) sortByRoute(mailshot, all)
      // All see the same sends; the letters that wait are those of the first.
      return looks[0] ?? { isIdle: true, sends: [] }
    },
    haveNews: () => all.some(({ ledger }) => ledger.hasNews()),
    settle: async (workerId) => {
      for (const { ledger } of all) await ledger.write([], 0, workerId)
    },
  }
}

function openPart(
  given: Mailshot,
  way: Way,
  { all, account, signal, ending }: Shared & { all: readonly Part[] },
): Part {
  const mailshot = way.config === given.config ? given : { ...given, config: way.config }
  const { transport } = way.config
  const ledger = openLedger(mailshot, signal, account)
  const sourcesOf = hasRoutes(given.config)
    ? (running: Send[]) => routedSources(given, all, { way, running })
    : undefined
  return {
    way,
    transport,
    capacity: transport.parallel * transport.batch,
    ledger,
    stock: openStock(mailshot, ledger.lanes, sourcesOf),
    signal,
    ending,
  }
}

/** Those of the sends that run whom this transport carries just now. */
async function routedSources(
  mailshot: Mailshot,
  all: readonly Part[],
  { way, running }: { way: Way; running: Send[] },
): Promise<Source[]> {
  const sources: Source[] = []
  for (const { id } of running) {
    for (const { route } of await mailshot.db.all<{ route: string | null }>(waitedForRoutes(id))) {
      const carriers = carriersOf(mailshot, all, route)
      if (all.some((part) => part.way === way && doesCarry(part, carriers))) {
        sources.push({ sendId: id, route })
      }
    }
  }
  return sources
}

/** Who carries a route: its own transport, and the fallback that does so while that one is not well. */
interface Carriers {
  own: Part
  other: Part | undefined
  /** Its own takes nothing just now; otherwise it is tried again, to see whether it is well. */
  isResting: boolean
}

function carriersOf(mailshot: Mailshot, all: readonly Part[], route: string | null): Carriers {
  const way = wayOf(mailshot.config, route)
  const own = all.find((part) => part.way === way)
  if (!own) throw new Error(`no part has the transport ${way.name}`)
  const { parkedUntil } = own.ledger.lanes.transportState
  return { own, other: fallbackOf(mailshot, all, own), isResting: parkedUntil > mailshot.now() }
}

function doesCarry(part: Part, { own, other, isResting }: Carriers): boolean {
  return part === other || (part === own && !(other && isResting))
}

/** The first on the way from fallback to fallback that is well; nobody while the part is well itself, or where none is. */
function fallbackOf(mailshot: Mailshot, all: readonly Part[], part: Part): Part | undefined {
  const seen = new Set<Part>()
  let next: Part | undefined = part
  while (next && !seen.has(next)) {
    seen.add(next)
    const { fallback }: Way = next.way
    if (!isDiverted(fallback, next.ledger.lanes.transportState, mailshot.now())) {
      return next === part ? undefined : next
    }
    next = all.find(({ way }) => way.name === fallback?.to)
  }
  return undefined
}

/**
 * What is claimed goes to who carries it now: to the fallback of a transport that rests, back to one that is well again. One that is
 * tried gets a handful back.
 */
function sortByRoute(mailshot: Mailshot, all: readonly Part[]): void {
  const wanted = new Map(all.map((part) => [part, hasNothing(part) ? part.capacity : 0]))
  const sorted = new Map(all.map((part): [Part, ClaimedRecipient[]] => [part, []]))
  for (const part of all) {
    for (const recipient of part.stock.takeAll()) {
      const { own, other, isResting } = carriersOf(mailshot, all, recipient.route ?? null)
      const isTrial = other !== undefined && !isResting
      const tries = isTrial && part === other ? (wanted.get(own) ?? 0) : 0
      if (tries > 0) wanted.set(own, tries - 1)
      const stays = isTrial && tries === 0 ? part : own
      sorted.get(other && isResting ? other : stays)?.push(recipient)
    }
  }
  for (const [part, recipients] of sorted) part.stock.add(recipients)
}

function hasNothing({ stock, ledger }: Part): boolean {
  return ledger.inHand === 0 && stock.claimed.length === 0
}
