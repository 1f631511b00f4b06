import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { noteTimeStatement, openDatabaseClock } from '../integrations/mailshot/clock.ts'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { type Mailshot, openMailshot } from '../integrations/mailshot/mailshot.ts'
import { readSend } from '../integrations/mailshot/send.ts'
import type { Transport } from '../integrations/mailshot/transport.ts'
import { testConfig } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { startFixture } from './start-fixture.ts'

const hour = 3_600_000

describe('a clock set back an hour', () => {
  it('lets a worker that starts after it go on at the same pace, and says so', async () => {
    const relay = recordingRelay()
    const { transport } = relay
    const folder = openFolder()
    const before = await open({ folder, transport, aheadMs: hour })
    await addReaders(before, 60)
    await startFixture(before, 'hello')
    const stop = new AbortController()
    const working = deliver(before, { signal: stop.signal })
    await expect.poll(() => relay.mails.length, { timeout: 20_000 }).toBeGreaterThan(15)
    stop.abort()
    await working

    const log = recordingLog()
    const after = await open({ folder, transport, log })
    await deliver(after, { untilDone: true, signal: AbortSignal.timeout(20_000) })
    expect(await readSend(after, 'hello')).toMatchObject({ status: 'done', sent: 60, uncertain: 0 })
    expect(new Set(relay.mails.map(({ to }) => to)).size).toBe(60)
    expect(mostInAnySecond(relay.mails.map(({ at }) => at))).toBeLessThanOrEqual(40)
    expect(log.lines.join()).toContain('the clock of this machine was set back')
  })

  it('takes nothing from the workers on either side of it', async () => {
    const relay = recordingRelay()
    const folder = openFolder()
    const pace = '200/second'
    const ahead = await open({ folder, transport: relay.transport, pace, aheadMs: hour })
    // More than one of them claims at a time.
    await addReaders(ahead, 500)
    await startFixture(ahead, 'hello')
    const first = deliver(ahead, { untilDone: true })
    await expect.poll(() => relay.mails.length, { timeout: 20_000 }).toBeGreaterThan(5)
    const behind = await open({ folder, transport: relay.transport, pace })
    const reports = await Promise.all([first, deliver(behind, { untilDone: true })])
    expect(reports.map(({ uncertain }) => uncertain)).toEqual([0, 0])
    expect(reports.map(({ sent }) => sent > 0)).toEqual([true, true])
    expect(await readSend(ahead, 'hello')).toMatchObject({ status: 'done', sent: 500 })
  })
})

describe('a clock set forward while a process runs', () => {
  it('is followed within a minute, and the log says so', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const log = recordingLog()
    const relay = recordingRelay()
    const mailshot = await open({ folder: openFolder(), transport: relay.transport, log })
    const ahead = Date.now() + hour
    await mailshot.db.write(noteTimeStatement(ahead))
    vi.advanceTimersByTime(60_000)
    await expect.poll(() => mailshot.now()).toBeGreaterThanOrEqual(ahead)
    expect(log.lines.join()).toMatch(/the time went on by 36\d\d s at once/)
  })
})

describe('a machine that slept', () => {
  it('goes by the true time at the first look, and says so', async () => {
    const { clock, machine, log } = await openClock()
    const before = clock.now()
    machine.wall += 6 * hour
    machine.up += 6 * hour
    expect(clock.now() - before).toBe(6 * hour)
    machine.run(2 * hour)
    expect(clock.now() - before).toBe(8 * hour)
    expect(log.lines).toEqual([expect.stringContaining('this machine slept for 21600 s')])
  })

  it('is told from a clock that was set, which the database has to confirm', async () => {
    const { clock, machine, log } = await openClock()
    const before = clock.now()
    machine.wall += hour
    expect(clock.now() - before).toBe(0)
    machine.wall -= 2 * hour
    machine.up += hour
    machine.run(1000)
    expect(clock.now() - before).toBe(1000)
    machine.wall += hour
    expect(clock.now() - before).toBe(1000 + hour)
    expect(log.lines).toEqual([expect.stringContaining('slept for 3600 s')])
  })
})

