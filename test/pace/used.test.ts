import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { domainOf } from '../../integrations/mailshot/email-address.ts'
import { whyWaiting } from '../../integrations/mailshot/send/waiting.ts'
import type { TestMailshot } from '../open-test-mailshot.ts'
import {
  type Arrival,
  mortalWorker,
  mostInWindow,
  openReceivingSide,
  shareUsed,
  withLeaps,
} from './receiving-side.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

describe('three workers, of which one is killed, with readers who are tried again', () => {
  it('use a limit per day by 98 in 100, and letters in a rush have all of its next slots', async () => {
    const { arrivals } = await workFor(
      1.5 * day,
      { pace: '200/day', leaseSeconds: 3600 },
      { readers: { 'example.net': 900 }, letters: { count: 5, after: 28 * hour } },
    )
    const times = arrivals.map(({ at }) => at)
    expect(mostInWindow(times, day)).toBeLessThanOrEqual(200)
    expect(shareUsed(times, { count: 200, windowMs: day })).toBeGreaterThanOrEqual(0.98)
    const sorted = arrivals.toSorted((a, b) => a.at - b.at)
    const first = sorted.findIndex(({ to }) => to === 'p0@example.org')
    expect(sorted.slice(first, first + 5).map(({ isLetter }) => isLetter)).not.toContain(false)
    // Slots were kept free for them.
    expect((sorted[first]?.at ?? Infinity) - (sorted[0]?.at ?? 0)).toBeLessThan(28.01 * hour)
  })

  it('use limits per hour by 98 in 100, that of all and that of a domain', async () => {
    const { arrivals } = await workFor(
      1.5 * hour,
      {
        pace: { perSecond: 2, perMinute: 20, perHour: 150, perDay: 3700 },
        domains: { 'gmail.com': '30/hour' },
        leaseSeconds: 600,
      },
      { readers: { 'example.net': 600, 'gmail.com': 300 }, letters: { count: 3, after: hour } },
    )
    const times = arrivals.map(({ at }) => at)
    expect(mostInWindow(times, hour)).toBeLessThanOrEqual(150)
    expect(shareUsed(times, { count: 150, windowMs: hour })).toBeGreaterThanOrEqual(0.98)
    const gmail = timesOf(arrivals, 'gmail.com')
    expect(mostInWindow(gmail, hour)).toBeLessThanOrEqual(30)
    expect(shareUsed(gmail, { count: 30, windowMs: hour })).toBeGreaterThanOrEqual(0.98)
  })
})

describe('workers that are killed again and again, each with a mail in hand', () => {
  it('cost low limits nothing, that of all and that of a domain: what came back late is made up evenly', async () => {
    const { mailshot, arrivals } = await workAndDie(
      2 * hour,
      { pace: '60/hour', domains: { 'gmail.com': '20/hour' }, leaseSeconds: 300 },
      {
        readers: { 'gmail.com': 400, 'example.net': 1200 },
        isLethal: ({ domain, nth }) =>
          domain === 'gmail.com' ? nth === 6 || nth === 7 : nth >= 15 && nth < 19,
      },
    )
    const uncertain = await mailshot.db.get(
      sql`SELECT count(*) AS count FROM recipients WHERE status = 'uncertain'`,
    )
    expect(uncertain).toEqual({ count: 6 })
    const times = arrivals.map(({ at }) => at)
    const gmail = timesOf(arrivals, 'gmail.com')
    expect(mostInWindow(times, hour)).toBeLessThanOrEqual(60)
    expect(mostInWindow(gmail, hour)).toBeLessThanOrEqual(20)
    expect(shareUsed(times, { count: 60, windowMs: hour })).toBeGreaterThanOrEqual(0.98)
    expect(shareUsed(gmail, { count: 20, windowMs: hour })).toBeGreaterThanOrEqual(0.98)
    // Evenly: one a minute, four in three minutes while it makes up, and what the even spread itself may be late.
    expect(mostInWindow(times, 3 * minute)).toBeLessThanOrEqual(5)
  })
})

