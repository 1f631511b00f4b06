import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../db/open.ts'
import type { MailshotConfigInput } from '../integrations/mailshot/config.ts'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { type Mailshot, openMailshot } from '../integrations/mailshot/mailshot.ts'
import { readSend } from '../integrations/mailshot/send.ts'
import { subscribe, unsubscribe } from '../integrations/mailshot/subscriber.ts'
import { memory, type MemoryTransport } from '../integrations/mailshot/transports/memory.ts'
import { type Fault, type HranaServer, startHranaServer } from './hrana-server.ts'
import { testConfig } from './open-test-mailshot.ts'
import { addReaders, statusCounts } from './people.ts'
import { startFixture } from './start-fixture.ts'

describe('a write to a remote database', () => {
  it('is applied once though its answer was lost, and answers all the same', async () => {
    const { server, database } = await openRemote()
    server.failWhen(once('unanswered'))
    const [, rows] = await database.write(
      sql`INSERT INTO audit (at, actor, action, subject, detail) VALUES (1, 'a', 'b', 'c', '{}')`,
      sql`SELECT count(*) AS count FROM audit`,
    )
    expect(rows).toMatchObject([{ count: 1 }])
    expect(await database.get(sql`SELECT count(*) AS count FROM audit`)).toMatchObject({ count: 1 })
  })

  it('is made again where it was not heard, or no server was there', async () => {
    const { server, database } = await openRemote()
    const faults: Fault[] = ['unheard', 'refused', 'unheard']
    server.failWhen(() => faults.shift())
    await database.write(sql`INSERT INTO meta (key, value) VALUES ('a', '1')`)
    expect(await database.get(sql`SELECT value FROM meta`)).toMatchObject({ value: '1' })
  })

  it('fails where rows of a RETURNING were lost with its answer', async () => {
    const { server, database } = await openRemote()
    server.failWhen(once('unanswered'))
    const write = database.write(sql`INSERT INTO meta (key, value) VALUES ('a', '1') RETURNING key`)
    await expect(write).rejects.toThrow('has done it, but its answer was lost')
  })

  it('fails at once where the fault is its own', async () => {
    const { server, database } = await openRemote()
    const before = server.requests()
    await expect(database.write(sql`INSERT INTO nowhere VALUES (1)`)).rejects.toThrow('nowhere')
    expect(server.requests()).toBe(before + 1)
  })

  it('leaves no ids of writes behind that were answered', async () => {
    const { database } = await openRemote()
    for (let n = 0; n < 5; n++) await database.write(sql`UPDATE meta SET value = '2'`)
    const left = await database.get<{ count: number }>(sql`SELECT count(*) AS count FROM applied`)
    expect(left?.count).toBeLessThanOrEqual(1)
  })

  it('forgets after an hour the ids of writes whose answers were lost', async () => {
    const { server, database } = await openRemote()
    server.failWhen(once('unanswered'))
    await database.write(sql`UPDATE meta SET value = '2'`)
    await database.write(sql`UPDATE applied SET at = at - 3700000`)
    const old = await database.all<{ id: string }>(sql`SELECT id FROM applied`)
    await database.write(sql`UPDATE meta SET value = '3'`)
    const left = await database.all<{ id: string }>(sql`SELECT id FROM applied`)
    expect(old.length).toBeGreaterThan(0)
    expect(left.filter(({ id }) => old.some((one) => one.id === id))).toEqual([])
  })
})

