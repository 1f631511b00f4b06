import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { openLedger } from '../integrations/mailshot/deliver/ledger.ts'
import { allowance, laneOf, returnSlotsStatement } from '../integrations/mailshot/pace.ts'
import { parkStatement } from '../integrations/mailshot/pace/slow.ts'
import { freshState, laneRest, slotHour } from '../integrations/mailshot/pace/state.ts'
import { claimRecipients } from '../integrations/mailshot/recipient.ts'
import type { Outcome } from '../integrations/mailshot/transport.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { enlistWorker, recoverDeadWorkers } from '../integrations/mailshot/worker.ts'
import { openTestMailshot, type TestMailshot } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { runningSend } from './running-send.ts'

describe('laneOf', () => {
  it('spreads by the tightest of several limits', async () => {
    const { config } = await openTestMailshot({
      pace: { perSecond: 10, perMinute: 60 },
      letterReserve: 0,
    })
    expect(laneOf(config, 'send').spacing).toBe(1000)
  })

  it('keeps a reserve of campaigns alone, and none where letters have a way of their own', async () => {
    const { config } = await openTestMailshot({ pace: '1000/day' })
    expect(laneOf(config, 'send').reserve).toBe(0.05)
    expect(laneOf(config, 'letter').reserve).toBe(0)
    const apart = await openTestMailshot({ pace: '1000/day', mailer: memory() })
    expect(laneOf(apart.config, 'send').reserve).toBe(0)
  })
})

describe('allowance', () => {
  it('allows all that is wanted when fast', async () => {
    const mailshot = await openTestMailshot({ pace: 'fast' })
    expect(await allowed(mailshot, 500)).toBe(500)
  })

  it('allows nothing while the lane is parked', async () => {
    const mailshot = await openTestMailshot({ pace: 'fast' })
    await park(mailshot, { reason: '421 busy', retryAfter: 30 })
    expect(await allowed(mailshot, 5)).toBe(0)
    mailshot.clock.advance(30_000)
    expect(await allowed(mailshot, 5)).toBe(5)
  })
})

describe('returnSlotsStatement', () => {
  it('frees a slot one window after the answer, rounded up by a five-hundredth of it at most', async () => {
    const mailshot = await openTestMailshot({ pace: '1/hour', letterReserve: 0 })
    const lane = { ...laneOf(mailshot.config, 'send'), spacing: 0, ahead: 0 }
    for (const later of [0, 1, 3600, 7199, 7200]) {
      mailshot.clock.advance(later)
      const answered = mailshot.now()
      await mailshot.db.write(returnSlotsStatement(lane, sql`1`, answered))
      mailshot.clock.set(answered + 3_600_000 + 9)
      expect(await allowed(mailshot, 5, lane)).toBe(0)
      mailshot.clock.set(answered + 3_600_000 + 10 + 7200)
      expect(await allowed(mailshot, 5, lane)).toBe(1)
    }
  })
})

describe('parkStatement', () => {
  it('doubles the rest with each further fault, up to 15 minutes', async () => {
    const mailshot = await openTestMailshot()
    const rests: number[] = []
    for (let fault = 0; fault < 9; fault++) {
      await park(mailshot, { reason: 'refused', retryAfter: undefined })
      const lane = await mailshot.db.get<{ until: number }>(
        sql`SELECT parked_until AS until FROM lanes`,
      )
      rests.push(((lane?.until ?? 0) - mailshot.now()) / 1000)
      mailshot.clock.set(lane?.until ?? 0)
    }
    expect(rests).toEqual([10, 20, 40, 80, 160, 320, 640, 900, 900])
  })

  it('counts the faults of calls under way together as one', async () => {
    const mailshot = await openTestMailshot()
    await park(mailshot, { reason: 'refused', retryAfter: undefined })
    await park(mailshot, { reason: 'refused', retryAfter: undefined })
    expect(await mailshot.db.get(sql`SELECT faults FROM lanes`)).toMatchObject({ faults: 1 })
  })
})

describe('the pace', () => {
  it('never hands over more than the limit in any sliding window, and uses nearly all of it', async () => {
    const times = await handOverAll({ pace: '100/minute', letterReserve: 0 }, 400, 40)
    expect(mostInWindow(times, 60_000)).toBeLessThanOrEqual(100)
    expect(mostInWindow(times, 60_000)).toBeGreaterThanOrEqual(98)
  })

  it('holds several limits at once', async () => {
    const pace = { perSecond: 5, perMinute: 100 }
    const times = await handOverAll({ pace, letterReserve: 0 }, 250, 40)
    expect(mostInWindow(times, 1000)).toBeLessThanOrEqual(5)
    expect(mostInWindow(times, 60_000)).toBeLessThanOrEqual(100)
  })

  it('uses at least nine tenths of a small limit per second', async () => {
    const times = await handOverAll({ pace: '5/second' }, 100, 40)
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000
    expect(mostInWindow(times, 1000)).toBeLessThanOrEqual(5)
    expect(99 / seconds).toBeGreaterThanOrEqual(4.5)
  })

  it('is spread evenly instead of sent in bursts', async () => {
    const times = await handOverAll({ pace: '60/minute', letterReserve: 0 }, 60, 10)
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1300)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(700)
  })

  it('holds over a crash: what a dead worker had in hand still counts', async () => {
    const mailshot = await openTestMailshot({ pace: '10/minute', letterReserve: 0 })
    await addReaders(mailshot, 30)
    const sendId = await runningSend(mailshot, ['weekly'])
    await mailshot.db.write(sql`UPDATE lanes SET next_at = 0`)
    const worker = await startWorker(mailshot, sendId)
    // Ten in hand, as after a minute without an answer; then the process dies.
    for (let taken = 0; taken < 10;) {
      taken += (await worker.ledger.write(worker.claimed.splice(0, 1), 100, worker.id)).inHand
        .length
      mailshot.clock.advance(6000)
    }
    mailshot.clock.advance(61_000)
    await recoverDeadWorkers(mailshot)
    const successor = await startWorker(mailshot, sendId)
    const next = await successor.ledger.write(successor.claimed, 100, successor.id)
    expect(next.inHand).toEqual([])
    mailshot.clock.advance(60_200)
    await mailshot.db.write(sql`UPDATE workers SET lease_until = ${mailshot.now() + 60_000}`)
    const later = await successor.ledger.write(successor.claimed, 100, successor.id)
    expect(later.inHand.length).toBeGreaterThan(0)
  })
})

