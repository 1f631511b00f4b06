import { sql } from 'drizzle-orm/sql'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCampaign } from '../../integrations/mailshot/campaign.ts'
import { compileCampaign } from '../../integrations/mailshot/compile.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import { sendTest } from '../../integrations/mailshot/test-send.ts'
import type { Outcome } from '../../integrations/mailshot/transport.ts'
import type { TestMailshot } from '../open-test-mailshot.ts'
import { sendingCampaigns } from '../start-fixture.ts'
import { mortalWorker, mostInWindow, openReceivingSide, shareUsed } from './receiving-side.ts'

const second = 1000
const minute = 60_000

describe('the pace at the receiving side', () => {
  it('holds every limit under workers, kills, slow answers, retries, letters and test mails', async () => {
    const scenes = fc.record({
      perSecond: fc.option(fc.integer({ min: 2, max: 12 }), { nil: undefined }),
      perMinute: fc.integer({ min: 40, max: 240 }),
      domain: fc.integer({ min: 10, max: 40 }),
      domainPerSecond: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      slowest: fc.integer({ min: 1, max: 1500 }),
      workers: fc.integer({ min: 1, max: 3 }),
      kills: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 2 }),
      seed: fc.integer(),
    })
    await fc.assert(
      fc.asyncProperty(
        scenes,
        async ({ perSecond, perMinute, domain, domainPerSecond, slowest, ...scene }) => {
          const chance = chanceOf(scene.seed)
          const { mailshot, arrivals, start } = await openReceivingSide(
            {
              pace: { perSecond, perMinute },
              domains: { 'gmail.com': { perSecond: domainPerSecond, perMinute: domain } },
              leaseSeconds: 5,
            },
            {
              readers: { 'gmail.com': 30, 'example.net': 60 },
              latency: () => chance() * slowest,
              answer: () => refusals.find(({ upTo }) => chance() < upTo)?.outcome,
            },
          )
          const compiled = await compiledCampaign(mailshot)
          const { send } = await start()
          const tests: Promise<unknown>[] = []
          const workers = Array.from({ length: scene.workers }, () => mortalWorker(mailshot))
          let elapsed = 0
          for (const seconds of scene.kills) {
            await mailshot.sleep(seconds * second)
            elapsed += seconds
            workers.pop()?.kill()
            workers.unshift(mortalWorker(mailshot))
            await queueLetters(mailshot)
            tests.push(sendTest(mailshot, compiled, ['me@gmail.com', 'me@example.net']))
          }
          await Promise.all([...tests, ...workers.map(({ done }) => done)])
          expect(elapsed).toBeLessThan(100)
          const ended = await readSend(mailshot, send.id)
          expect(ended).toMatchObject({ status: 'done', total: 90 })
          const times = arrivals.map(({ at }) => at)
          const gmail = arrivals.filter((one) => one.domain === 'gmail.com').map(({ at }) => at)
          expect(mostInWindow(times, second)).toBeLessThanOrEqual(perSecond ?? Infinity)
          expect(mostInWindow(times, minute)).toBeLessThanOrEqual(perMinute)
          expect(mostInWindow(gmail, second)).toBeLessThanOrEqual(domainPerSecond ?? Infinity)
          expect(mostInWindow(gmail, minute)).toBeLessThanOrEqual(domain)
        },
      ),
      { numRuns: 3 },
    )
  })

  it('uses nearly all of a limit per minute', async () => {
    const times = await arrivalTimes({ pace: '120/minute' }, 300, 3)
    expect(mostInWindow(times, minute)).toBeLessThanOrEqual(120)
    expect(shareUsed(times, { count: 120, windowMs: minute })).toBeGreaterThanOrEqual(0.98)
  })

  it('uses at least nine tenths of a limit per second where answers take up to 80 ms', async () => {
    const times = await arrivalTimes({ pace: '20/second' }, 200, 3)
    expect(mostInWindow(times, second)).toBeLessThanOrEqual(20)
    expect(shareUsed(times, { count: 20, windowMs: second })).toBeGreaterThanOrEqual(0.9)
  })

  it('uses nearly all of a limit by domain, while the others are not held up', async () => {
    const { mailshot, arrivals, start } = await openReceivingSide(
      { domains: { 'gmail.com': '90/minute' } },
      { readers: { 'gmail.com': 200, 'example.net': 100 } },
    )
    const { send } = await start()
    const started = mailshot.now()
    await Promise.all([
      deliver(mailshot, { untilDone: true }),
      deliver(mailshot, { untilDone: true }),
    ])
    const ofGmail = arrivals.filter((one) => one.domain === 'gmail.com').map(({ at }) => at)
    const others = arrivals.filter((one) => one.domain === 'example.net').map(({ at }) => at)
    expect(ofGmail).toHaveLength(200)
    expect(others).toHaveLength(100)
    expect(Math.max(...others) - started).toBeLessThan(5 * second)
    expect(mostInWindow(ofGmail, minute)).toBeLessThanOrEqual(90)
    expect(shareUsed(ofGmail, { count: 90, windowMs: minute })).toBeGreaterThanOrEqual(0.98)
    const tries = await mailshot.db.get(
      sql`SELECT max(tries) AS most FROM recipients WHERE send_id = ${send.id}`,
    )
    expect(tries).toEqual({ most: 1 })
  })
})

/** What the server says to some, first come first served. */
const refusals: { upTo: number; outcome: Outcome }[] = [
  {
    upTo: 0.05,
    outcome: { status: 'deferred', scope: 'recipient', reason: '450 later', retryAfter: 30 },
  },
  {
    upTo: 0.02,
    outcome: { status: 'deferred', scope: 'relay', reason: '421 later', retryAfter: 3 },
  },
]

async function compiledCampaign(mailshot: TestMailshot) {
  const config = { ...mailshot.config, campaigns: sendingCampaigns }
  return (await compileCampaign(config, await readCampaign(config, 'hello'))).compiled
}

async function queueLetters(mailshot: TestMailshot): Promise<void> {
  const now = mailshot.now()
  await mailshot.db.write(
    sql`INSERT INTO letters (kind, email, lang, "values", status, due_at, created_at)
        SELECT 'welcome', value, 'en', '{}', 'pending', ${now}, ${now}
        FROM json_each('["a@gmail.com", "b@gmail.com", "c@gmail.com", "d@example.org", "e@example.org"]')`,
  )
}

async function arrivalTimes(
  config: { pace: string },
  readers: number,
  workers: number,
): Promise<number[]> {
  const chance = chanceOf(7)
  const { mailshot, arrivals, start } = await openReceivingSide(config, {
    readers: { 'example.net': readers },
    latency: () => chance() * 80,
  })
  await start()
  await Promise.all(Array.from({ length: workers }, () => deliver(mailshot, { untilDone: true })))
  return arrivals.filter((one) => !one.isLetter).map(({ at }) => at)
}

/** Numbers from 0 to 1 that are the same in every run (Park and Miller). */
function chanceOf(seed: number): () => number {
  let state = (Math.abs(seed) % 2_147_483_646) + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
