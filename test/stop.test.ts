import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { createClient } from '@libsql/client'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { listLetters } from '../integrations/mailshot/letter.ts'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'
import { listRecipients } from '../integrations/mailshot/recipient.ts'
import { startSender } from '../integrations/mailshot/sender.ts'
import type { Outcome, Transport } from '../integrations/mailshot/transport.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { openTestMailshot } from './open-test-mailshot.ts'
import { addReaders, statusCounts } from './people.ts'
import { openSite } from './run-mailshot.ts'
import { type Script, startScriptedSmtpServer } from './scripted-smtp-server.ts'
import { fillSite } from './site-with-people.ts'
import { startFixture } from './start-fixture.ts'

const slug = '2026-06-launch'
const patience = { timeout: 30_000 }
const cut = 'closed before the relay answered'
const shown = z.object({ status: z.string(), tries: z.number(), reason: z.string().nullish() })
const reason = 'stopped before the relay answered'

describe('a worker that is stopped while the relay is silent', () => {
  it('ends within ten seconds, and says that what was in flight is uncertain', async () => {
    const stop = new AbortController()
    const { mailshot, send } = await open(silent({ onSend: () => stop.abort() }))
    const started = mailshot.now()
    const report = await deliver(mailshot, { signal: stop.signal })
    expect(mailshot.now() - started).toBeGreaterThanOrEqual(7_000)
    expect(mailshot.now() - started).toBeLessThan(9_000)
    expect(await statusCounts(mailshot, send.id)).toEqual({
      pending: 10 - report.uncertain,
      uncertain: report.uncertain,
    })
    const uncertain = await listRecipients(mailshot, {
      sendId: send.id,
      status: 'uncertain',
    })
    expect(uncertain.map((one) => one.reason)).toEqual(Array(report.uncertain).fill(reason))
    expect(await mailshot.db.all(sql`SELECT id FROM workers`)).toEqual([])
  })

  it('gives back what the closed transport knows has not left', async () => {
    const stop = new AbortController()
    const transport = silent({
      onSend: () => stop.abort(),
      atClose: cutBeforeBody,
    })
    const { mailshot, send } = await open(transport)
    const report = await deliver(mailshot, { signal: stop.signal })
    expect(report.uncertain).toBe(0)
    expect(await statusCounts(mailshot, send.id)).toEqual({ pending: 10 })
    const tries = await listRecipients(mailshot, { sendId: send.id })
    expect(tries.map((one) => one.tries)).toEqual(Array(10).fill(0))
  })

  it('leaves a letter in flight to be tried again later, with the reason', async () => {
    const stop = new AbortController()
    const { mailshot } = await open(silent({ onSend: () => stop.abort() }))
    await deliver(mailshot, { signal: stop.signal })
    expect(await listLetters(mailshot)).toMatchObject([
      { kind: 'alarm', status: 'pending', tries: 1, reason },
    ])
  })

  it('ends inside a server too', async () => {
    const asked = Promise.withResolvers<void>()
    const { mailshot, send } = await open(silent({ onSend: asked.resolve }))
    const sender = startSender(mailshot)
    await asked.promise
    await sender.stop()
    expect(sender.state()).toBe('stopped')
    const { uncertain = 0, pending = 0 } = await statusCounts(mailshot, send.id)
    expect([uncertain > 0, uncertain + pending]).toEqual([true, 10])
  })
})

describe('a worker that is stopped while the database is locked', () => {
  it('ends at once where it has not begun', async () => {
    const mailshot = await openTestMailshot()
    const unlock = await lock(mailshot)
    const sender = startSender(mailshot)
    await setTimeout(50)
    const startedAt = performance.now()
    await sender.stop()
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    unlock()
  })

  it('says how many answers it could not write down', async () => {
    const stop = new AbortController()
    const locking = Promise.withResolvers<() => void>()
    const transport = memory({ parallel: 1 })
    const { mailshot } = await open(transport, { waitForDisk: false })
    transport.failWhen(async ({ campaign }) => {
      if (campaign === undefined) return undefined
      locking.resolve(await lock(mailshot))
      stop.abort()
      return undefined
    })
    await expect(deliver(mailshot, { signal: stop.signal })).rejects.toThrow(
      'stopped while the database could not be written: what came of 1 mail could not be noted',
    )
    const unlock = await locking.promise
    unlock()
  })
})

describe('mailshot deliver at a signal', () => {
  it('ends within ten seconds, whatever the relay leaves unanswered', async () => {
    const taken = await startWorker({ end: 'silence' })
    // A letter and a mail at least; what waits behind them on a connection has not left.
    await expect.poll(taken.relay.bodies, patience).toBeGreaterThan(1)
    const mute = await startWorker({ greeting: 'silence' })
    await expect.poll(mute.relay.connections, patience).toBeGreaterThan(0)
    const startedAt = performance.now()
    taken.worker.kill('SIGTERM')
    // The terminal is closed.
    mute.worker.kill('SIGHUP')
    const ends = await Promise.all([taken, mute].map(({ site, worker }) => site.ended(worker)))
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    expect(ends.map(({ code }) => code)).toEqual([0, 0])
    const people = z.array(shown).parse(await taken.site.json('recipients', slug))
    const uncertain = people.filter((one) => one.status === 'uncertain' && one.reason === cut)
    const waiting = people.filter((one) => one.status === 'pending' && one.tries === 0)
    expect(uncertain.length).toBeGreaterThan(0)
    expect(uncertain.length + waiting.length).toBe(3)
    expect(await mute.site.json('recipients', slug, '--status', 'pending')).toHaveLength(3)
  })

  it('ends at once at the second signal', async () => {
    const { worker, relay } = await startWorker({ end: 'silence' })
    await expect.poll(relay.bodies, patience).toBeGreaterThan(1)
    worker.kill('SIGTERM')
    for await (const text of worker.stderr) if (String(text).includes('Finishing')) break
    const startedAt = performance.now()
    worker.kill('SIGTERM')
    const [code] = await once(worker, 'exit')
    expect(code).toBe(143)
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })
})

async function open(transport: Transport, options = {}) {
  const mailshot = await openTestMailshot({ transport }, options)
  await addReaders(mailshot, 10)
  const { send } = await startFixture(mailshot, 'hello')
  return { mailshot, send }
}

/** Another process that writes. */
async function lock({ db }: Mailshot): Promise<() => void> {
  const other = createClient({ url: db.url, timeout: 5_000 })
  const transaction = await other.transaction('write')
  return () => {
    transaction.close()
    other.close()
  }
}

const cutBeforeBody: Outcome = {
  status: 'deferred',
  scope: 'relay',
  reason: 'closed',
}

/** Takes messages and never answers for them, until it is closed where `atClose` says what it answers then. */
function silent({ onSend, atClose }: { onSend: () => void; atClose?: Outcome }): Transport {
  const closed = Promise.withResolvers<void>()
  return {
    ...memory(),
    send: async (messages) => {
      if (messages.some(({ campaign }) => campaign !== undefined)) onSend()
      await closed.promise
      return messages.map(() => atClose ?? { status: 'accepted', providerId: 'late' })
    },
    close: async () => (atClose ? closed.resolve() : undefined),
  }
}

/** Three messages are due, and a letter to the operator. */
async function startWorker(script: Script) {
  const relay = await startScriptedSmtpServer(script)
  const site = openSite('site', { SMTP_PORT: String(relay.port) })
  await fillSite(site)
  await site.mailshot('send', slug, '--yes')
  return { site, relay, worker: site.start('deliver') }
}