describe('laneRest', () => {
  it('waits for the next slot, at most a second', async () => {
    const { config } = await openTestMailshot({ pace: '10/minute', letterReserve: 0 })
    const lane = laneOf(config, 'send')
    const state = { ...freshState, nextAt: 6000 }
    expect(laneRest(lane, state, { taken: 0, now: 0 })).toBe(1000)
    expect(laneRest(lane, state, { taken: 0, now: 4990 })).toBe(10)
    const full = { ...state, nextAt: 0, freeAt: 4600 }
    expect(laneRest(lane, full, { taken: 0, now: 4200 })).toBe(400)
  })
})

describe('slotHour', () => {
  it('gives each of several slots its own hour', async () => {
    const { config } = await openTestMailshot({ pace: '10/second', letterReserve: 0 })
    const state = { ...freshState, nextAt: 1000 }
    const lane = { ...laneOf(config, 'send'), ahead: 250 }
    expect([0, 1, 2].map((n) => slotHour(lane, state, n, 990))).toEqual([1000, 1100, 1200])
  })

  it('is not before a slot that comes back is free', async () => {
    const { config } = await openTestMailshot({ pace: '10/second', letterReserve: 0 })
    const slots = [
      { free: 1, coming: [[1040, 1] as [number, number], [1060, 2] as [number, number]] },
    ]
    const state = { ...freshState, slots }
    const hours = [0, 1, 2].map((n) => slotHour(laneOf(config, 'send'), state, n, 1000))
    expect(hours).toEqual([1000 - 250, 1040, 1060])
  })
})

async function allowed(
  mailshot: TestMailshot,
  wanted: number,
  lane = laneOf(mailshot.config, 'send'),
): Promise<number> {
  const row = await mailshot.db.get<{ allowed: number }>(
    sql`SELECT ${allowance(lane, wanted, mailshot.now())} AS allowed`,
  )
  return row?.allowed ?? -1
}

async function park(
  mailshot: TestMailshot,
  fault: { reason: string; retryAfter: number | undefined },
): Promise<void> {
  const lane = laneOf(mailshot.config, 'send')
  await mailshot.db.write(
    sql`INSERT INTO lanes (scope) VALUES (${lane.scope}) ON CONFLICT DO NOTHING`,
    parkStatement(lane, fault, mailshot.now()),
  )
}

const accepted: Outcome = { status: 'accepted', providerId: 'Q' }

async function startWorker(mailshot: TestMailshot, sendId: string) {
  // Nobody mails the operator's letter here, which would keep the next slot.
  await mailshot.db.write(sql`DELETE FROM letters`)
  const id = await enlistWorker(mailshot)
  const claimed = await claimRecipients(mailshot, { sendId, workerId: id, limit: 1000 })
  return { id, claimed, ledger: openLedger(mailshot, new AbortController().signal) }
}

/** Runs a worker in virtual time; every hand-over is answered `latency` ms after its hour. Answers the hours. */
async function handOverAll(
  config: Parameters<typeof openTestMailshot>[0],
  count: number,
  latency: number,
): Promise<number[]> {
  const mailshot = await openTestMailshot({ ...config, leaseSeconds: 3600 })
  await addReaders(mailshot, count)
  const worker = await startWorker(mailshot, await runningSend(mailshot, ['weekly']))
  const hours: number[] = []
  const underWay: { at: number; answer: () => void }[] = []
  let claimed = worker.claimed
  while (hours.length < count) {
    const { inHand, left, rest } = await worker.ledger.write(claimed, 20, worker.id)
    claimed = claimed.filter((recipient) => !left.includes(recipient))
    for (const recipient of inHand) {
      const hour = Math.max(recipient.hour, mailshot.now())
      hours.push(hour)
      underWay.push({ at: hour + latency, answer: () => worker.ledger.note(recipient, accepted) })
    }
    underWay.sort((a, b) => a.at - b.at)
    mailshot.clock.set(Math.min(mailshot.now() + rest, underWay[0]?.at ?? Infinity))
    while ((underWay[0]?.at ?? Infinity) <= mailshot.now()) underWay.shift()?.answer()
  }
  return hours.toSorted((a, b) => a - b)
}

/** The most hand-overs that any half-open window of this length holds. */
function mostInWindow(times: number[], windowMs: number): number {
  let first = 0
  let most = 0
  for (const [index, time] of times.entries()) {
    while (time - (times[first] ?? 0) >= windowMs) first += 1
    most = Math.max(most, index - first + 1)
  }
  return most
}
