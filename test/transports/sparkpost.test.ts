import { afterEach, describe, expect, it } from 'vitest'
import type { Message } from '../../integrations/mailshot/transport.ts'
import {
  sparkpost,
  type SparkpostOptions,
} from '../../integrations/mailshot/transports/sparkpost.ts'
import { checkSparkpostOptions } from '../../integrations/mailshot/transports/sparkpost/options.ts'
import { freePort } from '../free-port.ts'
import { testMessage } from '../messages.ts'
import { transportContract } from '../transport-contract.ts'
import { type SparkpostServerOptions, startSparkpostServer } from './sparkpost-server.ts'
import { refuse } from './sparkpost-transmission.ts'

const key = 'correct-horse-battery'
const transmissions = '/api/v1/transmissions'
const { signal } = new AbortController()
const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

async function open(options: SparkpostOptions = {}, about: SparkpostServerOptions = {}) {
  const server = await startSparkpostServer({ key, ...about })
  const transport = sparkpost({ apiKey: key, endpoint: server.url, lookUpSeconds: 0, ...options })
  closing.push(server, transport)
  const send = async (message: Message) => (await transport.send([message], signal))[0]
  return { server, transport, send }
}

transportContract({
  name: 'sparkpost()',
  refused: 'nobody@nowhere',
  async open() {
    const server = await startSparkpostServer({ key })
    const transport = sparkpost({ apiKey: key, endpoint: server.url })
    return {
      transport,
      received: async () => server.arrived(),
      close: async () => {
        await transport.close?.()
        await server.close()
      },
    }
  },
  async openBroken() {
    const server = await startSparkpostServer({ key: 'another' })
    const transport = sparkpost({ apiKey: key, endpoint: server.url })
    for (let times = 0; times < 3; times += 1) {
      server.answerNext(transmissions, refuse(400, `${key} ${'is not right '.repeat(60)}`))
    }
    return {
      transport,
      secrets: [key],
      received: async () => server.arrived(),
      close: async () => {
        await transport.close?.()
        await server.close()
      },
    }
  },
})

