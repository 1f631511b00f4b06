import { afterEach, describe, expect, it } from 'vitest'
import type { Outcome } from '../../../integrations/mailshot/transport.ts'
import { smtp, type SmtpOptions } from '../../../integrations/mailshot/transports/smtp.ts'
import { testMessage } from '../../messages.ts'
import {
  type Act,
  type Moment,
  type Script,
  startScriptedSmtpServer,
} from '../../scripted-smtp-server.ts'
import { startSmtpServer, testCa } from '../../smtp-server.ts'

const { signal } = new AbortController()
// Larger than all buffers between the two sides, so that a server can break in on its way.
const large = () => ({ ...testMessage(), mime: () => 'long\r\n'.repeat(3_000_000) })
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
    const reached = step === 'rcpt' || step === 'data' ? 'mail' : 'connection'
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'relay', step: reached })
    expect(bodies).toBe(0)
  })

  it.each(['drop', 'silence', 'what?', '354 go on', 'trickle 250-more'])(
    'does not know what became of a message where after its last dot comes: %s',
    async (act) => {
      const { outcome, bodies } = await sendTo({ end: act })
      expect(outcome).toMatchObject({ status: 'uncertain' })
      expect(bodies).toBe(1)
    },
  )

  it('knows that a message did not arrive whose body was cut off before its end', async () => {
    const { outcome, bodies } = await sendTo({ body: 'drop' }, [large()])
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'relay' })
    expect(bodies).toBe(0)
  })

  it('knows that a message did not arrive whose server stopped reading', async () => {
    const { outcome, bodies } = await sendTo({ body: 'deaf' }, [large()])
    const reason = 'no answer to the message within 0.3 seconds'
    expect(outcome).toEqual({ status: 'deferred', scope: 'relay', step: 'mail', reason })
    expect(bodies).toBe(0)
  })

  it('believes a refusal within a body', async () => {
    const { outcome, bodies } = await sendTo({ body: '554 5.7.1 spam' }, [large()])
    expect(outcome).toMatchObject({ status: 'rejected', class: 'soft', enhanced: '5.7.1' })
    expect(bodies).toBe(0)
  })

  it('waits for what a closing server still has to say of a message it took', async () => {
    const { outcome } = await sendTo({ end: '421 4.3.2 closing\r\n250 2.0.0 Ok: queued as LATE' })
    expect(outcome).toMatchObject({ status: 'accepted', providerId: 'LATE' })
  })

  it.each([
    ['421 4.3.2 closing', { status: 'deferred', scope: 'relay', step: 'mail' }],
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

  it('takes a new connection where the server says that the old one was idle for too long', async () => {
    const end = '250 2.0.0 Ok\r\n421 4.4.2 idle for too long'
    const { outcome, bodies, connections } = await sendTo({ end }, [testMessage(), testMessage()])
    expect(outcome).toMatchObject({ status: 'accepted' })
    expect({ bodies, connections }).toEqual({ bodies: 2, connections: 2 })
  })

  it('never sends a second copy on a connection used before', async () => {
    const messages = [testMessage(), testMessage()]
    const { outcome, connections } = await sendTo({ next: { end: 'drop' } }, messages)
    expect(outcome).toMatchObject({ status: 'uncertain' })
    expect(connections).toBe(1)
  })
})

/** Whether it costs the recipient one of its tries. */
function isTried(outcome: Outcome): boolean {
  return outcome.status === 'deferred' && outcome.scope !== 'relay'
}

interface Many {
  count: number
  to?: (index: number) => string
}

/** Sends many messages at once, over connections that the server treats as it likes. */
async function sendMany(
  direct: (moment: Moment) => Act | undefined,
  { count, to, ...options }: Partial<SmtpOptions> & Many,
) {
  const relay = await startScriptedSmtpServer(direct)
  const { host, port } = relay
  const transport = smtp({ host, port, tls: 'none', ...options })
  closing.push(relay, transport)
  const sending = Array.from({ length: count }, (_, index) => {
    const envelope = { from: 'bounces@example.org', to: to?.(index) ?? 'reader@example.com' }
    return transport.send([testMessage({ envelope })], signal)
  })
  const outcomes = (await Promise.all(sending)).flat()
  return { outcomes, statuses: new Set(outcomes.map(({ status }) => status)), relay }
}

