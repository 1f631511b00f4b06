import { sql } from 'drizzle-orm/sql'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import type { Message, Outcome } from '../../integrations/mailshot/transport.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

/** What the receiving side sees of a send in virtual time. */
export interface Arrival {
  at: number
  to: string
  domain: string
  isLetter: boolean
}

export interface Scene {
  /** How many readers of each domain. */
  readers: Record<string, number>
  parallel?: number
  /** Milliseconds from the hand-over to the answer. */
  latency?: () => number
  /** What the server answers, where it does not accept. */
  answer?: (message: Message, now: number) => Outcome | undefined
}

/** A Mailshot whose transport records what arrives: somewhere between the hand-over and the answer. */
export async function openReceivingSide(
  config: Parameters<typeof openTestMailshot>[0],
  scene: Scene,
) {
  const transport = memory({ parallel: scene.parallel ?? 8 })
  const mailshot = await openTestMailshot({ ...config, transport })
  const arrivals: Arrival[] = []
  transport.failWhen(async (message) => {
    const latency = scene.latency?.() ?? 20
    const { to } = message.envelope
    await mailshot.sleep(latency / 2)
    const domain = to.slice(to.indexOf('@') + 1)
    const at = mailshot.now()
    arrivals.push({ at, to, domain, isLetter: message.campaign === undefined })
    await mailshot.sleep(latency / 2)
    return message.campaign === undefined ? undefined : scene.answer?.(message, at)
  })
  let from = 1
  for (const [domain, count] of Object.entries(scene.readers)) {
    await addReaders(mailshot, count, { domain, from })
    from += count
  }
  return { mailshot, transport, arrivals, start: () => startFixture(mailshot, 'hello') }
}

/** Works until it is killed; then nothing that it awaits ever comes, as for a process that is gone. */
export function mortalWorker(mailshot: TestMailshot): {
  done: Promise<unknown>
  kill: () => void
  /** Whether it handed a mail to this address over. */
  hasHandedOver: (to: string) => boolean
} {
  let isDead = false
  const handed = new Set<string>()
  const killed = Promise.withResolvers<void>()
  const gone = new Promise<never>(() => {})
  const alive = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    if (isDead) return gone
    const result = await run()
    return isDead ? gone : result
  }
  const db: Mailshot['db'] = {
    ...mailshot.db,
    all: (query) => alive(() => mailshot.db.all(query)),
    get: (query) => alive(() => mailshot.db.get(query)),
    write: (...statements) => alive(() => mailshot.db.write(...statements)),
    within: () => db,
    until: () => db,
  }
  const sleep: Mailshot['sleep'] = (ms, signal) => alive(() => mailshot.sleep(ms, signal))
  const { transport } = mailshot.config
  const send: typeof transport.send = (messages, signal) => {
    for (const { envelope } of messages) handed.add(envelope.to)
    return transport.send(messages, signal)
  }
  // One of several has its name by a proxy, of which a copy has nothing.
  const watched = new Proxy(transport, {
    get: (of, key): unknown => (key === 'send' ? send : Reflect.get(of, key)),
  })
  const config = { ...mailshot.config, transport: watched }
  const worker = deliver({ ...mailshot, config, db, sleep }, { untilDone: true })
  return {
    done: Promise.race([worker, killed.promise]),
    hasHandedOver: (to) => handed.has(to),
    kill: () => {
      isDead = true
      killed.resolve()
    },
  }
}

/**
 * For workers that have days before them: who has nothing to do sleeps until shortly before the next slot, letter or try, which are
 * all in the database, but never for longer than a quarter of the lease. `reaches` is kept when they come to a time.
 */
export function withLeaps(
  mailshot: TestMailshot,
): TestMailshot & { reaches: (at: number) => Promise<void> } {
  const longest = mailshot.config.leaseSeconds * 250
  const alarms: { at: number; ring: () => void }[] = []
  const sleep: Mailshot['sleep'] = async (ms, signal) => {
    const now = mailshot.now()
    const next = ms < 500 ? now : Math.min(await nextThing(mailshot, now), ...timesOf(alarms, now))
    await mailshot.sleep(Math.max(ms, Math.min(longest, next - 600 - now)), signal)
    for (const { at, ring } of alarms) if (at <= mailshot.now()) ring()
  }
  const reaches = (at: number) => new Promise<void>((resolve) => alarms.push({ at, ring: resolve }))
  return { ...mailshot, sleep, reaches }
}

function timesOf(alarms: { at: number }[], now: number): number[] {
  return alarms.map(({ at }) => at).filter((at) => at > now)
}

async function nextThing({ db }: TestMailshot, now: number): Promise<number> {
  // Composing takes real time, in which no hours are to pass; who died with a mail in hand composes none.
  const isComposed = sql`status = 'in-hand' AND in_hand_at > ${now - 5000}`
  if (await db.get(sql`SELECT 1 FROM recipients WHERE ${isComposed}`)) return now
  if (await db.get(sql`SELECT 1 FROM letters WHERE status = 'in-hand'`)) return now
  const row = await db.get<{ at: number | null }>(
    sql`SELECT min(at) AS at FROM (
      SELECT next_at AS at FROM lanes UNION ALL SELECT parked_until FROM lanes
      UNION ALL SELECT min(free_at) FROM pace WHERE free_at > ${now}
      UNION ALL SELECT due_at FROM letters WHERE status = 'pending'
      UNION ALL SELECT due_at FROM recipients WHERE status = 'deferred' AND lane IS NULL
    ) WHERE at > ${now}`,
  )
  return row?.at ?? now
}

/** One worker, until a moment in virtual time. A sleep beside it would let the clock run past it. */
export async function deliverUntil(mailshot: TestMailshot, until: number): Promise<void> {
  const stop = new AbortController()
  const onProgress = () => {
    if (mailshot.now() >= until) stop.abort()
  }
  await deliver(mailshot, { signal: stop.signal, onProgress })
}

/** The most that any half-open window of this length holds. */
export function mostInWindow(times: readonly number[], windowMs: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  let first = 0
  let most = 0
  for (const [index, time] of sorted.entries()) {
    while (time - (sorted[first] ?? 0) >= windowMs) first += 1
    most = Math.max(most, index - first + 1)
  }
  return most
}

/** The share of a limit that was used from the first to the last of them. */
export function shareUsed(
  times: readonly number[],
  limit: { count: number; windowMs: number },
): number {
  const lasted = Math.max(...times) - Math.min(...times)
  return ((times.length - 1) * limit.windowMs) / (lasted * limit.count)
}