describe('the reserve', () => {
  it('is left over at the end of the sending hours, since nothing comes back before they begin again', async () => {
    const { mailshot, arrivals, start } = await openReceivingSide(
      {
        pace: '100/day',
        domains: { 'gmail.com': '40/day' },
        hours: { from: '09:00', to: '19:00', timeZone: 'UTC' },
        leaseSeconds: 3600,
      },
      { readers: { 'example.net': 80, 'gmail.com': 60 } },
    )
    const morning = Date.UTC(2026, 10, 23, 9)
    mailshot.clock.set(morning - 1000)
    const { send } = await start()
    await mailshot.db.write(sql`DELETE FROM letters`)
    const asked = morning + 12 * hour
    await queueLetters(mailshot, { count: 3, at: asked, domain: 'example.net' })
    await queueLetters(mailshot, { count: 2, at: asked, domain: 'gmail.com' })
    const leaping = withLeaps(mailshot)
    const worker = mortalWorker(leaping)
    await leaping.reaches(morning + 9.9 * hour)
    const waiting = await whyWaiting(mailshot, { id: send.id, status: 'running' })
    await leaping.reaches(morning + 12.2 * hour)
    worker.kill()
    expect(waiting).toContainEqual({
      reason: 'all that the pace allows is used up for now (100 a day)',
      until: expect.any(Number),
    })
    const byDay = arrivals.filter(({ at }) => at < morning + 10 * hour)
    expect(byDay).toHaveLength(95)
    expect(timesOf(byDay, 'gmail.com')).toHaveLength(38)
    const letters = arrivals.slice(byDay.length).map(({ at }) => at)
    expect(letters).toHaveLength(5)
    expect(Math.max(...letters) - asked).toBeLessThan(0.01 * hour)
  })
})

/** Mails a send for so long in virtual time; a worker is killed with a mail in hand, and another takes its place. */
async function workFor(
  ms: number,
  config: Parameters<typeof openReceivingSide>[0],
  scene: { readers: Record<string, number>; letters: { count: number; after: number } },
) {
  const { count, after } = scene.letters
  // There are more readers than all of them claim, so that who is left has somebody to mail.
  const workers: ReturnType<typeof mortalWorker>[] = []
  let tried = 0
  const { mailshot, arrivals, start } = await openReceivingSide(config, {
    readers: scene.readers,
    latency: () => 1200,
    answer: () => {
      tried += 1
      if (tried === 30) replaceOne()
      return tried % 30 === 0
        ? { status: 'deferred', scope: 'recipient', reason: '450 later', retryAfter: 600 }
        : undefined
    },
  })
  const leaping = withLeaps(mailshot)
  const replaceOne = () => {
    workers.shift()?.kill()
    workers.push(mortalWorker(leaping))
  }
  await start()
  await mailshot.db.write(sql`DELETE FROM letters`)
  await queueLetters(mailshot, { count, at: mailshot.now() + after, domain: 'example.org' })
  for (let n = 0; n < 3; n++) workers.push(mortalWorker(leaping))
  await leaping.reaches(mailshot.now() + ms)
  for (const { kill } of workers) kill()
  return { mailshot, arrivals }
}

/** Mails a send for so long in virtual time; a worker dies with each lethal mail, the `nth` to its domain, and another takes its place. */
async function workAndDie(
  ms: number,
  config: Parameters<typeof openReceivingSide>[0],
  scene: {
    readers: Record<string, number>
    isLethal: (mail: { domain: string; nth: number }) => boolean
  },
) {
  const workers: ReturnType<typeof mortalWorker>[] = []
  const tried: Record<string, number> = {}
  const { mailshot, arrivals, start } = await openReceivingSide(config, {
    readers: scene.readers,
    latency: () => 1200,
    answer: ({ envelope: { to } }) => {
      const domain = domainOf(to)
      const nth = (tried[domain] ?? 0) + 1
      tried[domain] = nth
      if (!scene.isLethal({ domain, nth })) return undefined
      const holder = workers.findIndex(({ hasHandedOver }) => hasHandedOver(to))
      workers.splice(holder, 1, mortalWorker(leaping))[0]?.kill()
      return undefined
    },
  })
  const leaping = withLeaps(mailshot)
  await start()
  await mailshot.db.write(sql`DELETE FROM letters`)
  for (let n = 0; n < 3; n++) workers.push(mortalWorker(leaping))
  await leaping.reaches(mailshot.now() + ms)
  for (const { kill } of workers) kill()
  return { mailshot, arrivals }
}

async function queueLetters(
  mailshot: TestMailshot,
  { count, at, domain }: { count: number; at: number; domain: string },
): Promise<void> {
  const numbers = JSON.stringify(Array.from({ length: count }, (_, index) => index))
  await mailshot.db.write(
    sql`INSERT INTO letters (kind, email, lang, "values", status, due_at, created_at)
        SELECT 'welcome', 'p' || value || ${`@${domain}`}, 'en', '{}', 'pending', ${at}, ${at}
        FROM json_each(${numbers})`,
  )
}

function timesOf(arrivals: Arrival[], domain: string): number[] {
  return arrivals.filter((one) => one.domain === domain).map(({ at }) => at)
}
