import { afterEach, describe, expect, it } from 'vitest'
import type { Message } from '../../integrations/mailshot/transport.ts'
import { mandrill, type MandrillOptions } from '../../integrations/mailshot/transports/mandrill.ts'
import { freePort } from '../free-port.ts'
import { testMessage } from '../messages.ts'
import { transportContract } from '../transport-contract.ts'
import { type MandrillServerOptions, refuse } from './mandrill-mail.ts'
import { startMandrillServer } from './mandrill-server.ts'

const key = 'md-correct-horse-battery'
const sending = '/api/1.0/messages/send.json'
const { signal } = new AbortController()
const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

async function open(options: MandrillOptions = {}, about: MandrillServerOptions = {}) {
  const server = await startMandrillServer({ key, ...about })
  const transport = mandrill({ apiKey: key, endpoint: server.url, lookUpSeconds: 0, ...options })
  closing.push(server, transport)
  const send = async (message: Message) => (await transport.send([message], signal))[0]
  return { server, transport, send }
}

transportContract({
  name: 'mandrill()',
  refused: 'nobody@nowhere',
  async open() {
    const server = await startMandrillServer({ key })
    const transport = mandrill({ apiKey: key, endpoint: server.url })
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
    const server = await startMandrillServer({ key: 'another' })
    const transport = mandrill({ apiKey: key, endpoint: server.url })
    const refusal = refuse(-2, 'ValidationError', `${key} ${'is not right '.repeat(60)}`)
    server.answerNext(sending, refusal)
    server.answerNext('/api/1.0/users/ping2.json', refusal)
    server.answerNext('/api/1.0/webhooks/list.json', refusal)
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

describe('mandrill', () => {
  it('sends one message a call, with nothing left to the account’s defaults', async () => {
    const { server, send } = await open()
    const message = testMessage({
      id: 'abc123.42',
      messageId: '<abc123.42@example.org>',
      track: { opens: true, clicks: false },
      replyTo: { name: 'The "desk"', address: 'desk@example.org' },
    })
    expect(await send(message)).toEqual({ status: 'accepted', providerId: server.sent[0]?.id })
    expect(JSON.parse(server.requests[0]?.text ?? '')).toEqual({
      key,
      async: false,
      message: {
        from_email: 'news@example.org',
        from_name: 'Rédaction',
        to: [{ email: message.envelope.to, name: message.to.name, type: 'to' }],
        subject: message.subject,
        html: message.html,
        text: message.text,
        headers: { ...message.headers, 'Reply-To': '"The \\"desk\\"" <desk@example.org>' },
        track_opens: true,
        track_clicks: false,
        merge: false,
        preserve_recipients: false,
        important: false,
        auto_text: false,
        auto_html: false,
        inline_css: false,
        url_strip_qs: false,
        metadata: { mailshot_id: 'abc123.42.0' },
        tags: ['2026-11-hello'],
      },
    })
  })

  it('brings merge tags over as they were written', async () => {
    const { server, send } = await open()
    const tags = 'Hello *|FNAME|*, *|UNSUB:https://example.org|*'
    await send(testMessage({ subject: tags, text: tags, html: tags, headers: { 'X-Note': tags } }))
    expect(server.arrived()).toMatchObject([
      { subject: tags, text: tags, html: tags, headers: { 'x-note': tags } },
    ])
  })

  it('names a campaign by a tag that Mandrill takes', async () => {
    const { server, send } = await open()
    await send(testMessage({ campaign: '_draft' }))
    await send(testMessage({ campaign: 'a'.repeat(80) }))
    await send(testMessage({ campaign: `${'a'.repeat(80)}b` }))
    await send(testMessage({ campaign: undefined }))
    const tags = server.sent.map((one) => one.tags)
    expect(tags[0]).toEqual(['draft'])
    expect(tags[1]?.[0]).toMatch(/^a{37}~[0-9a-f]{12}$/)
    expect(tags[1]).not.toEqual(tags[2])
    expect(tags[3]).toEqual([])
  })

  it('leaves out headers that are Mandrill’s to write', async () => {
    const { server, send } = await open()
    const headers = { Subject: 'x', 'Content-Type': 'x', 'X-MC-Track': 'opens', 'X-Own': 'kept' }
    const replyTo = { name: 'Rédaction', address: 'desk@example.org' }
    await send(testMessage({ headers, replyTo }))
    expect(server.sent[0]?.headers).toEqual({ 'X-Own': 'kept', 'Reply-To': 'desk@example.org' })
  })

  it('passes on subaccount, IP pool and domains', async () => {
    const options = {
      subaccount: 'news',
      ipPool: 'Main Pool',
      returnPathDomain: 'bounces.example.org',
      trackingDomain: 'click.example.org',
    }
    const { server, send } = await open(options, { subaccounts: ['news'] })
    await send(testMessage())
    expect(JSON.parse(server.requests[0]?.text ?? '')).toMatchObject({
      ip_pool: 'Main Pool',
      message: {
        subaccount: 'news',
        return_path_domain: 'bounces.example.org',
        tracking_domain: 'click.example.org',
      },
    })
  })

  it('pauses the send for a subaccount that is none, and for a sender that Mandrill cannot sign', async () => {
    const { send } = await open({ subaccount: 'none' })
    expect(await send(testMessage())).toEqual({
      status: 'blocked',
      reason: "Mandrill answered 500; Unknown_Subaccount: No subaccount exists with the id 'none'",
    })
    const unsigned = await open({}, { domains: ['other.example.org'] })
    expect(await unsigned.send(testMessage())).toMatchObject({ status: 'blocked' })
  })

  it('pauses the send where the key is wrong or missing, and builds without it', async () => {
    const { send } = await open({ apiKey: 'another' })
    expect(await send(testMessage())).toEqual({
      status: 'blocked',
      reason: 'Mandrill answered 401; Invalid_Key: Invalid API key',
    })
    const transport = mandrill({ apiKey: '' })
    expect(await transport.send([testMessage()], signal)).toMatchObject([
      { status: 'blocked', reason: expect.stringContaining('MANDRILL_API_KEY') },
    ])
    await expect(transport.verify?.()).rejects.toThrow(/MANDRILL_API_KEY/)
  })

  it('takes a key out of a file that ends with a newline, and pauses the send for what is none', async () => {
    const { send } = await open({ apiKey: `${key}\n` })
    expect(await send(testMessage())).toMatchObject({ status: 'accepted' })
    const wrong = mandrill({ apiKey: 'clé\n1' })
    const reason =
      'mandrill({…}): apiKey has characters that no key has; copy MANDRILL_API_KEY anew'
    expect(await wrong.send([testMessage()], signal)).toEqual([{ status: 'blocked', reason }])
    await expect(wrong.verify?.()).rejects.toThrow(reason)
  })

  it('refuses options that would send the key in clear', () => {
    expect(() => mandrill({ endpoint: 'http://api.example.org' })).toThrow(/must be https/)
    expect(() => mandrill({ endpoint: 'https://mandrillapp.com/x' })).toThrow(/without a path/)
    expect(() => mandrill({ endpoint: 'https://mandrillapp.com/api/1.0/' })).not.toThrow()
  })

  it('does not follow a redirection, which would show the key to another host', async () => {
    const { server, send } = await open()
    const other = await startMandrillServer({ key })
    closing.push(other)
    const headers = { location: `${other.url}${sending}` }
    server.answerNext(sending, { status: 307, body: '', headers })
    expect(await send(testMessage())).toMatchObject({ status: 'blocked' })
    expect(other.requests).toEqual([])
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

describe('mandrill, of an answer that was lost', () => {
  it('does not know what became of the message, and finds it at Mandrill', async () => {
    const { server, transport, send } = await open()
    const envelope = { from: 'b@example.org', to: 'o"x\\y@example.com' }
    const message = testMessage({ envelope })
    server.answerNext(sending, 'lose')
    expect(await send(message)).toMatchObject({ status: 'uncertain' })
    expect(await transport.lookUp?.([message])).toEqual([
      { status: 'accepted', providerId: server.sent[0]?.id },
    ])
  })

  it('cannot tell whether a gateway that fails has passed it on', async () => {
    const { server, transport, send } = await open()
    const message = testMessage()
    server.answerNext(sending, 'drop')
    expect(await send(message)).toMatchObject({ status: 'uncertain' })
    server.answerNext(sending, { status: 504, body: '<html>Gateway Timeout</html>' })
    expect(await send(message)).toMatchObject({ status: 'uncertain' })
    expect(await transport.lookUp?.([message])).toMatchObject([{ status: 'uncertain' }])
  })

  it('names what it waited for', async () => {
    const { server, send } = await open({ timeoutSeconds: 0.6 })
    server.answerNext(sending, 'silence')
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
      { status: 'uncertain', reason: 'Mandrill does not show it yet' },
    ])
  })

  it('takes a message that Mandrill has refused for no sent one', async () => {
    const to = 'left@example.com'
    const { server, transport, send } = await open({}, { denylist: { [to]: 'unsub' } })
    const first = testMessage({ id: 'abc.7', envelope: { from: 'b@example.org', to } })
    server.answerNext(sending, 'lose')
    expect(await send(first)).toMatchObject({ status: 'uncertain' })
    expect(await transport.lookUp?.([first, { ...first, resend: 1 }])).toMatchObject([
      { status: 'rejected', class: 'soft' },
      { status: 'uncertain' },
    ])
  })

  it.each([
    ['sent', { status: 'accepted', providerId: 'x1' }],
    ['soft-bounced', { status: 'accepted', providerId: 'x1' }],
    ['rejected', { status: 'rejected', class: 'soft' }],
    ['bounced', { status: 'rejected', class: 'hard' }],
  ])('finds a message of the state %s', async (state, expected) => {
    const { server, transport } = await open()
    const body = [{ _id: 'x1', state, metadata: { mailshot_id: 'abc.7.0' } }]
    server.answerNext('/api/1.0/messages/search.json', { status: 200, body })
    expect(await transport.lookUp?.([testMessage({ id: 'abc.7' })])).toMatchObject([expected])
  })

  it('asks again until time is over', async () => {
    const { server, transport } = await open({ lookUpSeconds: 1 })
    expect(await transport.lookUp?.([testMessage()])).toMatchObject([{ status: 'uncertain' }])
    const asked = server.requests.filter(({ path }) => path.includes('search'))
    expect(asked.length).toBeGreaterThan(1)
  })

  it('ends at once when closed, and says what may have arrived', async () => {
    const { server, transport } = await open()
    server.answerNext(sending, 'silence')
    const outcomes = transport.send([testMessage()], signal)
    await expect.poll(() => server.requests.length).toBe(1)
    await transport.close?.()
    expect(await outcomes).toEqual([
      { status: 'uncertain', reason: 'closed before Mandrill answered' },
    ])
  })
})
