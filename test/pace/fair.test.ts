import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { addReaders, statusCounts } from '../people.ts'
import { startFixture } from '../start-fixture.ts'
import { type Arrival, deliverUntil, openReceivingSide } from './receiving-side.ts'

const minute = 60_000

describe('domains with limits that add up to the limit of the transport', () => {
  it('leave the others their turns', async () => {
    const { mailshot, arrivals, start } = await openReceivingSide(
      { pace: '60/minute', letterReserve: 0, domains: { 'gmail.com': '60/minute' } },
      { readers: { 'gmail.com': 100, 'example.net': 100 } },
    )
    await start()
    await deliverUntil(mailshot, mailshot.now() + 80_000)
    const counts = countByDomain(arrivals)
    expect(counts['gmail.com']).toBeGreaterThanOrEqual(25)
    expect(counts['example.net']).toBeGreaterThanOrEqual(25)
    expect((counts['gmail.com'] ?? 0) + (counts['example.net'] ?? 0)).toBeGreaterThanOrEqual(75)
  })

  it('leave a send to others only its turns', async () => {
    const { mailshot, transport } = await openReceivingSide(
      {
        pace: '60/minute',
        letterReserve: 0,
        domains: { 'gmail.com': '60/minute', 'gmx.de': '60/minute' },
      },
      { readers: { 'gmail.com': 100, 'gmx.de': 100 } },
    )
    await startFixture(mailshot, 'hello', { as: 'first', edition: '1' })
    await addReaders(mailshot, 100, { from: 300 })
    await mailshot.db.write(
      sql`UPDATE subscriptions SET status = 'unsubscribed' WHERE subscriber_id <= 150`,
    )
    await startFixture(mailshot, 'hello', { as: 'second', edition: '2' })
    await mailshot.db.write(sql`UPDATE subscriptions SET status = 'active'`)
    await deliverUntil(mailshot, mailshot.now() + 60_000)
    const counts = Object.groupBy(transport.messages, ({ campaign }) => campaign ?? '')
    expect(counts['first']?.length).toBeGreaterThanOrEqual(12)
    expect(counts['second']?.length).toBeGreaterThanOrEqual(20)
  })
})

describe('a domain that is free again', () => {
  it('is not claimed whole by one worker', async () => {
    const { mailshot, start } = await openReceivingSide(
      { pace: '60/minute' },
      { readers: { 'gmail.com': 1500 }, parallel: 4 },
    )
    const { send } = await start()
    const now = mailshot.now()
    await mailshot.db.write(
      sql`INSERT INTO lanes (scope, spacing, slowed_from, slowed_at, slowed_reason, next_at)
          VALUES ('domain:gmail.com', 300000, 140000, ${now}, '451', ${now})`,
    )
    await deliverUntil(mailshot, now + 5000)
    expect((await statusCounts(mailshot, send.id))['deferred']).toBeGreaterThan(1400)
    mailshot.clock.advance(60 * minute)
    const stop = new AbortController()
    const until = mailshot.now() + 10_000
    let most = 0
    await deliver(mailshot, {
      signal: stop.signal,
      onProgress: () => {
        void statusCounts(mailshot, send.id).then((counts) => {
          most = Math.max(most, counts['claimed'] ?? 0)
        })
        if (mailshot.now() >= until) stop.abort()
      },
    })
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(210)
    expect((await statusCounts(mailshot, send.id))['sent']).toBeGreaterThanOrEqual(9)
  })
})

describe('greylisted readers of a limited domain', () => {
  it('go first when they are due', async () => {
    const first = new Map<string, number>()
    const waits: number[] = []
    const { mailshot, start } = await openReceivingSide(
      { domains: { 'gmail.com': '6/minute' } },
      {
        readers: { 'gmail.com': 400 },
        parallel: 4,
        answer: ({ envelope: { to } }, now) => {
          const before = first.get(to)
          if (before !== undefined) waits.push(now - before)
          first.set(to, before ?? now)
          if (before !== undefined || first.size > 30) return undefined
          return {
            status: 'deferred',
            scope: 'recipient',
            reason: '450 greylisted',
            retryAfter: 300,
          }
        },
      },
    )
    await start()
    await deliverUntil(mailshot, mailshot.now() + 5 * minute)
    mailshot.clock.advance(20 * minute)
    await deliverUntil(mailshot, mailshot.now() + 8 * minute)
    expect(waits).toHaveLength(30)
    // The break, and their own turns at six a minute.
    expect(Math.max(...waits)).toBeLessThan(31 * minute)
  })
})

function countByDomain(arrivals: Arrival[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { domain, isLetter } of arrivals) {
    if (!isLetter) counts[domain] = (counts[domain] ?? 0) + 1
  }
  return counts
}
