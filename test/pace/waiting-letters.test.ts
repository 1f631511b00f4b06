import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import type { TestMailshot } from '../open-test-mailshot.ts'
import { mostInWindow, deliverUntil, openReceivingSide } from './receiving-side.ts'

const minute = 60_000

describe('letters that wait for their own domain', () => {
  it('hold up nobody else', async () => {
    const { mailshot, arrivals, start } = await openReceivingSide(
      { pace: '10/second', domains: { 'gmail.com': '2/hour' } },
      { readers: { 'example.net': 300 } },
    )
    await start()
    const asked = mailshot.now()
    await queueLetters(mailshot, 14, 'gmail.com')
    await deliverUntil(mailshot, asked + 2 * minute)
    expect(arrivals.filter(({ isLetter }) => !isLetter)).toHaveLength(300)
    const ofGmail = arrivals.filter(({ domain }) => domain === 'gmail.com').map(({ at }) => at)
    expect(ofGmail).toHaveLength(2)
  })

  it('do not keep a worker that ends when all is done', async () => {
    const { mailshot, arrivals, start } = await openReceivingSide(
      { domains: { 'gmail.com': '2/hour' } },
      { readers: { 'example.net': 3 } },
    )
    await start()
    const asked = mailshot.now()
    await queueLetters(mailshot, 4, 'gmail.com')
    await deliver(mailshot, { untilDone: true })
    expect(mailshot.now() - asked).toBeLessThan(minute)
    expect(arrivals.filter(({ domain }) => domain === 'gmail.com')).toHaveLength(2)
  })

  it('wait while it rests', async () => {
    const { mailshot, arrivals } = await openReceivingSide({}, { readers: { 'example.net': 3 } })
    const asked = mailshot.now()
    await mailshot.db.write(
      sql`INSERT INTO lanes (scope, parked_until, parked_reason)
          VALUES ('domain:gmail.com', ${asked + 30_000}, '452 later')`,
    )
    await queueLetters(mailshot, 1, 'gmail.com')
    await deliver(mailshot, { untilDone: true })
    expect(Math.min(...arrivals.map(({ at }) => at))).toBeGreaterThanOrEqual(asked + 30_000)
  })

  it('take several slots of it at once, and never more than it has', async () => {
    const { mailshot, arrivals } = await openReceivingSide(
      { domains: { 'gmail.com': '3/minute' } },
      { readers: {} },
    )
    const asked = mailshot.now()
    await queueLetters(mailshot, 7, 'gmail.com')
    await deliverUntil(mailshot, asked + 3 * minute)
    const times = arrivals.map(({ at }) => at)
    expect(times).toHaveLength(7)
    expect(times.filter((at) => at < asked + 1000)).toHaveLength(3)
    expect(mostInWindow(times, minute)).toBe(3)
  })
})

it('a thousand domains may have limits of their own', async () => {
  const domains = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [`d${index}.example`, '1/hour' as const]),
  )
  const { mailshot, arrivals, start } = await openReceivingSide(
    { pace: '20/second', domains },
    { readers: { 'd0.example': 2, 'd999.example': 2, 'example.net': 3 } },
  )
  await start()
  await queueLetters(mailshot, 2, 'd500.example')
  await deliverUntil(mailshot, mailshot.now() + 5000)
  const counts = Map.groupBy(arrivals, ({ domain }) => domain)
  expect(counts.get('d0.example')).toHaveLength(1)
  expect(counts.get('d999.example')).toHaveLength(1)
  expect(counts.get('d500.example')).toHaveLength(1)
  expect(counts.get('example.net')).toHaveLength(3)
})

async function queueLetters(mailshot: TestMailshot, count: number, domain: string): Promise<void> {
  const now = mailshot.now()
  const numbers = JSON.stringify(Array.from({ length: count }, (_, index) => index))
  await mailshot.db.write(
    sql`INSERT INTO letters (kind, email, lang, "values", status, due_at, created_at)
        SELECT 'welcome', 'P' || value || ${`@${domain}`}, 'en', '{}', 'pending', ${now}, ${now}
        FROM json_each(${numbers})`,
  )
}
