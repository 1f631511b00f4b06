import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { rampLimit } from '../../integrations/mailshot/pace/ramp.ts'
import { deliverUntil, openReceivingSide } from './receiving-side.ts'

const hour = 3_600_000
const day = 24 * hour

describe('rampLimit', () => {
  it('begins with the first mail and grows by its factor each day', () => {
    const ramp = { start: 500, factor: 2, until: 4000 }
    const limits = [0, 0.9, 1, 2, 3].map((days) => rampLimit(ramp, 0, days * day))
    expect(limits).toEqual([500, 500, 1000, 2000, undefined])
    expect(rampLimit(ramp, undefined, 10 * day)).toBe(500)
  })
})

describe('a ramp', () => {
  it('is kept in the database, over workers and restarts', async () => {
    const { mailshot, arrivals, start } = await openReceivingSide(
      { ramp: { start: 12, factor: 2 }, pace: '1000/day', hours: { from: '13:00', to: '13:10' } },
      { readers: { 'example.net': 60 } },
    )
    await start()
    const began = mailshot.now()
    const perDay: number[] = []
    for (const n of [0, 1]) {
      mailshot.clock.set(began + n * day + n * 30_000)
      await deliverUntil(mailshot, mailshot.now() + 9 * 60_000 - n * 60_000)
      const since = began + n * day
      perDay.push(arrivals.filter(({ at, isLetter }) => at >= since && !isLetter).length)
    }
    // Evenly spread over ten minutes, of which some minutes are left out.
    expect(perDay[0]).toBeGreaterThanOrEqual(10)
    expect(perDay[0]).toBeLessThanOrEqual(12)
    expect(perDay[1]).toBeGreaterThanOrEqual(18)
    expect(perDay[1]).toBeLessThanOrEqual(24)
    const lane = await mailshot.db.get<{ rampFrom: number }>(
      sql`SELECT ramp_from AS rampFrom FROM lanes WHERE scope = 'transport:memory'`,
    )
    expect(lane?.rampFrom).toBeGreaterThanOrEqual(began)
    expect(lane?.rampFrom).toBeLessThan(began + 60_000)
  })

  it('holds letters too, which go first', async () => {
    const { mailshot, arrivals, start } = await openReceivingSide(
      { ramp: { start: 10 } },
      { readers: { 'example.net': 30 } },
    )
    await start()
    const asked = mailshot.now()
    await mailshot.db.write(
      sql`INSERT INTO letters (kind, email, lang, "values", status, due_at, created_at)
          SELECT 'alarm', value || '@example.org', 'en', json_object('event', 'done', 'send', s.id), 'pending', ${asked}, ${asked}
          FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12]'), sends AS s`,
    )
    await deliverUntil(mailshot, asked + 60_000)
    expect(arrivals.map(({ isLetter }) => isLetter)).toEqual(Array.from({ length: 10 }, () => true))
    mailshot.clock.set(asked + day + 60_000)
    await deliverUntil(mailshot, mailshot.now() + 60_000)
    expect(arrivals.filter(({ isLetter }) => isLetter)).toHaveLength(13)
    expect(arrivals.length).toBeLessThanOrEqual(30)
  })
})
