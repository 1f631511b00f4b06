import { afterEach, describe, expect, it } from 'vitest'
import { mailjet, type MailjetOptions } from '../../integrations/mailshot/transports/mailjet.ts'
import { testMessage } from '../messages.ts'
import { transportContract } from '../transport-contract.ts'
import { type MailjetServer, mailjetKeys, startMailjetServer } from './mailjet-server.ts'

const { signal } = new AbortController()
const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

async function open(options: MailjetOptions = {}) {
  const server = await startMailjetServer()
  const transport = mailjet({ endpoint: server.endpoint, ...mailjetKeys, ...options })
  closing.push(server, transport)
  return { server, transport }
}

function subject(server: MailjetServer, options: MailjetOptions = {}) {
  const transport = mailjet({ endpoint: server.endpoint, ...mailjetKeys, ...options })
  const close = async () => {
    await transport.close?.()
    await server.close()
  }
  return { transport, received: () => Promise.resolve(server.sent.map(arrived)), close }
}

function arrived({ message }: MailjetServer['sent'][number]) {
  const { From, To, Subject, TextPart, HTMLPart, Headers } = Object(message)
  const headers = Object.entries<string>(Headers).map(([name, value]) => [
    name.toLowerCase(),
    value,
  ])
  return {
    to: String(To[0].Email),
    from: String(From.Email),
    subject: String(Subject),
    text: String(TextPart),
    html: String(HTMLPart),
    headers: Object.fromEntries(headers),
  }
}

transportContract({
  name: 'mailjet()',
  refused: 'nobody.@example.com',
  open: async () => subject(await startMailjetServer()),
  async openBroken() {
    const server = await startMailjetServer()
    const { apiKey, secretKey } = mailjetKeys
    const login = Buffer.from(`${apiKey}:${secretKey}`).toString('base64')
    const body = {
      ErrorCode: 'mj-0015',
      ErrorMessage: `${login} ${apiKey}:${secretKey} is wrong `.repeat(9),
    }
    const answer = { status: 401, body }
    server.failNext(answer, answer, answer)
    server.account.refuseAll = answer
    return { ...subject(server, { lookUpSeconds: 0 }), secrets: [apiKey, secretKey, login] }
  },
})

