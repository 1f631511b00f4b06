import { sql } from 'drizzle-orm/sql'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import type {
  DeliveryEvent,
  Transport,
  WebhookReading,
} from '../integrations/mailshot/transport.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { handleWebhook } from '../integrations/mailshot/webhook.ts'
import { openTestMailshot, type TestMailshot, testSecret } from './open-test-mailshot.ts'
import { eventOf, sentTo } from './sent-mails.ts'
import { pathOf, postSigned, signedRequest } from './signed-events.ts'

describe('handleWebhook', () => {
  it('stores what the provider reports before it answers', async () => {
    const { mailshot, mails } = await sentTo(1, { transport: reporting() })
    const answer = await post(mailshot, [eventOf({ ourId: mails[0].ourId })])
    expect(answer.status).toBe(200)
    expect(await keysOf(mailshot)).toHaveLength(1)
  })

  it('refuses what no transport, another secret or no proof brings, in the same words', async () => {
    const mailshot = await openTestMailshot({ transport: reporting() })
    const [secret = ''] = pathOf(mailshot, 'memory').split('/').slice(1)
    const paths = ['memory/wrong', 'memory', 'mailjet/x', '', `generic/${secret}`, '../memory']
    for (const path of paths) {
      const answer = await post(mailshot, [eventOf({})], path)
      expect([answer.status, await answer.text()]).toEqual([401, ''])
      expect([...answer.headers]).toEqual([])
    }
    expect(await keysOf(mailshot)).toEqual([])
  })

  it('takes the secrets of older secrets of the site too', async () => {
    const old = await openTestMailshot({ transport: reporting() })
    const rotated = await openTestMailshot({
      transport: reporting(),
      secret: ['a-newer-secret-for-tests-of-32-characters', testSecret],
    })
    expect(pathOf(rotated, 'memory')).not.toBe(pathOf(old, 'memory'))
    expect((await post(rotated, [eventOf({})], pathOf(old, 'memory'))).status).toBe(200)
    expect((await post(rotated, [eventOf({ at: 1 })])).status).toBe(200)
    expect((await post(old, [eventOf({})], pathOf(rotated, 'memory'))).status).toBe(401)
  })

  it('gives the transport the public address, whatever a proxy made of it', async () => {
    const seen: string[] = []
    const mailshot = await openTestMailshot({
      site: 'https://news.example.org',
      transport: reporting((request) => seen.push(request.url)),
    })
    const path = pathOf(mailshot, 'memory')
    const url = `http://127.0.0.1:4321/mailshot/webhooks/${path}/?a=b`
    await handleWebhook(mailshot, new Request(url, { method: 'POST', body: '[]' }), path)
    expect(seen).toEqual([`https://news.example.org/mailshot/webhooks/${path}/?a=b`])
  })

  it('reads no more than 32 MB, and less of who does not know the secret', async () => {
    const mailshot = await openTestMailshot({ transport: reporting() })
    const body = (megabytes: number) => ' '.repeat(megabytes * 1024 * 1024 - 2) + '[]'
    const statuses = await Promise.all(
      [
        postBody(mailshot, body(32)),
        postBody(mailshot, body(33)),
        postBody(mailshot, streamed(body(33))),
      ].map(async (answer) => (await answer).status),
    )
    expect(statuses).toEqual([200, 413, 413])
    const signed = await openTestMailshot({ transport: { ...memory(), readEvents: readUnproved } })
    expect((await postBody(signed, body(8), 'memory')).status).toBe(200)
    expect((await postBody(signed, body(9), 'memory')).status).toBe(401)
    expect((await postBody(signed, streamed(body(9)), 'memory')).status).toBe(401)
  })

  it('reads nothing of a stranger where the transport asks for the secret', async () => {
    const mailshot = await openTestMailshot({ transport: reporting() })
    let pulled = 0
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(++pulled)),
    })
    expect((await postBody(mailshot, body, 'memory/wrong')).status).toBe(401)
    expect(pulled).toBeLessThan(5)
  })

  it('answers 400 to what it cannot read, and stores nothing of it', async () => {
    const mailshot = await openTestMailshot({ transport: reporting() })
    const answer = await postBody(mailshot, '[{"type":')
    expect([answer.status, await answer.text()]).toEqual([400, ''])
  })

  it('asks to come again while the database is locked, and takes it then', async () => {
    const { mailshot, mails } = await sentTo(1, { transport: reporting() })
    const hurried = { ...mailshot, db: mailshot.db.within(30) }
    const other = new Database(mailshot.db.url.slice('file:'.length))
    other.exec('BEGIN IMMEDIATE')
    const events = [eventOf({ ourId: mails[0].ourId })]
    const refused = await post(hurried, events)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30'])
    other.close()
    expect((await post(hurried, events)).status).toBe(200)
    expect(await keysOf(mailshot)).toHaveLength(1)
  })

  it('looks at a batch once, unless it was stored in part only', async () => {
    const { mailshot, mails } = await sentTo(1, { transport: reporting() })
    const events = Array.from({ length: 600 }, (_, at) => eventOf({ at, ourId: mails[0].ourId }))
    const broken = { ...mailshot, db: failingAfter(mailshot, 1) }
    expect((await post(broken, events, undefined, 'b1')).status).toBe(503)
    const inPart = (await keysOf(mailshot)).length
    expect([inPart > 0, inPart < 600]).toEqual([true, true])
    expect((await post(mailshot, events, undefined, 'b1')).status).toBe(200)
    expect(await keysOf(mailshot)).toHaveLength(600)
    expect((await post(mailshot, [eventOf({ at: 601 })], undefined, 'b1')).status).toBe(200)
    expect(await keysOf(mailshot)).toHaveLength(600)
  })
})

