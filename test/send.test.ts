import { once } from 'node:events'
import { createServer } from 'node:http'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../integrations/mailshot/deliver.ts'
import {
  cancelSend,
  countAudience,
  findSend,
  listSends,
  pauseSend,
  readSend,
  resumeSend,
} from '../integrations/mailshot/send.ts'
import { openImageWatch } from '../integrations/mailshot/send/media.ts'
import { tendSends } from '../integrations/mailshot/send/tend.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot } from './open-test-mailshot.ts'
import { addReaders, statusCounts } from './people.ts'
import { startFixture } from './start-fixture.ts'

const hour = 3_600_000

describe('startSend', () => {
  it('answers the send that the same trigger made before', async () => {
    const mailshot = await openTestMailshot()
    const first = await startFixture(mailshot, 'hello')
    const again = await startFixture(mailshot, 'hello')
    expect([first.created, again.created]).toEqual([true, false])
    expect(again.send.id).toBe(first.send.id)
    expect(await listSends(mailshot)).toHaveLength(1)
  })

  it('makes one send of triggers at the same moment', async () => {
    const mailshot = await openTestMailshot()
    const results = await Promise.all([1, 2, 3].map(() => startFixture(mailshot, 'hello')))
    expect(new Set(results.map(({ send }) => send.id)).size).toBe(1)
    expect(results.filter(({ created }) => created)).toHaveLength(1)
  })

  it('starts one of two versions at the same moment, and refuses the other', async () => {
    const { mailshot, transport } = await openWithReaders(3)
    const results = await Promise.allSettled([
      startFixture(mailshot, 'hello', { edition: '1' }),
      startFixture(mailshot, 'hello', { edition: '2' }),
    ])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    await deliver(mailshot, { untilDone: true })
    expect(campaigns(transport)).toBe(3)
  })

  it('answers an ended send to the same trigger instead of mailing again', async () => {
    const { mailshot, transport } = await openWithReaders(3)
    await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    const { created, send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    expect([created, send.status]).toEqual([false, 'done'])
    expect(campaigns(transport)).toBe(3)
  })

  it('refuses an unknown list, naming the known ones', async () => {
    const mailshot = await openTestMailshot()
    await expect(startFixture(mailshot, 'hello', { lists: ['weeky'] })).rejects.toThrow(
      'campaign hello: list "weeky" is not in mailshot.config.ts (known: weekly, product)',
    )
  })

  it('refuses a campaign without a list', async () => {
    const mailshot = await openTestMailshot()
    await expect(startFixture(mailshot, 'hello', { lists: [] })).rejects.toThrow('it names no list')
  })

  it('refuses an edited campaign while its send is open', async () => {
    const mailshot = await openTestMailshot()
    const { send } = await startFixture(mailshot, 'hello')
    await expect(startFixture(mailshot, 'hello', { edition: '2' })).rejects.toThrow(
      `campaign hello: send ${send.id} of it is scheduled, with other content or readers`,
    )
  })

  it('refuses an edited campaign that was sent, until asked to send it again', async () => {
    const { mailshot, transport } = await openWithReaders(2)
    await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    await expect(startFixture(mailshot, 'hello', { edition: '2' })).rejects.toThrow('--again')
    await addReaders(mailshot, 1, { from: 3 })
    await startFixture(mailshot, 'hello', { edition: '2', audience: 'again' })
    await deliver(mailshot, { untilDone: true })
    expect(transport.sentTo('reader1@example.net')).toHaveLength(1)
    expect(transport.sentTo('reader3@example.net')).toHaveLength(1)
  })

  it('refuses sent content under a new slug, until asked', async () => {
    const { mailshot } = await openWithReaders(2)
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    await expect(startFixture(mailshot, 'hello', { as: 'hello-2' })).rejects.toThrow(
      `its content, as hello, was already sent (send ${send.id})`,
    )
    const { created } = await startFixture(mailshot, 'hello', { as: 'hello-2', audience: 'again' })
    expect(created).toBe(true)
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, 'hello-2')).toMatchObject({ status: 'done', total: 0 })
  })

  it('brings the correction of a cancelled send to the rest alone', async () => {
    const { mailshot, transport } = await openWithReaders(30, { parallel: 1 })
    const { send } = await startFixture(mailshot, 'hello')
    transport.failWhen(async () => {
      if (campaigns(transport) >= 9) await cancelSend(mailshot, send.id, { actor: 'test' })
      return undefined
    })
    await deliver(mailshot, { untilDone: true })
    transport.failWhen(() => undefined)
    const got = campaigns(transport)
    await startFixture(mailshot, 'hello', { edition: 'fixed', audience: 'again' })
    await deliver(mailshot, { untilDone: true })
    expect(got).toBeLessThan(30)
    expect(campaigns(transport)).toBe(30)
    expect(await readSend(mailshot, 'hello')).toMatchObject({ status: 'done', sent: 30 - got })
  })

  it('counts uncertain recipients as having got it', async () => {
    const { mailshot, transport } = await openWithReaders(3)
    transport.failWhen((message) =>
      message.envelope.to === 'Reader2@example.net'
        ? { status: 'uncertain', reason: 'lost' }
        : undefined,
    )
    await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    await startFixture(mailshot, 'hello', { audience: 'again' })
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, 'hello')).toMatchObject({ total: 0, audience: 'again' })
  })

  it('mails everybody once more with --resend-all', async () => {
    const { mailshot, transport } = await openWithReaders(3)
    await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    await startFixture(mailshot, 'hello', { audience: 'all' })
    await deliver(mailshot, { untilDone: true })
    expect(campaigns(transport)).toBe(6)
  })

  it('sends to one subscriber alone, and spares them the send to the list', async () => {
    const { mailshot, transport } = await openWithReaders(3)
    await startFixture(mailshot, 'hello', { onlyTo: 'Reader2@Example.net' })
    await deliver(mailshot, { untilDone: true })
    expect(campaigns(transport)).toBe(1)
    await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    expect(campaigns(transport)).toBe(3)
    expect(transport.sentTo('reader2@example.net')).toHaveLength(1)
  })

  it('refuses a single send while the campaign is on its way to its lists', async () => {
    const { mailshot } = await openWithReaders(3)
    const { send } = await startFixture(mailshot, 'hello')
    const single = startFixture(mailshot, 'hello', { onlyTo: 'reader2@example.net' })
    await expect(single).rejects.toThrow(`send ${send.id} brings it to its lists just now`)
  })

  it('spares the reader of a single send that is still on its way', async () => {
    const { mailshot, transport } = await openWithReaders(3)
    await startFixture(mailshot, 'hello', {
      onlyTo: 'reader2@example.net',
      at: mailshot.now() + hour,
    })
    await startFixture(mailshot, 'hello')
    mailshot.clock.advance(hour)
    await deliver(mailshot, { untilDone: true })
    expect(transport.sentTo('reader2@example.net')).toHaveLength(1)
  })

  it('refuses a single send to somebody who is no active subscriber', async () => {
    const { mailshot } = await openWithReaders(1)
    await mailshot.db.write(
      sql`INSERT INTO suppressions (email, reason, at) VALUES ('reader1@example.net', 'manual', 0)`,
    )
    for (const onlyTo of ['stranger@example.net', 'reader1@example.net']) {
      await expect(startFixture(mailshot, 'hello', { onlyTo })).rejects.toThrow(
        `${onlyTo} is not an active subscriber of weekly, or is suppressed`,
      )
    }
  })

  it('starts at its time, not before', async () => {
    const { mailshot, transport } = await openWithReaders(2)
    await startFixture(mailshot, 'hello', { at: mailshot.now() + hour })
    await deliver(mailshot, { untilDone: true })
    expect(campaigns(transport)).toBe(0)
    mailshot.clock.advance(hour)
    await deliver(mailshot, { untilDone: true })
    expect(campaigns(transport)).toBe(2)
  })

  it('holds a start that is late by more than two hours, and tells the operator', async () => {
    const { mailshot, transport } = await openWithReaders(2)
    const { send } = await startFixture(mailshot, 'hello', { at: mailshot.now() + hour })
    mailshot.clock.advance(3 * hour + 1)
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'paused', reason: 'late' })
    expect(transport.messages.map(({ subject }) => subject)).toEqual([
      expect.stringContaining('Envoi retenu : hello'),
    ])
    await resumeSend(mailshot, send.id, { actor: 'test' })
    await deliver(mailshot, { untilDone: true })
    expect(campaigns(transport)).toBe(2)
  })
})

