import { once } from 'node:events'
import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { smtp, type SmtpOptions } from '../../integrations/mailshot/transports/smtp.ts'
import type { Transport } from '../../integrations/mailshot/transport.ts'
import { testMessage } from '../messages.ts'
import { startScriptedSmtpServer } from '../scripted-smtp-server.ts'
import {
  arrivedMail,
  type SmtpServerOptions,
  startSmtpServer,
  testCa,
  type TestSmtpServer,
} from '../smtp-server.ts'
import { transportContract } from '../transport-contract.ts'

const { signal } = new AbortController()
const login = { user: 'news', password: 'correct horse battery' }
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

async function open(server: SmtpServerOptions = {}, options: Partial<SmtpOptions> = {}) {
  const relay = await startSmtpServer(server)
  const transport = connect(relay, options)
  closing.push(relay, transport)
  return { relay, transport }
}

function connect({ host, port }: { host: string; port: number }, options: Partial<SmtpOptions>) {
  return smtp({ host, port, tls: 'none', ...options })
}

function subject(relay: TestSmtpServer, transport: Transport) {
  return {
    transport,
    received: () =>
      Promise.all(relay.messages.map((one) => arrivedMail(one.raw, one.envelope.to[0] ?? ''))),
    close: async () => {
      await transport.close?.()
      await relay.close()
    },
  }
}

const refused = 'nobody@example.com'

transportContract({
  name: 'smtp() in clear',
  refused,
  async open() {
    const relay = await startSmtpServer({
      onRcpt: (address) =>
        address === refused ? { code: 550, text: '5.1.1 no such user' } : undefined,
    })
    return subject(relay, connect(relay, {}))
  },
  async openBroken() {
    const plain = Buffer.from(`\0${login.user}\0${login.password}`).toString('base64')
    const relay = await startScriptedSmtpServer({
      auth: `535 5.7.8 ${login.password} ${plain} ${'is not right '.repeat(60)}`,
    })
    const transport = connect(relay, login)
    return {
      transport,
      secrets: [login.password, plain],
      received: () =>
        Promise.all(Array.from({ length: relay.bodies() }, () => arrivedMail(Buffer.of(), ''))),
      close: async () => {
        await transport.close?.()
        await relay.close()
      },
    }
  },
})

transportContract({
  name: 'smtp() with STARTTLS, login and DKIM',
  async open() {
    const relay = await startSmtpServer({ tls: 'starttls', auth: login })
    const dkim = { domain: 'example.org', selector: 'news', privateKey }
    return subject(relay, connect(relay, { tls: 'starttls', ca: testCa, ...login, dkim }))
  },
})

