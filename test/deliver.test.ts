import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { listRecipients } from '../integrations/mailshot/recipient.ts'
import { cancelSend, pauseSend, readSend, resumeSend } from '../integrations/mailshot/send.ts'
import { tendSends } from '../integrations/mailshot/send/tend.ts'
import type { Message, Outcome } from '../integrations/mailshot/transport.ts'
import { memory, type MemoryTransport } from '../integrations/mailshot/transports/memory.ts'
import { openTestMailshot } from './open-test-mailshot.ts'
import { addReaders, statusCounts } from './people.ts'
import { startFixture } from './start-fixture.ts'

describe('deliver', () => {
  it('mails every recipient once and ends the send', async () => {
    const { mailshot, transport } = await open()
    await addReaders(mailshot, 50)
    const { send } = await startFixture(mailshot, 'hello')
    const report = await deliver(mailshot, { untilDone: true })
    expect(report).toEqual({
      sent: 50,
      failed: 0,
      deferred: 0,
      uncertain: 0,
      skipped: 0,
      letters: 2,
    })
    expect(new Set(readersOf(transport.messages)).size).toBe(50)
    expect(readersOf(transport.messages)).toHaveLength(50)
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', total: 50, sent: 50 })
  })

  it('mails one copy to a reader of several lists, in their language', async () => {
    const { mailshot, transport } = await open()
    await addReaders(mailshot, 2, { list: 'product', lang: 'en' })
    await addReaders(mailshot, 2, { list: 'weekly', lang: 'en' })
    await addReaders(mailshot, 1, { list: 'weekly', from: 3, lang: 'fr' })
    await startFixture(mailshot, 'bilingual')
    await deliver(mailshot, { untilDone: true })
    const letters = transport.messages.filter((message) => message.campaign !== undefined)
    expect(letters.map(({ subject }) => subject).toSorted()).toEqual([
      'Bonjour Reader 3',
      'Hello Reader 1',
      'Hello Reader 2',
    ])
    const [both] = transport.sentTo('reader1@example.net')
    expect(both?.headers['List-Id']).toContain('<weekly.example.org>')
  })

  it('gives each message a Message-ID and an unsubscribe link of its own', async () => {
    const { mailshot, transport } = await open()
    await addReaders(mailshot, 3)
    await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    const sent = campaignMessages(transport.messages)
    expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(3)
    expect(new Set(sent.map(({ headers }) => headers['List-Unsubscribe'])).size).toBe(3)
  })

  it('tells the operator when a send starts and when it ends', async () => {
    const { mailshot, transport } = await open()
    await addReaders(mailshot, 2)
    await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    const subjects = transport.sentTo('operator@example.org').map(({ subject }) => subject)
    expect(subjects).toEqual([
      'Envoi commencé : hello, 2 destinataires',
      'Envoi terminé : hello, envoyés : 2',
    ])
  })

  it('fails only those whom the relay refuses for good, with its reason', async () => {
    const { mailshot, transport } = await open()
    await addReaders(mailshot, 3)
    const refusal = '550 5.1.1 no such user'
    transport.failWhen((message) =>
      message.envelope.to === 'Reader2@example.net'
        ? { status: 'rejected', class: 'hard', enhanced: '5.1.1', reason: refusal }
        : undefined,
    )
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    expect(await statusCounts(mailshot, send.id)).toEqual({ sent: 2, failed: 1 })
    const failed = await listRecipients(mailshot, { sendId: send.id, status: 'failed' })
    expect(failed).toMatchObject([
      { email: 'reader2@example.net', reason: refusal, enhanced: '5.1.1', tries: 1 },
    ])
  })

  it('tries a deferred recipient again at the end, at most five times', async () => {
    const { mailshot, transport } = await open({}, { leaseSeconds: 3600 })
    await addReaders(mailshot, 3)
    transport.failWhen((message) =>
      message.envelope.to === 'Reader1@example.net'
        ? { status: 'deferred', scope: 'recipient', reason: '450 4.2.1 later' }
        : undefined,
    )
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true, onProgress: () => mailshot.clock.advance(60_000) })
    const tries = campaignMessages(transport.handedOver).map(({ envelope }) => envelope.to)
    expect(tries.filter((to) => to === 'Reader1@example.net')).toHaveLength(5)
    expect(tries.slice(-4)).toEqual(Array(4).fill('Reader1@example.net'))
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', sent: 2, failed: 1 })
  })

  it('uses the same Message-ID on every try', async () => {
    const { mailshot, transport } = await open({}, { leaseSeconds: 3600 })
    await addReaders(mailshot, 1)
    failOnce(transport, { status: 'deferred', scope: 'recipient', reason: '450 later' })
    await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true, onProgress: () => mailshot.clock.advance(60_000) })
    const ids = campaignMessages(transport.handedOver).map(({ messageId }) => messageId)
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(1)
  })

  it('rests after a fault of the relay, which costs nobody a try', async () => {
    const { mailshot, transport } = await open({ parallel: 4 })
    await addReaders(mailshot, 12)
    const started = mailshot.now()
    failOnce(transport, {
      status: 'deferred',
      scope: 'relay',
      reason: '421 closing',
      retryAfter: 60,
    })
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    const rows = await listRecipients(mailshot, { sendId: send.id })
    expect(rows.map(({ status, tries }) => `${status} ${tries}`)).toEqual(Array(12).fill('sent 1'))
    expect(mailshot.now() - started).toBeGreaterThanOrEqual(60_000)
  })

  it('puts nothing in hand while the relay rests, whatever calls under way answer', async () => {
    const { mailshot, transport } = await open({ parallel: 4 })
    await addReaders(mailshot, 40)
    let faultAt = 0
    const times: number[] = []
    transport.failWhen(async (message) => {
      if (message.campaign === undefined) return undefined
      times.push(mailshot.now())
      if (faultAt === 0) {
        faultAt = mailshot.now()
        return { status: 'deferred', scope: 'relay', reason: '421 busy', retryAfter: 30 }
      }
      // Answers later than the fault is known.
      await mailshot.sleep(50)
      return undefined
    })
    await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    const during = times.filter((time) => time < faultAt + 30_000)
    expect(during.length).toBeLessThanOrEqual(4)
    expect(times).toHaveLength(41)
  })

  it('forgets the slots that are free again', async () => {
    const { mailshot } = await open({}, { pace: '600/minute', leaseSeconds: 5 })
    await addReaders(mailshot, 100)
    await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    mailshot.clock.advance(120_000)
    await addReaders(mailshot, 1, { from: 101 })
    await startFixture(mailshot, 'hello', { audience: 'again' })
    const stop = new AbortController()
    const ended = mailshot.now() + 10_000
    await deliver(mailshot, {
      signal: stop.signal,
      onProgress: () => void (mailshot.now() > ended && stop.abort()),
    })
    const row = await mailshot.db.get<{ rows: number }>(sql`SELECT count(*) AS rows FROM pace`)
    expect(row?.rows).toBeLessThan(10)
  })

  it('pauses the send when the account is refused, and tells why', async () => {
    const { mailshot, transport } = await open({ parallel: 1 })
    await addReaders(mailshot, 3)
    transport.failWhen((message) =>
      message.campaign === undefined
        ? undefined
        : { status: 'blocked', reason: '535 5.7.8 wrong password' },
    )
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({
      status: 'paused',
      reason: 'blocked: 535 5.7.8 wrong password',
    })
    expect(await statusCounts(mailshot, send.id)).toEqual({ pending: 3 })
    const alarm = transport.sentTo('operator@example.org').at(-1)
    expect(alarm?.text).toContain('535 5.7.8 wrong password')
    transport.clear()
    await resumeSend(mailshot, send.id, { actor: 'test' })
    await deliver(mailshot, { untilDone: true })
    expect(await statusCounts(mailshot, send.id)).toEqual({ sent: 3 })
  })

  it('never mails an uncertain recipient again unasked', async () => {
    const { mailshot, transport } = await open()
    await addReaders(mailshot, 2)
    failOnce(transport, { status: 'uncertain', reason: 'connection lost after the message' })
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    await deliver(mailshot, { untilDone: true })
    expect(campaignMessages(transport.handedOver)).toHaveLength(2)
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', uncertain: 1 })
  })

  it('calls uncertain what was in a call of a transport that threw', async () => {
    const { mailshot, transport } = await open()
    await addReaders(mailshot, 1)
    failOnce(transport, new Error('a bug'))
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    const rows = await listRecipients(mailshot, { sendId: send.id })
    expect(rows).toMatchObject([{ status: 'uncertain', reason: 'a bug' }])
  })

  it('reports as uncertain what a dead worker had in hand', async () => {
    const { mailshot } = await open()
    await addReaders(mailshot, 2)
    const { send } = await startFixture(mailshot, 'hello')
    while (await tendSends(mailshot, () => 'ready'));
    await mailshot.db.write(
      sql`INSERT INTO workers (id, machine, pid, started_at, lease_until) VALUES ('w', 'other', 1, 0, 0)`,
      sql`UPDATE recipients SET status = 'in-hand', worker_id = 'w' WHERE id = 1`,
    )
    expect(await deliver(mailshot, { untilDone: true })).toMatchObject({ sent: 1, uncertain: 1 })
    expect(await statusCounts(mailshot, send.id)).toEqual({ sent: 1, uncertain: 1 })
  })

  it('gives claims back and finishes what is in hand when it is stopped', async () => {
    const { mailshot, transport } = await open()
    await addReaders(mailshot, 100)
    const stop = new AbortController()
    transport.failWhen(() => {
      stop.abort()
      return undefined
    })
    const { send } = await startFixture(mailshot, 'hello')
    const report = await deliver(mailshot, { signal: stop.signal })
    const counts = await statusCounts(mailshot, send.id)
    expect(Object.keys(counts).toSorted()).toEqual(['pending', 'sent'].filter((key) => counts[key]))
    expect((counts['pending'] ?? 0) + (counts['sent'] ?? 0)).toBe(100)
    expect(report.uncertain).toBe(0)
    expect(await mailshot.db.all(sql`SELECT id FROM workers`)).toEqual([])
  })

  it('mails nothing more of a send that is paused or cancelled while it runs', async () => {
    const { mailshot, transport } = await open({ parallel: 2 })
    await addReaders(mailshot, 40)
    const { send } = await startFixture(mailshot, 'hello')
    transport.failWhen(async (message) => {
      if (message.campaign === undefined || transport.handedOver.length < 10) return undefined
      await pauseSend(mailshot, send.id, { reason: 'operator', actor: 'test' })
      return undefined
    })
    await deliver(mailshot, { untilDone: true })
    const sent = (await statusCounts(mailshot, send.id))['sent'] ?? 0
    expect(sent).toBeLessThan(15)
    await cancelSend(mailshot, send.id, { actor: 'test' })
    await deliver(mailshot, { untilDone: true })
    expect(await statusCounts(mailshot, send.id)).toEqual({ sent, cancelled: 40 - sent })
  })

  it('shares the work among several workers without a double', async () => {
    const { mailshot, transport } = await open()
    await addReaders(mailshot, 300)
    await startFixture(mailshot, 'hello')
    await Promise.all([1, 2, 3].map(() => deliver(mailshot, { untilDone: true })))
    const readers = readersOf(transport.messages)
    expect(readers).toHaveLength(300)
    expect(new Set(readers).size).toBe(300)
  })

  it('sends everything to one address where the config redirects', async () => {
    const { mailshot, transport } = await open({}, { redirectTo: 'staging@example.org' })
    await addReaders(mailshot, 3)
    await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    const addresses = transport.messages.map(({ envelope, to }) => [envelope.to, to.address])
    expect(new Set(addresses.flat())).toEqual(new Set(['staging@example.org']))
  })

  it('refuses to start where the config says hold', async () => {
    const { mailshot } = await open({}, { hold: true })
    await expect(deliver(mailshot)).rejects.toThrow('nothing is sent: the config says hold')
  })

  it('refuses to start without a secret', async () => {
    const { mailshot } = await open({}, { secret: [] })
    await expect(deliver(mailshot)).rejects.toThrow('MAILSHOT_SECRET')
  })
})

async function open(
  options: Parameters<typeof memory>[0] = {},
  config: Parameters<typeof openTestMailshot>[0] = {},
) {
  const transport = memory(options)
  const mailshot = await openTestMailshot({ transport, ...config })
  return { mailshot, transport }
}

/** Fails the first message of a campaign; letters to the operator pass. */
function failOnce(transport: MemoryTransport, answer: Outcome | Error): void {
  let isSpent = false
  transport.failWhen((message) => {
    if (message.campaign === undefined || isSpent) return undefined
    isSpent = true
    if (answer instanceof Error) throw answer
    return answer
  })
}

function campaignMessages(messages: readonly Message[]): Message[] {
  return messages.filter((message) => message.campaign !== undefined)
}

function readersOf(messages: readonly Message[]): string[] {
  return campaignMessages(messages).map(({ envelope }) => envelope.to)
}
