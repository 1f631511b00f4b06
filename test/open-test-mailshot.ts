import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import type { Database } from '../db/open.ts'
import { defineConfig, type MailshotConfigInput } from '../integrations/mailshot/config.ts'
import { type Mailshot, openMailshot, type OpenOptions } from '../integrations/mailshot/mailshot.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'

export interface TestMailshot extends Mailshot {
  clock: TestClock
}

export interface TestClock {
  set(ms: number): void
  advance(ms: number): void
  now(): number
  /** Virtual time: the earliest sleeper wakes as soon as nothing else is ready, and the clock moves on to its hour. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** The same database, whose answers the clock waits for: to the disk, time is real. */
  watch(db: Database): Database
}

export const testSecret = 'a-secret-for-tests-of-at-least-32-characters'

interface TestOptions extends Pick<OpenOptions, 'unlisted'> {
  /** Whether virtual time stands still while the database works; not where a test keeps it locked. */
  waitForDisk?: boolean
}

/** A real, migrated database in a folder of its own, a memory transport, and a clock that tests move. */
export async function openTestMailshot(
  overrides: Partial<MailshotConfigInput> = {},
  { waitForDisk = true, ...options }: TestOptions = {},
): Promise<TestMailshot> {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-test-'))
  const clock = testClock()
  const mailshot = await openMailshot(testConfig({ ...overrides }, folder), {
    ...options,
    create: true,
    clock,
    log: pino({ level: 'silent' }),
  })
  onTestFinished(async () => {
    await mailshot.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { ...mailshot, ...(waitForDisk && { db: clock.watch(mailshot.db) }), clock }
}

export function testConfig(overrides: Partial<MailshotConfigInput>, folder: string) {
  return defineConfig({
    site: 'https://example.org',
    title: { fr: 'Les Nouvelles', en: 'The News' },
    from: 'Rédaction <redac@example.org>',
    operator: 'operator@example.org',
    postalAddress: '1 rue du Port, 31000 Toulouse',
    lang: 'fr',
    timeZone: 'Europe/Paris',
    database: `file:${join(folder, 'mailshot.db')}`,
    secret: testSecret,
    lists: {
      weekly: { title: { fr: 'Hebdo', en: 'Weekly' } },
      product: { title: { fr: 'Produits', en: 'Products' } },
    },
    fields: { city: { type: 'text' }, plan: { type: 'choice', choices: ['free', 'pro'] } },
    transport: memory(),
    ...overrides,
  })
}

/** 22 November 2026, noon UTC. */
const start = Date.UTC(2026, 10, 22, 12)

export function testClock(): TestClock {
  let now = start
  const sleepers: { at: number; wake: () => void }[] = []
  let pumping = false
  const underWay = new Set<Promise<unknown>>()
  const watched = async <Result>(call: Promise<Result>): Promise<Result> => {
    const ended = call.catch(() => undefined)
    underWay.add(ended)
    try {
      return await call
    } finally {
      underWay.delete(ended)
    }
  }
  const watch = (db: Database): Database => ({
    ...db,
    all: (query) => watched(db.all(query)),
    get: (query) => watched(db.get(query)),
    write: (...statements) => watched(db.write(...statements)),
    within: (...limits) => watch(db.within(...limits)),
    until: (...limits) => watch(db.until(...limits)),
  })
  const pump = async () => {
    pumping = true
    while (sleepers.length > 0) {
      // Some turns of the event loop let everything that is ready run before time moves on.
      for (let turn = 0; turn < 5; turn += 1) {
        if (underWay.size > 0) turn = 0
        await Promise.race(underWay.size > 0 ? underWay : [setImmediate()])
      }
      sleepers.sort((a, b) => a.at - b.at)
      const first = sleepers.shift()
      if (!first) continue
      now = Math.max(now, first.at)
      first.wake()
    }
    pumping = false
  }
  return {
    // Whole milliseconds, as the database's clock gives them.
    now: () => Math.floor(now),
    set: (ms) => (now = ms),
    advance: (ms) => (now += ms),
    watch,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const sleeper = { at: now + ms, wake: resolve }
        signal?.addEventListener('abort', () => {
          const index = sleepers.indexOf(sleeper)
          if (index >= 0) sleepers.splice(index, 1)
          resolve()
        })
        sleepers.push(sleeper)
        if (!pumping) void pump()
      }),
  }
}