describe('smtp', () => {
  it('hands over two calls a connection', () => {
    expect(smtp({ host: 'relay.example', connections: 7 })).toMatchObject({
      batch: 1,
      parallel: 14,
    })
  })

  it('opens no connection before the first message, and keeps them for the next ones', async () => {
    const { relay, transport } = await open({}, { connections: 2 })
    let connected = 0
    relay.events.on('message', () => (connected = Math.max(connected, relay.connections())))
    expect(relay.connections()).toBe(0)
    await Promise.all(Array.from({ length: 60 }, () => transport.send([testMessage()], signal)))
    expect(connected).toBe(2)
    expect(relay.messages).toHaveLength(60)
  })

  it('sends exactly the bytes that were composed', async () => {
    const { relay, transport } = await open()
    const message = testMessage({ text: '.\n..\nend' })
    await transport.send([message], signal)
    const [mail] = relay.messages
    expect(mail?.raw.toString('latin1')).toBe(message.mime())
  })

  it('writes the envelope as it is, apart from the headers', async () => {
    const relay = await startScriptedSmtpServer()
    const transport = connect(relay, {})
    closing.push(relay, transport)
    const to = "O'Brien+x/y=z@xn--caf-dma.example"
    const envelope = { from: 'bounces+7=1@example.org', to }
    await transport.send([testMessage({ envelope })], signal)
    expect(relay.commands.slice(1, 3)).toEqual([
      'MAIL FROM:<bounces+7=1@example.org>',
      `RCPT TO:<${to}>`,
    ])
  })

  it('answers with the id that the relay gave, and its words', async () => {
    const { relay, transport } = await open()
    const [outcome] = await transport.send([testMessage()], signal)
    const { queueId } = relay.messages[0] ?? {}
    expect(outcome).toEqual({
      status: 'accepted',
      providerId: queueId,
      answer: `250 2.0.0 Ok: queued as ${queueId}`,
    })
  })

  it('goes on with the same connection after a refused recipient', async () => {
    const { relay, transport } = await open(
      {
        onRcpt: (to) =>
          to.startsWith('gone') ? { code: 550, text: '5.1.1 no such user' } : undefined,
      },
      { connections: 1 },
    )
    const gone = testMessage({ envelope: { from: 'b@example.org', to: 'gone@example.com' } })
    const outcomes = await Promise.all(
      [testMessage(), gone, testMessage()].map((one) => transport.send([one], signal)),
    )
    expect(outcomes.flat()).toMatchObject([
      { status: 'accepted' },
      { status: 'rejected', class: 'hard', enhanced: '5.1.1' },
      { status: 'accepted' },
    ])
    expect(relay.connections()).toBe(1)
  })

  it('finishes what is in flight when the signal aborts, and gives back the rest', async () => {
    const { relay, transport } = await open({ delayMs: 20 }, { connections: 1 })
    const stop = new AbortController()
    const sending = [testMessage(), testMessage(), testMessage()].map((one) =>
      transport.send([one], stop.signal),
    )
    await once(relay.events, 'message')
    stop.abort()
    expect((await Promise.all(sending)).flat()).toMatchObject([
      { status: 'accepted' },
      { status: 'deferred', scope: 'relay', reason: 'stopped before hand-over' },
      { status: 'deferred', scope: 'relay', reason: 'stopped before hand-over' },
    ])
    expect(relay.messages).toHaveLength(1)
  })

  it('ends at once when closed, and says what may have arrived and what has not', async () => {
    const { relay, transport } = await open({ delayMs: 60_000 }, { connections: 1 })
    const sending = [testMessage(), testMessage(), testMessage()].map((one) =>
      transport.send([one], signal),
    )
    await once(relay.events, 'message')
    await transport.close?.()
    expect((await Promise.all(sending)).flat()).toMatchObject([
      { status: 'uncertain', reason: 'closed before the relay answered' },
      { status: 'deferred', scope: 'relay' },
      { status: 'deferred', scope: 'relay' },
    ])
    expect(relay.messages).toHaveLength(1)
  })

  it('logs in, and pauses the send when the login is refused', async () => {
    const { relay } = await open({ auth: login })
    const right = connect(relay, login)
    const wrong = connect(relay, { ...login, password: 'wrong password' })
    closing.push(right, wrong)
    expect(await right.send([testMessage()], signal)).toMatchObject([{ status: 'accepted' }])
    expect(await wrong.send([testMessage()], signal)).toMatchObject([
      { status: 'blocked', reason: expect.stringContaining('535') },
    ])
  })

  it('pauses the send where the password is missing from the environment', async () => {
    const { relay, transport } = await open({}, { user: 'news', password: undefined })
    expect(await transport.send([testMessage()], signal)).toMatchObject([
      { status: 'blocked', reason: expect.stringContaining('is its environment variable set') },
    ])
    await expect(transport.verify?.()).rejects.toThrow(/password is missing/)
    expect(relay.messages).toEqual([])
  })
})

describe('smtp over TLS', () => {
  it('encrypts from the first byte', async () => {
    const tls = 'implicit'
    const { relay, transport } = await open({ tls, auth: login }, { tls, ca: testCa, ...login })
    expect(await transport.send([testMessage()], signal)).toMatchObject([{ status: 'accepted' }])
    expect(relay.messages).toHaveLength(1)
  })

  it('never goes on in clear where STARTTLS is not offered', async () => {
    const relay = await startScriptedSmtpServer({ starttls: '502 5.5.1 not implemented' })
    const transport = connect(relay, { tls: 'starttls', ...login })
    closing.push(relay, transport)
    expect(await transport.send([testMessage()], signal)).toMatchObject([{ status: 'blocked' }])
    expect(relay.commands).toEqual([expect.stringContaining('EHLO'), 'STARTTLS'])
  })

  it('waits while STARTTLS is refused for now', async () => {
    const relay = await startScriptedSmtpServer({ starttls: '454 4.7.0 TLS not available' })
    const transport = connect(relay, { tls: 'starttls' })
    closing.push(relay, transport)
    expect(await transport.send([testMessage()], signal)).toMatchObject([
      { status: 'deferred', scope: 'relay' },
    ])
  })

  it.each([
    ['whose authority is not known', {}, {}],
    ['made for another name', { certificate: 'test-only-wrong-name' }, { ca: testCa }],
  ] as const)('pauses the send at a certificate %s', async (_what, server, options) => {
    for (const tls of ['starttls', 'implicit'] as const) {
      const { relay, transport } = await open({ tls, ...server }, { tls, ...options, ...login })
      expect(await transport.send([testMessage()], signal)).toMatchObject([{ status: 'blocked' }])
      expect(relay.messages).toEqual([])
    }
  })
})