describe('a clock that was days ahead', () => {
  it('leaves nothing waiting for the days that were never there', async () => {
    const relay = recordingRelay()
    const folder = openFolder()
    await addReaders(await open({ folder, transport: relay.transport }), 40)
    const wrong = await open({ folder, transport: relay.transport, aheadMs: 72 * hour })
    const stop = new AbortController()
    const working = deliver(wrong, { signal: stop.signal })
    await startFixture(wrong, 'hello')
    await expect.poll(() => relay.mails.length, { timeout: 20_000 }).toBeGreaterThan(5)
    stop.abort()
    await working
    await startFixture(wrong, 'bilingual')

    const right = await open({ folder, transport: relay.transport })
    expect(Math.abs(right.now() - Date.now())).toBeLessThan(60_000)
    await deliver(right, { untilDone: true, signal: AbortSignal.timeout(20_000) })
    expect(await readSend(right, 'hello')).toMatchObject({ status: 'done', sent: 40 })
    expect(await readSend(right, 'bilingual')).toMatchObject({ status: 'done', sent: 40 })
    const later = await right.db.get(
      sql`SELECT 1 FROM workers WHERE lease_until > ${right.now() + hour}`,
    )
    expect(later).toBeUndefined()
  })
})

/** A database's clock on a machine whose own clocks the test moves. */
async function openClock() {
  const { db } = await open({ folder: openFolder(), transport: recordingRelay().transport })
  const log = recordingLog()
  const machine = {
    wall: 1_795_348_800_000,
    own: 5000,
    up: 90_000,
    run: (ms: number) => {
      machine.wall += ms
      machine.own += ms
      machine.up += ms
    },
  }
  const clock = await openDatabaseClock(db, log.logger, {
    wall: () => machine.wall,
    own: () => machine.own,
    up: () => machine.up,
  })
  onTestFinished(() => clock.stop())
  return { clock, machine, log }
}

interface Opening {
  folder: string
  transport: Transport
  pace?: string
  /** How far the machine's clock was ahead of what it is now. */
  aheadMs?: number
  log?: ReturnType<typeof recordingLog>
}

async function open({
  folder,
  transport,
  pace = '40/second',
  aheadMs,
  log,
}: Opening): Promise<Mailshot> {
  const config = testConfig({ transport, pace, leaseSeconds: 5 }, folder)
  const sleep = (ms: number, signal?: AbortSignal) =>
    setTimeout(ms, undefined, signal && { signal }).catch(() => undefined)
  const clock = aheadMs === undefined ? undefined : { now: () => Date.now() + aheadMs, sleep }
  const mailshot = await openMailshot(config, {
    create: true,
    ...(clock && { clock }),
    log: log?.logger ?? pino({ level: 'silent' }),
  })
  onTestFinished(() => mailshot.close())
  return mailshot
}

/** Takes everything, and notes when. */
function recordingRelay() {
  const mails: { to: string; at: number }[] = []
  const transport: Transport = {
    name: 'recording',
    batch: 1,
    parallel: 4,
    send: async (messages) => {
      for (const { campaign, envelope } of messages) {
        if (campaign !== undefined) mails.push({ to: envelope.to, at: performance.now() })
      }
      await setTimeout(1)
      return messages.map(() => ({ status: 'accepted', providerId: 'kept' }))
    },
  }
  return { mails, transport }
}

function recordingLog() {
  const lines: string[] = []
  return { lines, logger: pino({ level: 'warn' }, { write: (line) => void lines.push(line) }) }
}

function mostInAnySecond(times: number[]): number {
  const inSecondFrom = (from: number) => times.filter((at) => at >= from && at < from + 1000).length
  return Math.max(...times.map(inSecondFrom))
}

function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-clock-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