describe('sparkpost', () => {
  it('sends one message a call, with the id that comes back in its events', async () => {
    const { server, send } = await open()
    const message = testMessage({ id: 'abc123.42', messageId: '<abc123.42@example.org>' })
    expect(await send(message)).toEqual({
      status: 'accepted',
      providerId: expect.stringMatching(/^84345317650824\d{4}$/),
    })
    expect(JSON.parse(server.requests[0]?.text ?? '')).toMatchObject({
      recipients: [
        {
          address: { email: message.envelope.to, name: message.to.name },
          metadata: { mailshot_id: 'abc123.42.0' },
        },
      ],
    })
  })

  it('says of each kind of tracking whether it is wanted, as SparkPost spells it, and wants one picture alone', async () => {
    const { server, send } = await open()
    await send(testMessage({ track: { opens: false, clicks: false } }))
    await send(testMessage({ track: { opens: true, clicks: false } }))
    await send(testMessage({ track: { opens: false, clicks: true } }))
    const sent = server.requests.map(({ text }) => JSON.parse(text).options)
    const other = { transactional: false, perform_substitutions: false }
    expect(sent).toEqual([
      { open_tracking: false, initial_open: false, click_tracking: false, ...other },
      { open_tracking: true, initial_open: false, click_tracking: false, ...other },
      { open_tracking: false, initial_open: false, click_tracking: true, ...other },
    ])
  })

  it('calls a letter transactional, and names no campaign for it', async () => {
    const { server, send } = await open()
    await send(testMessage({ campaign: undefined }))
    expect(server.transmissions[0]).toMatchObject({ options: { transactional: true } })
    expect(server.transmissions[0]?.campaign_id).toBeUndefined()
  })

  it('keeps the campaign’s name within 64 bytes, the same for each mail and different for each campaign', async () => {
    const { server, send } = await open()
    const from = { name: '', address: `news@${'très-'.repeat(12)}long.example.org` }
    await send(testMessage({ from, campaign: '2026-11-first' }))
    await send(testMessage({ from, campaign: '2026-11-first' }))
    await send(testMessage({ from, campaign: '2026-11-other' }))
    await send(testMessage({ campaign: '2026-11-first' }))
    const names = server.transmissions.map((one) => one.campaign_id ?? '')
    expect(names[0]).toBe(names[1])
    expect(names[0]).not.toBe(names[2])
    expect(Math.max(...names.map((name) => Buffer.byteLength(name)))).toBeLessThanOrEqual(64)
    expect(names.join('')).not.toContain('\uFFFD')
    expect(names[3]).toBe('example.org/2026-11-first')
  })

  it('brings braces over as they were written, in bodies and in headers', async () => {
    const { server, send } = await open()
    const braces = 'a {{b}} {{{c}}} }} {{ d{e}f {{{{'
    const bodies = { text: braces, html: `<style>@media print{p{color:red}}</style>${braces}` }
    await send(testMessage(bodies))
    await send(testMessage({ ...bodies, subject: braces, headers: { 'X-Note': braces } }))
    expect(server.arrived()).toMatchObject([
      bodies,
      { ...bodies, subject: braces, headers: { 'x-note': braces } },
    ])
  })

  it('leaves out headers that SparkPost makes itself', async () => {
    const { server, send } = await open()
    const headers = { Subject: 'x', 'content-type': 'x', 'Reply-To': 'x', To: 'x', 'X-Own': 'kept' }
    const replyTo = { name: 'The "desk"', address: 'desk@example.org' }
    expect(await send(testMessage({ headers, replyTo }))).toMatchObject({ status: 'accepted' })
    expect(server.transmissions[0]?.content).toMatchObject({
      headers: { 'X-Own': 'kept' },
      reply_to: '"The \\"desk\\"" <desk@example.org>',
    })
  })

  it('passes on subaccount, IP pool, tracking domain and envelope sender, and takes trials to the sink', async () => {
    const { server, send } = await open({
      subaccount: 123,
      ipPool: 'news',
      trackingDomain: 'click.example.org',
      returnPath: 'bounces@news.example.org',
      sink: true,
    })
    await send(testMessage())
    expect(server.requests[0]?.headers['x-msys-subaccount']).toBe('123')
    expect(server.requests[0]?.text).toContain('"tracking_domain":"click.example.org"')
    expect(server.transmissions[0]).toMatchObject({
      return_path: 'bounces@news.example.org',
      options: { ip_pool: 'news' },
      to: expect.stringMatching(/@example\.com\.sink\.sparkpostmail\.com$/),
    })
  })

  it('keeps connections open for the next messages', async () => {
    const { server, send } = await open({ calls: 2 })
    await Promise.all(Array.from({ length: 20 }, () => send(testMessage())))
    expect(await server.connections()).toBeLessThanOrEqual(2)
    expect(server.transmissions).toHaveLength(20)
  })

  it('goes to the host of the region', () => {
    expect(checkSparkpostOptions({}).endpoint).toBe('https://api.sparkpost.com')
    expect(checkSparkpostOptions({ region: 'eu' }).endpoint).toBe('https://api.eu.sparkpost.com')
    // @ts-expect-error: there are two regions
    expect(() => sparkpost({ region: 'asia' })).toThrow(/region/)
  })

  it('refuses a password that could be guessed', () => {
    const short = { webhookAuth: { user: 'sparkpost', password: 'fifteen-letters' } }
    expect(() => sparkpost(short)).toThrow('must have at least 16 characters')
    expect(() => sparkpost({ webhookAuth: { user: 'sparkpost', password: '' } })).not.toThrow()
  })

  it('refuses options that would send the key in clear', () => {
    expect(() => sparkpost({ endpoint: 'http://api.example.org' })).toThrow(/must be https/)
    expect(() => sparkpost({ endpoint: 'https://api.example.org/v2' })).toThrow(/without a path/)
    expect(() => sparkpost({ endpoint: 'https://acme.api.e.sparkpost.com/api/v1' })).not.toThrow()
  })

  it('pauses the send where the key is missing, and builds without it', async () => {
    const transport = sparkpost({ apiKey: '' })
    expect(await transport.send([testMessage()], signal)).toMatchObject([
      { status: 'blocked', reason: expect.stringContaining('SPARKPOST_API_KEY') },
    ])
    await expect(transport.verify?.()).rejects.toThrow(/SPARKPOST_API_KEY/)
  })

  it('takes a key out of a file that ends with a newline, and pauses the send for what is none', async () => {
    const { send } = await open({ apiKey: `${key}\n` })
    expect(await send(testMessage())).toMatchObject({ status: 'accepted' })
    const wrong = sparkpost({ apiKey: 'clé\n1' })
    const reason =
      'sparkpost({…}): apiKey has characters that no key has; copy SPARKPOST_API_KEY anew'
    expect(await wrong.send([testMessage()], signal)).toEqual([{ status: 'blocked', reason }])
    await expect(wrong.verify?.()).rejects.toThrow(reason)
  })

  it('gives back what has not left when the other side cannot be reached', async () => {
    const { send } = await open({ endpoint: `http://127.0.0.1:${await freePort()}` })
    expect(await send(testMessage())).toMatchObject({
      status: 'deferred',
      scope: 'relay',
      reason: expect.stringContaining('ECONNREFUSED'),
    })
  })
})