describe('the freeze', () => {
  it('takes nobody who subscribes after the start', async () => {
    const { mailshot } = await openWithReaders(2)
    const { send } = await startFixture(mailshot, 'hello')
    await tendSends(mailshot, () => 'ready')
    mailshot.clock.advance(1000)
    await addReaders(mailshot, 1, { from: 3 })
    await addReaders(mailshot, 1, { from: 1, list: 'product' })
    while (await tendSends(mailshot, () => 'ready'));
    expect(await readSend(mailshot, send.id)).toMatchObject({ total: 2, status: 'running' })
  })

  it('takes nobody who is suppressed, pending or unsubscribed', async () => {
    const { mailshot } = await openWithReaders(4)
    await mailshot.db.write(
      sql`INSERT INTO suppressions (email, reason, at) VALUES ('reader1@example.net', 'manual', 0)`,
      sql`UPDATE subscriptions SET status = 'pending' WHERE subscriber_id = 2`,
      sql`UPDATE subscriptions SET status = 'unsubscribed' WHERE subscriber_id = 3`,
    )
    const { send } = await startFixture(mailshot, 'hello')
    while (await tendSends(mailshot, () => 'ready'));
    expect(await statusCounts(mailshot, send.id)).toEqual({ pending: 1 })
  })

  it('writes each recipient once when several workers freeze at the same time', async () => {
    const { mailshot } = await openWithReaders(200)
    const { send } = await startFixture(mailshot, 'hello')
    const tend = async () => {
      while (await tendSends(mailshot, () => 'ready'));
    }
    await Promise.all([tend(), tend(), tend()])
    expect(await statusCounts(mailshot, send.id)).toEqual({ pending: 200 })
    expect(await readSend(mailshot, send.id)).toMatchObject({ total: 200, status: 'running' })
  })

  it('asks for the images only once the send is due', async () => {
    const { mailshot } = await openWithReaders(1)
    await startFixture(mailshot, 'hello', { at: mailshot.now() + hour })
    let looks = 0
    const watch = () => {
      looks += 1
      return 'ready' as const
    }
    await tendSends(mailshot, watch)
    expect(looks).toBe(0)
    mailshot.clock.advance(hour)
    await tendSends(mailshot, watch)
    expect(looks).toBe(1)
  })

  it('waits until the images answer, and says for which it waits', async () => {
    const { mailshot } = await openWithReaders(1)
    const { send } = await startFixture(mailshot, 'hello')
    await tendSends(mailshot, () => ({ missing: 'waiting for its images: x answers 404' }))
    expect(await readSend(mailshot, send.id)).toMatchObject({
      status: 'scheduled',
      reason: 'waiting for its images: x answers 404',
    })
    while (await tendSends(mailshot, () => 'ready'));
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'running', reason: null })
  })
})