describe('workers on a remote database', () => {
  it('mail everybody once at the pace, however bad the way to it is', async () => {
    const { server, workers, sendId } = await openWorkers({
      readers: 150,
      latencyMs: 20,
      config: { pace: { perSecond: 100 } },
    })
    server.failWhen(({ number, isWrite }) => {
      if (number % 11 === 0) return 'unheard'
      if (number % 13 === 0) return 'refused'
      return isWrite && number % 5 === 0 ? 'unanswered' : undefined
    })
    await Promise.all(workers.map(({ mailshot }) => deliver(mailshot, { untilDone: true })))
    server.failWhen(() => undefined)
    const [{ mailshot }] = workers
    expect(await statusCounts(mailshot, sendId)).toEqual({ sent: 150 })
    expect(await readSend(mailshot, sendId)).toMatchObject({ status: 'done', sent: 150 })
    const mails = workers.flatMap(({ arrivals }) => arrivals)
    expect(new Set(mails.map(({ to }) => to)).size).toBe(150)
    expect(mails).toHaveLength(150)
    expect(mostInASecond(mails.map(({ at }) => at))).toBeLessThanOrEqual(100)
  })

  it('wait for a network that is gone, and write down then what they had in hand', async () => {
    const { server, workers, sendId } = await openWorkers({ readers: 40, latencyMs: 0 })
    const [{ mailshot, transport }] = workers
    const asked = Promise.withResolvers<void>()
    transport.failWhen(async (message) => {
      if (message.campaign === undefined) return undefined
      server.failWhen(() => 'unheard')
      asked.resolve()
      await setTimeout(100)
      return undefined
    })
    const ended = deliver(mailshot, { untilDone: true })
    await asked.promise
    // The relay's answers have come, and the database does not answer.
    await setTimeout(500)
    transport.clear()
    server.failWhen(() => undefined)
    expect(await ended).toMatchObject({ sent: 40, uncertain: 0 })
    expect(await statusCounts(mailshot, sendId)).toEqual({ sent: 40 })
  })
})

describe('sign-ups on a remote database', () => {
  it('are noted once, and their ends told, though answers were lost', async () => {
    const { server, workers } = await openWorkers({ readers: 0, latencyMs: 0 })
    const [{ mailshot }] = workers
    server.failWhen(({ isWrite, number }) => (isWrite && number % 2 ? 'unanswered' : undefined))
    const request = {
      email: 'ann@example.net',
      lists: ['weekly'],
      consent: { source: 'form' as const },
    }
    await subscribe(mailshot, request)
    server.failWhen(({ isWrite }) => (isWrite && !faulted++ ? 'unanswered' : undefined))
    let faulted = 0
    expect(
      await unsubscribe(mailshot, { subscriberId: 1, lists: ['weekly'], reason: 'page' }),
    ).toEqual({ ended: ['weekly'] })
  })
})

function once(fault: Fault): () => Fault | undefined {
  const faults = [fault]
  return () => faults.shift()
}

async function openRemote() {
  const { server } = await startServer()
  const database = await openDatabase(server.url)
  onTestFinished(() => database.close())
  return { server, database }
}

async function startServer(latencyMs = 0) {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-remote-'))
  const server = await startHranaServer(join(folder, 'remote.db'), { latencyMs })
  onTestFinished(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { server, folder }
}

interface Worker {
  mailshot: Mailshot
  transport: MemoryTransport
  /** What campaigns have handed over, with the hour. */
  arrivals: { to: string; at: number }[]
}

async function openWorkers(options: {
  readers: number
  latencyMs: number
  config?: Partial<MailshotConfigInput>
}): Promise<{ server: HranaServer; workers: [Worker, Worker, Worker]; sendId: string }> {
  const { server, folder } = await startServer(options.latencyMs)
  const open = async (): Promise<Worker> => {
    const transport = memory({ parallel: 10 })
    const arrivals: Worker['arrivals'] = []
    const send: MemoryTransport['send'] = async (messages, signal) => {
      for (const { campaign, envelope } of messages) {
        if (campaign !== undefined) arrivals.push({ to: envelope.to, at: performance.now() })
      }
      return transport.send(messages, signal)
    }
    const given = { ...options.config, database: server.url, transport: { ...transport, send } }
    const config = testConfig(given, folder)
    const mailshot = await openMailshot(config, { create: true, log: pino({ level: 'silent' }) })
    onTestFinished(() => mailshot.close())
    return { mailshot, transport, arrivals }
  }
  const first = await open()
  await addReaders(first.mailshot, options.readers)
  const { send } = await startFixture(first.mailshot, 'hello')
  return { server, workers: [first, await open(), await open()], sendId: send.id }
}

function mostInASecond(times: number[]): number {
  const sorted = times.toSorted((a, b) => a - b)
  return Math.max(...sorted.map((at) => sorted.filter((t) => t >= at && t < at + 1000).length))
}