describe('webhooks/generic', () => {
  it('takes events that are signed, as the command prints them too', async () => {
    const { mailshot, mails } = await sentTo(2)
    const [first, second] = mails
    const answer = await postSigned(mailshot, [
      {
        type: 'bounced',
        at: '2026-11-22T13:00:00+01:00',
        messageId: first.messageId,
        class: 'hard',
        about: 'mailbox',
        status: '5.2.2',
        url: null,
      },
      { type: 'delivered', at: Date.UTC(2026, 10, 22, 12), recipient: second.email },
    ])
    expect(answer.status).toBe(200)
    expect(
      await mailshot.db.all(sql`SELECT transport, type, word, at, class, status, email, matched_by
        FROM events ORDER BY id`),
    ).toEqual([
      {
        transport: 'generic',
        type: 'bounced',
        word: 'bounced',
        at: Date.UTC(2026, 10, 22, 12),
        class: 'hard',
        status: '5.2.2',
        email: first.email,
        matched_by: 'message-id',
      },
      {
        transport: 'generic',
        type: 'delivered',
        word: 'delivered',
        at: Date.UTC(2026, 10, 22, 12),
        class: null,
        status: null,
        email: second.email,
        matched_by: 'address',
      },
    ])
  })

  it('refuses another key, another body, another id, and what is older than five minutes', async () => {
    const mailshot = await openTestMailshot()
    const body = JSON.stringify([{ type: 'delivered', at: 1 }])
    const seconds = Math.floor(mailshot.now() / 1000)
    const good = signedRequest(mailshot, body, { seconds })
    const requests = [
      signedRequest(mailshot, body, { seconds, key: 'whsec_b3RoZXI=' }),
      new Request(good.clone(), { body: body.replace('1', '2'), method: 'POST' }),
      withHeader(good, 'webhook-id', 'other'),
      withHeader(good, 'webhook-timestamp', `${seconds + 1}`),
      withHeader(good, 'webhook-signature', 'v1,'),
      withHeader(good, 'webhook-signature', ''),
      signedRequest(mailshot, body, { seconds: seconds - 301 }),
      signedRequest(mailshot, body, { seconds: seconds + 301 }),
    ]
    for (const request of requests) {
      const answer = await handleWebhook(mailshot, request, pathOf(mailshot, 'generic'))
      expect([answer.status, await answer.text()]).toEqual([401, ''])
    }
    expect(await keysOf(mailshot)).toEqual([])
    const taken = await handleWebhook(mailshot, good, pathOf(mailshot, 'generic'))
    expect(taken.status).toBe(200)
  })

  it('takes one signature of several, as while a key is changed', async () => {
    const mailshot = await openTestMailshot()
    const good = signedRequest(mailshot, '[]', { seconds: Math.floor(mailshot.now() / 1000) })
    const both = `v1,b3RoZXI= v1a,x ${good.headers.get('webhook-signature')}`
    const request = withHeader(good, 'webhook-signature', both)
    expect((await handleWebhook(mailshot, request, pathOf(mailshot, 'generic'))).status).toBe(200)
  })

  it('takes all of a body or nothing', async () => {
    const mailshot = await openTestMailshot()
    const good = { type: 'delivered', at: 1 }
    const wrong = [
      { ...good, type: 'bounce' },
      { ...good, at: 'yesterday' },
      { ...good, extra: 1 },
      { type: 'delivered' },
      7,
      null,
    ]
    for (const one of wrong) {
      expect((await postSigned(mailshot, [good, one])).status).toBe(400)
    }
    expect(await keysOf(mailshot)).toEqual([])
  })
})

/** A transport whose provider reports events as we write them, to its secret address. */
function reporting(look: (request: Request) => void = () => undefined): Transport {
  return {
    ...memory(),
    readEvents: async (request, { hasSecret }) => {
      look(request)
      if (!hasSecret) return { refused: 401, reason: 'no secret' }
      const batchId = request.headers.get('batch')
      try {
        const events: DeliveryEvent[] = JSON.parse(await request.text())
        return { events, ...(batchId && { batchId }) }
      } catch {
        return { refused: 400, reason: 'not JSON' }
      }
    },
  }
}

/** As a transport does that has a signature to check. */
async function readUnproved(request: Request): Promise<WebhookReading> {
  return { events: JSON.parse(await request.text()) }
}

function post(
  mailshot: TestMailshot,
  events: DeliveryEvent[],
  path?: string,
  batch?: string,
): Promise<Response> {
  return postBody(mailshot, JSON.stringify(events), path, batch)
}

function postBody(
  mailshot: TestMailshot,
  body: string | ReadableStream,
  path = pathOf(mailshot, 'memory'),
  batch = '',
): Promise<Response> {
  const url = `https://example.org/mailshot/webhooks/${path}`
  const init = { method: 'POST', body, duplex: 'half', headers: { batch } } as const
  return handleWebhook(mailshot, new Request(url, init), path)
}

/** A database that can write so many times. */
function failingAfter({ db }: TestMailshot, writes: number): TestMailshot['db'] {
  let left = writes
  return {
    ...db,
    write: (...statements) => {
      left -= 1
      return left < 0 ? Promise.reject(new Error('the disk is gone')) : db.write(...statements)
    },
  }
}

function streamed(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream()
}

function withHeader(request: Request, name: string, value: string): Request {
  const copy = request.clone()
  copy.headers.set(name, value)
  return copy
}

async function keysOf({ db }: TestMailshot): Promise<string[]> {
  return (await db.all<{ key: string }>(sql`SELECT key FROM events`)).map(({ key }) => key)
}