describe('openImageWatch', () => {
  it('says so where a send cannot be read, instead of ending the worker', async () => {
    const { mailshot } = await openWithReaders(1)
    const { send } = await startFixture(mailshot, 'hello')
    const result = await new Promise((resolve) => {
      const watch = openImageWatch(mailshot, () => resolve(watch(gone)))
      const gone = { ...send, snapshot: 'gone' }
      watch(gone)
    })
    expect(result).toEqual({ missing: 'its images cannot be looked at: snapshot gone is missing' })
  })

  it('asks for each image at its public address', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.writeHead(request.url === '/there.png' ? 200 : 404).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const site = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : ''
    const mailshot = await openTestMailshot()
    const there = await lookAt(mailshot, [`${site}/there.png`])
    const gone = await lookAt(mailshot, [`${site}/there.png`, `${site}/gone.png`])
    server.close()
    expect(there).toBe('ready')
    expect(gone).toEqual({
      missing: `waiting for its images: ${site}/gone.png answers 404; the site must serve it before the send starts`,
    })
    expect(asked).toContain('HEAD /there.png')
  })
})

describe('pauseSend', () => {
  it('keeps where the send stood, and resume brings it back there', async () => {
    const { mailshot } = await openWithReaders(2)
    const { send } = await startFixture(mailshot, 'hello', { at: mailshot.now() + hour })
    await pauseSend(mailshot, send.id, { reason: 'operator', actor: 'test' })
    expect(await readSend(mailshot, send.id)).toMatchObject({
      status: 'paused',
      pausedFrom: 'scheduled',
    })
    await resumeSend(mailshot, send.id, { actor: 'test' })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'scheduled', reason: null })
  })

  it('refuses a send that has ended', async () => {
    const { mailshot } = await openWithReaders(1)
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    const pause = pauseSend(mailshot, send.id, { reason: 'operator', actor: 'test' })
    await expect(pause).rejects.toThrow(`send ${send.id} is done, so it cannot be paused`)
  })
})

