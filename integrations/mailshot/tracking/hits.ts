import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm/sql'
import { recordEvents } from '../event.ts'
import type { Mailshot } from '../mailshot.ts'
import type { DeliveryEvent } from '../transport.ts'
import type { TrackedLink } from './link.ts'
import type { Visitor } from './visitor.ts'

/** A pixel that was loaded, or a link that was followed. */
export interface Hit extends TrackedLink {
  type: 'opened' | 'clicked'
  /** Of a link: where it leads, and how many others the campaign has. */
  url: string | undefined
  links: number
  at: number
  /** Why it is known to be no person's. */
  machine: string | undefined
  visitor: Visitor
}

/** Hits are held for so long before they are written: only what follows tells a scanner from a person. */
const holdMs = 5_000
/** Whoever was found to be a machine remains one for so long. */
const machineMs = 60_000
/** Nobody reads so soon after a mail was handed over. */
const soonMs = 10_000
/** So many links within {@link holdMs} are nobody's reading, or all of them where there are fewer. */
const mostLinks = 3
/** Of hits, and of machines, the latest so many are held. */
export const mostHeld = 20_000

/** A hit with whose it was, and the id that its event has however often it is written. */
type HeldHit = Hit & { who: string; id: string }

interface Held {
  hits: HeldHit[]
  /** How many there was no room for since they were last written. */
  lost: number
  /** Until when a visitor is taken for a machine. */
  machines: Map<string, number>
  /** Made anew whenever nothing is held: what a visitor is called here means nothing elsewhere, or later. */
  salt: Buffer
  timer: NodeJS.Timeout | undefined
  writing: Promise<void>
}

const held = new WeakMap<Mailshot['config'], Held>()

/** Notes a hit in memory, which takes no time; it is written down with others some seconds later, with no word of who it was. */
export function noteHit(mailshot: Mailshot, hit: Hit): void {
  const book = bookOf(mailshot)
  book.hits.push({ ...hit, who: whoOf(book, hit), id: randomUUID() })
  dropOldest(book)
  writeLater(mailshot, book)
}

/** Notes that a visitor looked without loading: no event, but what the same one does next is a machine's. */
export function noteLook(mailshot: Mailshot, hit: Hit): void {
  // Of whom nothing is known, nothing can be known again.
  if (hit.recipientId === 0 && hit.visitor.address === undefined) return
  const book = bookOf(mailshot)
  setMachine(book, whoOf(book, hit), hit.at)
  writeLater(mailshot, book)
}

/**
 * Writes down what was noted until then, by default all of it. What cannot be written is kept, and tried again with the next.
 */
export async function flushHits(mailshot: Mailshot, until = Infinity): Promise<void> {
  const book = bookOf(mailshot)
  const work = book.writing.then(() => write(mailshot, book, until))
  book.writing = work
  await work
}

async function write(mailshot: Mailshot, book: Held, until: number): Promise<void> {
  findBursts(book)
  const due = book.hits.filter(({ at }) => at <= until)
  if (due.length > 0) {
    book.hits = book.hits.filter(({ at }) => at > until)
    try {
      await recordEvents(mailshot, 'mailshot', await eventsOf(mailshot, book, due))
    } catch (error) {
      mailshot.log.warn({ err: error, hits: due.length }, 'opens and clicks wait to be written')
      book.hits = [...due, ...book.hits]
      dropOldest(book)
    }
  }
  if (book.lost > 0) {
    mailshot.log.warn({ hits: book.lost }, 'there were too many opens and clicks to count them all')
    book.lost = 0
  }
  const now = mailshot.now()
  for (const [who, end] of book.machines) if (end < now) book.machines.delete(who)
  if (book.hits.length === 0 && book.machines.size === 0) book.salt = randomBytes(32)
  else writeLater(mailshot, book)
}

function dropOldest(book: Held): void {
  for (; book.hits.length > mostHeld; book.lost += 1) book.hits.shift()
}

function writeLater(mailshot: Mailshot, book: Held): void {
  book.timer ??= setTimeout(() => {
    book.timer = undefined
    void flushHits(mailshot, mailshot.now() - holdMs)
  }, holdMs).unref()
}

function bookOf({ config }: Mailshot): Held {
  const known = held.get(config)
  if (known) return known
  const writing = Promise.resolve()
  const salt = randomBytes(32)
  const book = { hits: [], lost: 0, machines: new Map(), salt, timer: undefined, writing }
  held.set(config, book)
  return book
}

function setMachine({ machines }: Held, who: string, at: number): void {
  machines.set(who, at + machineMs)
  const [oldest] = machines.keys()
  if (machines.size > mostHeld && oldest !== undefined) machines.delete(oldest)
}

/** Where neither the reader nor an address is known, each request is somebody else's. */
function whoOf({ salt }: Held, { sendId, recipientId, visitor }: Hit): string {
  const { address = randomUUID(), agent } = visitor
  const own = recipientId > 0 ? String(recipientId) : `${address} ${agent}`
  return createHmac('sha256', salt).update(`${sendId} ${own}`).digest('base64url')
}

/** Whoever follows many links, or all, within seconds, reads none of them. */
function findBursts(book: Held): void {
  const clicks = book.hits.filter(({ type }) => type === 'clicked')
  for (const [who, ofOne] of Map.groupBy(clicks, (hit) => hit.who)) {
    const burstAt = lastBurst(ofOne.toSorted((a, b) => a.at - b.at))
    if (burstAt !== undefined) setMachine(book, who, burstAt)
  }
}

/** When the last burst of one visitor's clicks ended; in one walk over them, for there may be a flood of them. */
function lastBurst(clicks: readonly HeldHit[]): number | undefined {
  const near = new Map<number, number>()
  let first = 0
  let burstAt: number | undefined
  for (const { at, link, links } of clicks) {
    near.set(link, (near.get(link) ?? 0) + 1)
    for (let old = clicks[first]; old && old.at <= at - holdMs; old = clicks[++first]) {
      const left = (near.get(old.link) ?? 0) - 1
      if (left > 0) near.set(old.link, left)
      else near.delete(old.link)
    }
    if (near.size >= Math.max(2, Math.min(mostLinks, links))) burstAt = at
  }
  return burstAt
}

async function eventsOf(
  mailshot: Mailshot,
  book: Held,
  hits: readonly HeldHit[],
): Promise<DeliveryEvent[]> {
  const handedOver = await handOverTimes(mailshot, hits)
  return hits.map((hit) => {
    const { type, at, url, sendId, recipientId, resend, who, id } = hit
    const isSoon = at - (handedOver.get(recipientId) ?? -Infinity) < soonMs
    const byWho = book.machines.has(who) ? 'scanner: its behaviour' : undefined
    const machine = hit.machine ?? (isSoon ? 'scanner: too soon' : byWho)
    return {
      type,
      at,
      word: machine ?? (type === 'opened' ? 'open' : 'click'),
      ourId: `${sendId}.${recipientId}.${resend}`,
      providerEventId: id,
      isMachine: machine !== undefined,
      ...(url !== undefined && { url }),
      raw: {},
    }
  })
}

async function handOverTimes(
  { db }: Mailshot,
  hits: readonly Hit[],
): Promise<Map<number, number | null>> {
  const ids = hits.flatMap(({ recipientId }) => (recipientId > 0 ? [recipientId] : []))
  if (ids.length === 0) return new Map()
  const rows = await db.all<{ id: number; at: number | null }>(sql`
    SELECT id, in_hand_at AS at FROM recipients WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`)
  return new Map(rows.map(({ id, at }) => [id, at]))
}