describe('connections that the server limits', () => {
  it.each([
    ['answers 421 after three messages', { mail: '421 4.7.0 enough for one connection' }],
    ['closes after three messages', { mail: 'drop' }],
    ['closes with the third answer', { end: '250 2.0.0 Ok then drop' }],
  ])('cost nobody a try where the server %s', async (_what, acts: Script) => {
    const isLast = (messages: number) => messages === (acts.end ? 2 : 3)
    const { statuses, relay } = await sendMany(
      ({ step, messages }) => (isLast(messages) && step in acts ? acts[step] : undefined),
      { count: 40, connections: 2 },
    )
    expect(statuses).toEqual(new Set(['accepted']))
    expect(relay.bodies()).toBe(40)
    expect(relay.connections()).toBeGreaterThanOrEqual(13)
  })

  it('tell no reader of an answer to the next message', async () => {
    const { outcomes, relay } = await sendMany(
      ({ step, messages, connection }) =>
        step === 'end' && messages === 0 && connection === 0
          ? '421 4.3.0 try this one later then serve'
          : undefined,
      { count: 3, connections: 1 },
    )
    const accepted = outcomes.filter(({ status }) => status === 'accepted')
    expect(outcomes[0]).toMatchObject({ status: 'uncertain' })
    expect(accepted).toHaveLength(2)
    expect(relay.bodies()).toBe(3)
  })

  it('carry everything where the relay lets in fewer than it was said to', async () => {
    const { statuses } = await sendMany(
      ({ step, connection }) =>
        step === 'greeting' && connection > 1 ? '421 4.7.0 too many connections' : undefined,
      { count: 40, connections: 5 },
    )
    expect(statuses).toEqual(new Set(['accepted']))
  })

  it('give a message up that none of them takes, without the blame for it', async () => {
    const { outcomes } = await sendMany(({ step }) => (step === 'rcpt' ? 'drop' : undefined), {
      count: 6,
      connections: 2,
    })
    expect(new Set(outcomes.map((outcome) => 'scope' in outcome && outcome.scope))).toEqual(
      new Set(['relay']),
    )
  })

  it('are to blame where each takes one message alone, and no reader is', async () => {
    const { outcomes } = await sendMany(
      ({ step, messages }) => (step === 'mail' && messages === 1 ? 'drop' : undefined),
      { count: 100, connections: 5 },
    )
    const blamed = outcomes.filter((one) => one.status === 'rejected' || isTried(one))
    expect(blamed).toEqual([])
  })

  it.each(['drop', '421 4.7.0 not this one'])(
    'blame a message that ends one after the other while others pass: %s',
    async (act) => {
      const { outcomes, relay } = await sendMany(
        ({ step, to }) => (step === 'rcpt' && to === 'poison@example.com' ? act : undefined),
        {
          count: 20,
          connections: 2,
          to: (index) => (index === 5 ? 'poison@example.com' : `reader${index}@example.com`),
        },
      )
      const [poisoned] = outcomes.splice(5, 1)
      expect(poisoned).toMatchObject({ status: 'deferred', scope: 'recipient' })
      expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['accepted']))
      expect(relay.connections()).toBeLessThanOrEqual(6)
    },
  )

  it('try a wrong password once, however many messages wait', async () => {
    const { statuses, relay } = await sendMany(
      ({ step }) => (step === 'auth' ? '535 5.7.8 wrong' : undefined),
      { count: 10, connections: 5, user: 'news', password: 'wrong password' },
    )
    expect(statuses).toEqual(new Set(['blocked']))
    expect(relay.connections()).toBe(1)
  })
})

describe('connections over TLS', () => {
  it.each(['starttls', 'implicit'] as const)(
    'stop the send, and say what to do, where the relay speaks clear text alone: %s',
    async (tls) => {
      const ehlo = '502 5.5.2 what?'
      const { outcomes } = await sendMany(({ step }) => (step === 'ehlo' ? ehlo : undefined), {
        count: 3,
        tls,
      })
      const reason = expect.stringMatching(/; try tls: '(?:implicit|starttls)' with port \d+$/)
      expect(outcomes).toEqual(outcomes.map(() => ({ status: 'blocked', reason })))
    },
  )

  it.each(['starttls', 'implicit'] as const)(
    'are renewed between two messages of a long send: %s',
    async (tls) => {
      const auth = { user: 'news', password: 'correct horse battery' }
      const relay = await startSmtpServer({ tls, auth })
      const { host, port } = relay
      const renewAfterMinutes = 0.05 / 60
      const transport = smtp({ host, port, tls, ca: testCa, ...auth, renewAfterMinutes })
      closing.push(relay, transport)
      let sent = 0
      while (relay.opened() < 15) {
        const sending = Array.from({ length: 10 }, () => transport.send([testMessage()], signal))
        const outcomes = (await Promise.all(sending)).flat()
        expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['accepted']))
        sent += 10
      }
      expect(relay.messages).toHaveLength(sent)
    },
  )
})
