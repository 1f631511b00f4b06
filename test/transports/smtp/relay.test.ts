import { afterEach, describe, expect, it } from 'vitest'
import { smtp } from '../../../integrations/mailshot/transports/smtp.ts'
import { testMessage } from '../../messages.ts'
import { type Script, startScriptedSmtpServer } from '../../scripted-smtp-server.ts'

const { signal } = new AbortController()
// Larger than the socket's buffers, so that a server can break in on its way.
const large = { html: `<p>${'long '.repeat(200_000)}</p>` }
const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

/** Sends over one connection to a server that misbehaves; the outcome of the last message, and what arrived. */
async function sendTo(script: Script, messages = [testMessage()]) {
  const relay = await startScriptedSmtpServer(script)
  const transport = smtp({
    host: relay.host,
    port: relay.port,
    tls: 'none',
    connections: 1,
    connectTimeoutSeconds: 0.2,
    answerTimeoutSeconds: 0.3,
    user: 'news',
    password: 'correct horse battery',
  })
  closing.push(relay, transport)
  const outcomes = []
  for (const message of messages) outcomes.push(...(await transport.send([message], signal)))
  return { outcome: outcomes.at(-1), bodies: relay.bodies(), connections: relay.connections() }
}

describe('hand-over to the relay', () => {
  const steps = ['greeting', 'ehlo', 'auth', 'mail', 'rcpt', 'data'] as const
  const acts = ['drop', 'silence', '421 4.3.2 closing']
  const before = steps.flatMap((step) => acts.map((act) => [step, act] as const))

  it.each(before)('keeps the message for later where at %s comes: %s', async (step, act) => {
    const { outcome, bodies } = await sendTo({ [step]: act })
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'relay' })
    expect(bodies).toBe(0)
  })

  it.each(['drop', 'silence', 'what?', '354 go on'])(
    'does not know what became of a message where after its last dot comes: %s',
    async (act) => {
      const { outcome, bodies } = await sendTo({ end: act })
      expect(outcome).toMatchObject({ status: 'uncertain' })
      expect(bodies).toBe(1)
    },
  )

  it('does not know what became of a message whose body was cut off', async () => {
    const { outcome, bodies } = await sendTo({ body: 'drop' }, [testMessage(large)])
    expect(outcome).toMatchObject({ status: 'uncertain' })
    expect(bodies).toBe(0)
  })

  it.each([
    ['421 4.3.2 closing', { status: 'deferred', scope: 'relay' }],
    ['554 5.7.1 spam', { status: 'rejected', class: 'soft' }],
    ['452 4.3.1 storage', { status: 'deferred', scope: 'domain' }],
  ])('believes an answer after the last dot: %s', async (act, outcome) => {
    expect(await sendTo({ end: act })).toMatchObject({ outcome, bodies: 1 })
  })

  it('reads an answer of several lines', async () => {
    const { outcome } = await sendTo({ rcpt: '550-5.1.1 no such\r\n550 5.1.1 user' })
    expect(outcome).toMatchObject({ status: 'rejected', class: 'hard', enhanced: '5.1.1' })
  })

  it.each([{ mail: 'drop' }, { data: 'drop' }, { mail: '421 4.7.0 enough' }])(
    'takes a new connection where the old one ends between two messages: %j',
    async (next) => {
      const { outcome, bodies, connections } = await sendTo({ next }, [
        testMessage(),
        testMessage(),
      ])
      expect(outcome).toMatchObject({ status: 'accepted' })
      expect({ bodies, connections }).toEqual({ bodies: 2, connections: 2 })
    },
  )

  it.each([{ body: 'drop' }, { end: 'drop' }])(
    'never sends a second copy on a connection used before: %j',
    async (next) => {
      const messages = [testMessage(), testMessage(large)]
      const { outcome, connections } = await sendTo({ next }, messages)
      expect(outcome).toMatchObject({ status: 'uncertain' })
      expect(connections).toBe(1)
    },
  )
})