describe('cancelSend', () => {
  it('cancels all who did not get it yet', async () => {
    const { mailshot } = await openWithReaders(12)
    const { send } = await startFixture(mailshot, 'hello')
    while (await tendSends(mailshot, () => 'ready'));
    await cancelSend(mailshot, send.slug, { actor: 'test' })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'cancelled', cancelled: 12 })
  })

  it('is finished by a worker where the process that cancelled died', async () => {
    const { mailshot, transport } = await openWithReaders(100)
    const { send } = await startFixture(mailshot, 'hello')
    const stop = new AbortController()
    transport.failWhen(async () => {
      await mailshot.db.write(sql`UPDATE sends SET status = 'cancelled'`)
      return undefined
    })
    const ended = mailshot.now() + 30_000
    await deliver(mailshot, {
      signal: stop.signal,
      onProgress: () => void (mailshot.now() > ended && stop.abort()),
    })
    const { sent = 0, cancelled = 0 } = await statusCounts(mailshot, send.id)
    expect(sent).toBeLessThan(100)
    expect(sent + cancelled).toBe(100)
  })

  it('stops a send that has not started', async () => {
    const { mailshot, transport } = await openWithReaders(2)
    const { send } = await startFixture(mailshot, 'hello', { at: mailshot.now() + hour })
    await cancelSend(mailshot, send.id, { actor: 'test' })
    mailshot.clock.advance(hour)
    await deliver(mailshot, { untilDone: true })
    expect(campaigns(transport)).toBe(0)
  })

  it('notes who did it', async () => {
    const { mailshot } = await openWithReaders(1)
    const { send } = await startFixture(mailshot, 'hello')
    await cancelSend(mailshot, send.id, { actor: 'ann' })
    const line = await mailshot.db.get(
      sql`SELECT actor, action FROM audit WHERE subject = ${`send:${send.id}`} AND action = 'cancel'`,
    )
    expect(line).toMatchObject({ actor: 'ann', action: 'cancel' })
  })
})

describe('readSend', () => {
  it('finds a send by its id, and the latest by its slug', async () => {
    const { mailshot } = await openWithReaders(1)
    const { send } = await startFixture(mailshot, 'hello')
    expect((await readSend(mailshot, 'hello')).id).toBe(send.id)
    expect((await findSend(mailshot, { id: send.id }))?.slug).toBe('hello')
    await expect(readSend(mailshot, 'nothing')).rejects.toThrow('there is no send "nothing"')
  })
})

describe('countAudience', () => {
  it('counts each subscriber once, without those who got it', async () => {
    const { mailshot } = await openWithReaders(5)
    await addReaders(mailshot, 3, { list: 'product', from: 4 })
    const { send } = await startFixture(mailshot, 'hello')
    const request = { lists: ['weekly', 'product'], slug: 'hello', hash: send.contentHash }
    expect(await countAudience(mailshot, request)).toEqual({ readers: 6, paused: 0, of: 6 })
    await deliver(mailshot, { untilDone: true })
    expect(await countAudience(mailshot, request)).toEqual({ readers: 1, paused: 0, of: 6 })
    expect(await countAudience(mailshot, { ...request, audience: 'all' })).toMatchObject({
      readers: 6,
    })
    expect(
      await countAudience(mailshot, { ...request, onlyTo: 'reader6@example.net' }),
    ).toMatchObject({ readers: 1 })
  })
})

async function openWithReaders(count: number, options: Parameters<typeof memory>[0] = {}) {
  const transport = memory(options)
  const mailshot = await openTestMailshot({ transport })
  await addReaders(mailshot, count)
  return { mailshot, transport }
}

function campaigns(transport: ReturnType<typeof memory>): number {
  return transport.messages.filter((message) => message.campaign !== undefined).length
}

/** What the watch says of a send with these images, once it has looked. */
async function lookAt(mailshot: TestMailshot, images: string[]) {
  const hash = `h${images.length}`
  await mailshot.db.write(
    sql`INSERT INTO snapshots (hash, slug, compiled, created_at)
        VALUES (${hash}, 'x', ${JSON.stringify({ images })}, 0)`,
    sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status, created_at, scheduled_at)
        VALUES (${hash}, ${hash}, ${hash}, ${hash}, '[]', ${hash}, 'first', 'scheduled', 0, 0)`,
  )
  const watch = openImageWatch(mailshot)
  const send = await readSend(mailshot, hash)
  let result = watch(send)
  while (result === 'looking') {
    await new Promise((resolve) => setImmediate(resolve))
    result = watch(send)
  }
  return result
}
