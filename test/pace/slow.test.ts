import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import {
  freeAgainAt,
  slowedSpacing,
  slowStatement,
  type Slowing,
} from '../../integrations/mailshot/pace/slow.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { openReceivingSide } from './receiving-side.ts'

const minute = 60_000

describe('slowedSpacing', () => {
  const slowing: Slowing = { spacing: 800, slowedFrom: 100, slowedAt: 0, slowedReason: '451' }

  it('halves every five minutes, in a straight line between', () => {
    expect([0, 2.5, 5, 7.5, 10, 15].map((at) => slowedSpacing(slowing, at * minute))).toEqual([
      800, 600, 400, 300, 200, 100,
    ])
  })

  it('is free again at twice the rate that was refused, at the time that was foretold', () => {
    expect(freeAgainAt(slowing)).toBe(20 * minute)
    expect(slowedSpacing(slowing, 20 * minute - 1)).toBeGreaterThan(50)
    expect(slowedSpacing(slowing, 20 * minute)).toBe(0)
  })
})

describe('slowStatement', () => {
  it('halves the rate that was seen, then what it has recovered to, as slowedSpacing tells it', async () => {
    const mailshot = await openLane()
    expect(await refuse(mailshot)).toMatchObject({ spacing: 200, slowedFrom: 100 })
    for (const waited of [1, minute, 3.3 * minute, 7 * minute, 1.5 * minute]) {
      mailshot.clock.advance(waited)
      const expected = 2 * slowedSpacing(await readSlowing(mailshot), mailshot.now())
      const { spacing, slowedFrom } = await refuse(mailshot)
      expect(Math.abs(spacing - expected)).toBeLessThanOrEqual(1)
      expect(slowedFrom).toBe(100)
    }
  })

  it('begins anew once the lane is free', async () => {
    const mailshot = await openLane()
    await refuse(mailshot)
    mailshot.clock.set(freeAgainAt(await readSlowing(mailshot)))
    expect(await refuse(mailshot, { seenSpacing: 40 })).toMatchObject({
      spacing: 80,
      slowedFrom: 40,
    })
  })

  it('is never slower than one in ten minutes', async () => {
    const mailshot = await openLane()
    for (let refusal = 0; refusal < 20; refusal++) {
      await refuse(mailshot)
      mailshot.clock.advance(1)
    }
    expect((await readSlowing(mailshot)).spacing).toBe(600_000)
  })

  it('takes what was under way at the last slowing for the same refusal', async () => {
    const mailshot = await openLane()
    await refuse(mailshot)
    mailshot.clock.advance(20)
    const inHandAt = mailshot.now() - 20
    expect(await refuse(mailshot, { inHandAt })).toMatchObject({ spacing: 200 })
  })

  it('counts what the other workers do at the same time', async () => {
    const mailshot = await openLane()
    const until = mailshot.now() + minute
    await mailshot.db.write(
      sql`INSERT INTO workers (id, machine, pid, started_at, lease_until)
          SELECT value, 'other', 1, 0, ${until} FROM json_each('["a", "b", "c", "d"]')`,
    )
    expect(await refuse(mailshot)).toMatchObject({ spacing: 50, slowedFrom: 25 })
  })

  it('takes no lane for faster than its limits', async () => {
    const mailshot = await openLane()
    expect(await refuse(mailshot, { leastSpacing: 3000 })).toMatchObject({ spacing: 6000 })
  })
})

describe('a relay that throttles three workers', () => {
  it('is slowed down to half of what all of them did', async () => {
    let refusals = 0
    const { mailshot, arrivals, start } = await openReceivingSide(
      { pace: '20/second' },
      {
        readers: { 'example.net': 150 },
        answer: () => {
          if (arrivals.length < 90 || refusals > 0) return undefined
          refusals += 1
          return { status: 'deferred', scope: 'relay', reason: '454 Throttling', retryAfter: 5 }
        },
      },
    )
    await start()
    await Promise.all([1, 2, 3].map(() => deliver(mailshot, { untilDone: true })))
    const { slowedFrom } = await readSlowing(mailshot, 'transport:memory')
    expect(slowedFrom).toBeGreaterThanOrEqual(50)
    expect(slowedFrom).toBeLessThan(75)
  })
})

const scope = 'domain:example.net'

async function openLane(): Promise<TestMailshot> {
  const mailshot = await openTestMailshot()
  await mailshot.db.write(sql`INSERT INTO lanes (scope) VALUES (${scope})`)
  return mailshot
}

async function refuse(
  mailshot: TestMailshot,
  refusal: Partial<Parameters<typeof slowStatement>[1]> = {},
): Promise<Slowing> {
  const now = mailshot.now()
  const seen = { inHandAt: now, seenSpacing: 100, leastSpacing: 0, reason: '451' }
  await mailshot.db.write(slowStatement(scope, { ...seen, ...refusal }, now))
  return readSlowing(mailshot)
}

async function readSlowing(mailshot: TestMailshot, of = scope): Promise<Slowing> {
  const row = await mailshot.db.get<Slowing>(
    sql`SELECT spacing, slowed_from AS slowedFrom, slowed_at AS slowedAt, slowed_reason AS slowedReason
        FROM lanes WHERE scope = ${of}`,
  )
  return row ?? { spacing: -1, slowedFrom: -1, slowedAt: -1, slowedReason: null }
}