describe('mailjet', () => {
  it('hands over 50 messages a call, and splits what is more', async () => {
    const { server, transport } = await open()
    expect(transport).toMatchObject({ name: 'mailjet', batch: 50, parallel: 4 })
    const outcomes = await transport.send(
      Array.from({ length: 120 }, () => testMessage()),
      signal,
    )
    expect(outcomes.every(({ status }) => status === 'accepted')).toBe(true)
    expect(sizes(server)).toEqual([50, 50, 20])
  })

  it('splits a call that would be too large for Mailjet', async () => {
    const { server, transport } = await open()
    const html = `<p>${'é'.repeat(900_000)}</p>`
    const outcomes = await transport.send(
      Array.from({ length: 12 }, () => testMessage({ html })),
      signal,
    )
    expect(outcomes.map(({ status }) => status)).toEqual(Array(12).fill('accepted'))
    expect(Math.max(...sizes(server))).toBeLessThanOrEqual(7)
  })

  it('halves a call that Mailjet finds too large, and pauses for one mail that is', async () => {
    const { server, transport } = await open()
    const tooLarge = { status: 413, body: '<html>Request Entity Too Large</html>' }
    server.failNext(tooLarge)
    const four = Array.from({ length: 4 }, () => testMessage())
    expect(await transport.send(four, signal)).toMatchObject(
      four.map(() => ({ status: 'accepted' })),
    )
    expect(sizes(server)).toEqual([4, 2, 2])
    server.failNext(tooLarge)
    expect(await transport.send([testMessage()], signal)).toMatchObject([{ status: 'blocked' }])
  })

  it('keeps ids exactly that JavaScript cannot hold', async () => {
    const { server, transport } = await open()
    const outcomes = await transport.send([testMessage(), testMessage()], signal)
    expect(outcomes.map((one) => 'providerId' in one && one.providerId)).toEqual([
      '1152921520000000001',
      '1152921520000000002',
    ])
    expect(Number(server.sent[0]?.id)).toBe(Number(server.sent[1]?.id))
    expect(outcomes[0]).toMatchObject({ answer: `MessageUUID ${server.sent[0]?.uuid}` })
  })

  it('never makes a call again of which some messages were sent', async () => {
    const { server, transport } = await open()
    const messages = [
      testMessage(),
      testMessage({ subject: 'long '.repeat(80) }),
      testMessage({ envelope: { from: 'b@example.org', to: 'a@b@c' } }),
      testMessage({ from: { name: '', address: 'news@example.net' } }),
      testMessage(),
    ]
    expect(await transport.send(messages, signal)).toMatchObject([
      { status: 'accepted' },
      {
        status: 'rejected',
        class: 'soft',
        enhanced: '5.6.0',
        reason: expect.stringMatching(/^mj-0006 .*\(Subject\)$/),
      },
      {
        status: 'rejected',
        class: 'hard',
        enhanced: '5.1.3',
        reason: expect.stringContaining('"a@b@c" is an invalid'),
      },
      {
        status: 'blocked',
        reason: expect.stringMatching(/^send-0008 "news@example.net" is not an authorized/),
      },
      { status: 'accepted' },
    ])
    expect(server.calls).toHaveLength(1)
    expect(server.sent).toHaveLength(2)
  })

  it('tests without mailing anybody', async () => {
    const { server, transport } = await open({ sandbox: true })
    const message = testMessage()
    expect(await transport.send([message], signal)).toEqual([
      { status: 'accepted', providerId: `${message.id}.0` },
    ])
    expect(server.calls[0]?.body).toMatchObject({ SandboxMode: true })
    expect(server.sent).toEqual([])
  })

  it.each([301, 302, 303, 307, 308])(
    'does not follow a redirection (%i), which would show mails and keys to another host',
    async (status) => {
      const { server, transport } = await open({ lookUpSeconds: 0 })
      const other = await open()
      const headers = { location: `${other.server.endpoint}/v3.1/send` }
      server.failNext({ status, body: '', headers })
      expect(await transport.send([testMessage()], signal)).toMatchObject([
        { status: 'blocked', reason: expect.stringContaining(`Mailjet answered ${status}`) },
      ])
      expect(other.server.calls).toEqual([])
    },
  )

  it('waits no longer than a day, whatever Mailjet asks for', async () => {
    const { server, transport } = await open()
    const answer = (wait: string) => ({ status: 429, headers: { 'retry-after': wait } })
    server.failNext(
      answer('9999999'),
      answer('999999999999'),
      answer('Wed, 21 Oct 2099 07:28:00 GMT'),
      answer('30'),
    )
    const waits: unknown[] = []
    for (let times = 0; times < 4; times += 1) {
      const [outcome] = await transport.send([testMessage()], signal)
      waits.push(outcome?.status === 'deferred' && outcome.retryAfter)
    }
    expect(waits).toEqual([86_400, 86_400, 86_400, 30])
  })

  it('builds without keys, and says at the first call which one is missing', async () => {
    const { server } = await open()
    const transport = mailjet({ endpoint: server.endpoint, apiKey: mailjetKeys.apiKey })
    expect(await transport.send([testMessage()], signal)).toEqual([
      {
        status: 'blocked',
        reason: 'mailjet({…}): secretKey is missing; is MAILJET_SECRET_KEY set in the environment?',
      },
    ])
    await expect(transport.verify?.()).rejects.toThrow('secretKey is missing')
    expect(server.calls).toEqual([])
  })

  it('takes keys out of files that end with a newline, and pauses the send for what is no key', async () => {
    const { server, transport } = await open({
      apiKey: `${mailjetKeys.apiKey}\n`,
      secretKey: ` ${mailjetKeys.secretKey}\r\n`,
    })
    expect(await transport.send([testMessage()], signal)).toMatchObject([{ status: 'accepted' }])
    const wrong = mailjet({ endpoint: server.endpoint, ...mailjetKeys, secretKey: 'clé 1' })
    const reason =
      'mailjet({…}): secretKey has characters that no key has; copy MAILJET_SECRET_KEY anew'
    expect(await wrong.send([testMessage()], signal)).toEqual([{ status: 'blocked', reason }])
    await expect(wrong.verify?.()).rejects.toThrow(reason)
  })

  it('takes its keys from the environment, also when they come there late', async () => {
    const { server } = await open()
    const transport = mailjet({ endpoint: server.endpoint })
    closing.push(transport)
    expect(await transport.send([testMessage()], signal)).toMatchObject([{ status: 'blocked' }])
    process.env['MAILJET_API_KEY'] = mailjetKeys.apiKey
    process.env['MAILJET_SECRET_KEY'] = mailjetKeys.secretKey
    try {
      expect(await transport.send([testMessage()], signal)).toMatchObject([{ status: 'accepted' }])
    } finally {
      delete process.env['MAILJET_API_KEY']
      delete process.env['MAILJET_SECRET_KEY']
    }
  })

  it('breaks off at once when it is closed, and says what it knows', async () => {
    const { server, transport } = await open()
    server.failNext({ hang: 'sent' })
    const sending = transport.send([testMessage()], signal)
    await expect.poll(() => server.calls.length).toBe(1)
    await transport.close?.()
    expect(await sending).toEqual([
      { status: 'uncertain', reason: 'Mailjet: closed before Mailjet answered' },
    ])
    expect(await transport.send([testMessage()], signal)).toMatchObject([{ status: 'accepted' }])
  })
})

function sizes(server: MailjetServer): number[] {
  return server.calls.map(({ body }) => Object(body).Messages.length)
}
