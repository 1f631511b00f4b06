import { spawnSync } from 'node:child_process'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import type { Outcome } from '../../integrations/mailshot/transport.ts'
import { deliverUntil, mostInWindow, openReceivingSide, shareUsed } from './receiving-side.ts'

describe('a worker that starts', () => {
  it('keeps to how far the relay was slowed down', async () => {
    const { mailshot, arrivals, start } = await openReceivingSide(
      {},
      { readers: { 'example.net': 300 } },
    )
    await start()
    const now = mailshot.now()
    await mailshot.db.write(
      sql`INSERT INTO lanes (scope, spacing, slowed_from, slowed_at, slowed_reason, next_at)
          VALUES ('transport:memory', 10000, 100, ${now}, '454 Throttling', ${now + 10_000})`,
    )
    await deliverUntil(mailshot, now + 35_000)
    const times = arrivals.filter(({ isLetter }) => !isLetter).map(({ at }) => at - now)
    expect(times.length).toBeGreaterThanOrEqual(2)
    expect(times.length).toBeLessThanOrEqual(4)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(10_000)
  })

  it('rests for as long as the relay rests, and the first answer ends the count of its faults', async () => {
    const answers: (Outcome | undefined)[] = [
      { status: 'deferred', scope: 'relay', reason: '421 busy' },
    ]
    const { mailshot, arrivals, start } = await openReceivingSide(
      {},
      { readers: { 'example.net': 5 }, parallel: 1, answer: () => answers.shift() },
    )
    await mailshot.db.write(sql`DELETE FROM letters`)
    await start()
    await deliverUntil(mailshot, mailshot.now() + 5000)
    const lane = await mailshot.db.get<{ parkedUntil: number; faults: number }>(
      sql`SELECT parked_until AS parkedUntil, faults FROM lanes`,
    )
    expect(lane?.faults).toBe(1)
    const before = arrivals.length
    await deliver(mailshot, { untilDone: true })
    const after = arrivals.slice(before).map(({ at }) => at)
    expect(after.length).toBeGreaterThanOrEqual(5)
    expect(Math.min(...after)).toBeGreaterThanOrEqual(lane?.parkedUntil ?? Infinity)
    expect(
      await mailshot.db.get(
        sql`SELECT parked_until AS parkedUntil, faults, parked_reason AS reason FROM lanes`,
      ),
    ).toEqual({ parkedUntil: 0, faults: 0, reason: null })
  })
})

describe('a worker whose process is gone from this machine', () => {
  it('keeps its slots for no longer than a moment, whatever its lease', async () => {
    const { mailshot, arrivals, start } = await openReceivingSide(
      { pace: '10/second', leaseSeconds: 600 },
      { readers: { 'example.net': 300 } },
    )
    const { send } = await start()
    const working = deliver(mailshot, { untilDone: true })
    await mailshot.sleep(3000)
    const goneAt = mailshot.now()
    const { pid } = spawnSync(process.execPath, ['--version'])
    await mailshot.db.write(
      sql`INSERT INTO workers (id, machine, pid, started_at, lease_until)
          SELECT 'gone', machine, ${pid}, started_at, lease_until FROM workers`,
      sql`UPDATE recipients SET status = 'in-hand', worker_id = 'gone', in_hand_at = ${goneAt}
          WHERE id IN (SELECT id FROM recipients WHERE status = 'pending' LIMIT 4)`,
    )
    await working
    const uncertain = await mailshot.db.get(
      sql`SELECT count(*) AS count, max(settled_at) - ${goneAt} <= 1000 AS atOnce FROM recipients
          WHERE send_id = ${send.id} AND status = 'uncertain'`,
    )
    expect(uncertain).toEqual({ count: 4, atOnce: 1 })
    const times = arrivals.map(({ at }) => at)
    expect(mostInWindow(times, 1000)).toBeLessThanOrEqual(10)
    expect(shareUsed(times, { count: 10, windowMs: 1000 })).toBeGreaterThanOrEqual(0.9)
  })
})