describe('sparkpost, of an answer that was lost', () => {
  it('does not know what became of the message, and finds it at SparkPost', async () => {
    const { server, transport, send } = await open()
    const message = testMessage()
    server.answerNext(transmissions, 'lose')
    expect(await send(message)).toMatchObject({ status: 'uncertain' })
    expect(await transport.lookUp?.([message])).toEqual([
      { status: 'accepted', providerId: server.transmissions[0]?.id },
    ])
  })

  it('cannot tell whether a gateway that fails has passed it on', async () => {
    const { server, transport, send } = await open()
    const message = testMessage()
    server.answerNext(transmissions, 'drop')
    expect(await send(message)).toMatchObject({ status: 'uncertain' })
    server.answerNext(transmissions, { status: 504, body: '<html>Gateway Timeout</html>' })
    expect(await send(message)).toMatchObject({ status: 'uncertain' })
    expect(await transport.lookUp?.([message])).toMatchObject([{ status: 'uncertain' }])
  })

  it('names what it waited for', async () => {
    const { server, send } = await open({ timeoutSeconds: 0.6 })
    server.answerNext(transmissions, 'silence')
    expect(await send(testMessage())).toEqual({
      status: 'uncertain',
      reason: 'no answer within 0.6 seconds',
    })
  })

  it('does not take the mail before for one that was mailed once more', async () => {
    const { transport, send } = await open()
    const first = testMessage({ id: 'abc.7', messageId: '<abc.7@example.org>' })
    const second = testMessage({ ...first, resend: 1 })
    await send(first)
    expect(await transport.lookUp?.([second])).toEqual([
      { status: 'uncertain', reason: 'SparkPost has no event of it yet' },
    ])
  })

  it('does not ask again where the key may not read events', async () => {
    const { server, transport } = await open({ lookUpSeconds: 60 })
    server.answerNext('/api/v1/events/message', refuse(403, 'Forbidden.'))
    expect(await transport.lookUp?.([testMessage()])).toEqual([
      { status: 'uncertain', reason: 'SparkPost answered 403 when asked for its events' },
    ])
  })

  it('says what SparkPost could not make a mail of', async () => {
    const { server, transport } = await open()
    const reason = '554 5.3.3 [internal] Error while rendering part html'
    const event = { type: 'generation_failure', reason, rcpt_meta: { mailshot_id: 'abc.7.0' } }
    const body = { results: [event], total_count: 1 }
    server.answerNext('/api/v1/events/message', { status: 200, body })
    const message = testMessage({ id: 'abc.7' })
    expect(await transport.lookUp?.([message])).toEqual([
      { status: 'rejected', class: 'soft', reason },
    ])
  })

  it('does not take the refusal of the mail before for one of the mail after a resend', async () => {
    const { server, transport } = await open()
    const event = { type: 'generation_rejection', rcpt_meta: { mailshot_id: 'abc.7.0' } }
    const body = { results: [event], total_count: 1 }
    server.answerNext('/api/v1/events/message', { status: 200, body })
    const message = testMessage({ id: 'abc.7', resend: 1 })
    expect(await transport.lookUp?.([message])).toMatchObject([{ status: 'uncertain' }])
  })

  it('asks again until time is over', async () => {
    const { server, transport } = await open({ lookUpSeconds: 1 })
    expect(await transport.lookUp?.([testMessage()])).toMatchObject([{ status: 'uncertain' }])
    const asked = server.requests.filter(({ method }) => method === 'GET')
    expect(asked.length).toBeGreaterThan(1)
  })

  it('ends at once when closed, and says what may have arrived', async () => {
    const { server, transport } = await open()
    server.answerNext(transmissions, 'silence')
    const sending = transport.send([testMessage()], signal)
    await expect.poll(() => server.requests.length).toBe(1)
    await transport.close?.()
    expect(await sending).toEqual([
      { status: 'uncertain', reason: 'closed before SparkPost answered' },
    ])
  })
})
