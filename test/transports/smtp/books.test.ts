import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../../integrations/mailshot/transport.ts'
import { smtp } from '../../../integrations/mailshot/transports/smtp.ts'
import { testMessage } from '../../messages.ts'
import { testCa } from '../../smtp-server.ts'
import { type Act, type Moment, startScriptedSmtpServer } from '../../scripted-smtp-server.ts'

const never = new AbortController().signal

// What a server may do by the RFCs, and what it must not.
const lawful: Act[] = [
  'drop',
  '421 4.3.2 closing',
  '450 4.2.1 busy',
  '451 4.7.1 greylisted',
  '550 5.1.1 nobody',
  '552-5.3.4 too\r\n552 5.3.4 large',
  '554 5.7.1 spam then drop',
]
const unlawful: Act[] = [
  'silence',
  'what?',
  '250-Ok\r\n550 no',
  '250 Ok\r\n250 Ok',
  '199 wait',
  '250 2.0.0 Ok',
  '354 go on',
  '354 go on\r\n250 Ok',
  '354 go on\r\n354 go on',
  '550 no\r\n250 Ok',
  '421 4.3.2 closing\r\n250 Ok',
  '421 4.3.0 later then serve',
  '250 Ok then drop',
]

const act = fc.oneof(
  { weight: 9, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.constantFrom(...lawful) },
  { weight: 1, arbitrary: fc.constantFrom(...unlawful) },
)

const instant = fc.option(fc.nat(50), { nil: undefined })

const plan = fc.record({
  connections: fc.integer({ min: 1, max: 3 }),
  pipelining: fc.boolean(),
  tls: fc.constantFrom('none', 'none', 'none', 'implicit'),
  /** After which of those before it each is sent; the first ones at once. The sixth is larger than what leaves at once. */
  messages: fc.array(fc.option(fc.nat(7), { nil: undefined }), { minLength: 1, maxLength: 12 }),
  /** What the server does at each command and body in turn; what it is used to after the last. */
  acts: fc.array(act, { maxLength: 60, size: 'max' }),
  greetings: fc.array(act, { maxLength: 3 }),
  /** How each mail gives its octets: as a string, or written by itself, as composed ones are. */
  hasOctets: fc.boolean(),
  /** At which of the server's moments two of three messages are told to stop, and all is closed. */
  stops: fc.tuple(instant, instant),
  closeAt: instant,
})

describe('the books of both sides', () => {
  it('agree, whatever the server does', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (one) => {
        expect(disagreements(await run(one))).toEqual([])
      }),
      { numRuns: 150, ...fromEnvironment() },
    )
  })
})

/** For a long run by hand, and to repeat one. */
function fromEnvironment() {
  const { FUZZ_RUNS, FUZZ_SEED } = process.env
  return {
    ...(FUZZ_RUNS !== undefined && { numRuns: Number(FUZZ_RUNS) }),
    ...(FUZZ_SEED !== undefined && { seed: Number(FUZZ_SEED) }),
  }
}

type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never
type Result = Awaited<ReturnType<typeof run>>

async function run(given: Plan) {
  const { connections, pipelining, tls, messages: afters, acts, greetings, closeAt } = given
  const isSilent = [...acts, ...greetings].some((one) => /silence|serve/.test(one ?? ''))
  const broken = new Set<number>()
  const queues = { acts: [...acts], greetings: [...greetings] }
  const stoppers = given.stops.map((at) => ({ at, controller: new AbortController() }))
  let moments = 0
  const relay = await startScriptedSmtpServer((moment) => {
    for (const { at, controller } of stoppers) if (at === moments) controller.abort()
    if (closeAt === moments) void transport.close?.()
    moments += 1
    if (moment.step === 'ehlo') return ehlo(pipelining)
    const queue = moment.step === 'greeting' ? queues.greetings : queues.acts
    return misbehave(moment, queue.shift(), broken)
  }, tls)
  const transport = smtp({
    host: relay.host,
    port: relay.port,
    tls,
    ca: testCa,
    connections,
    connectTimeoutSeconds: isSilent ? 0.05 : 30,
    answerTimeoutSeconds: isSilent ? 0.05 : 30,
  })
  const messages = afters.map((_, index) => numbered(index, given.hasOctets))
  const sending: Promise<unknown>[] = []
  const sendAfter = async (message: Message, after: number | undefined) => {
    if (after !== undefined) await sending[after]
    const stopper = stoppers[messages.indexOf(message) % 3]
    return transport.send([message], stopper?.controller.signal ?? never)
  }
  const outcomes = await Promise.all(
    messages.map((message, index) => (sending[index] = sendAfter(message, afters[index]))),
  )
  await transport.close?.()
  await relay.close()
  // Who is told to stop still waits for the answers to what has left.
  const isCut = closeAt !== undefined
  return { messages, outcomes: outcomes.flat(), books: relay.books, broken, isSilent, isCut }
}

function misbehave({ step, connection }: Moment, what: Act | undefined, broken: Set<number>) {
  // Within a body a server may break in; were it to go on after that, its books would contradict themselves.
  const isBreakingIn = /^(?:421 4.3.2 closing|drop|silence|554 5.7.1 spam then drop)$/
  if (step === 'body' && !isBreakingIn.test(what ?? '')) return undefined
  if (what !== undefined && unlawful.includes(what)) broken.add(connection)
  return what
}

function disagreements({ messages, outcomes, books, ...one }: Result): string[] {
  return messages.flatMap((message, index) => {
    const { to } = message.envelope
    const arrived = books.filter((book) => book.to === to)
    const kept = arrived.filter((book) => !isRefusal(book.answer))
    const [first] = kept
    const outcome = outcomes[index]?.status ?? 'missing'
    const isTold = first !== undefined && !one.broken.has(first.connection)
    const isClear = isTold && !one.isSilent && !one.isCut
    const isItsOwn = arrived.every((book) => book.body === message.mime())
    if (isItsOwn && kept.length <= 1 && allowed(first?.answer, isClear).includes(outcome)) return []
    const answers = arrived.map(({ answer }) => answer)
    return [JSON.stringify({ to, outcome: outcomes[index], isItsOwn, answers })]
  })
}

function isRefusal(answer: Act): boolean {
  return /^[45]/.test(answer) && !isTaking(answer)
}

function isTaking(answer: Act): boolean {
  return /(?:^|^421.*\r\n)250 /.test(answer)
}

/** What may be said of a message, by what the server did when its body had come whole. */
function allowed(answer: Act | undefined, isClear: boolean): string[] {
  if (answer === undefined) return ['deferred', 'rejected', 'blocked', 'uncertain']
  // It may have been taken, for all that the client can know.
  if (!isTaking(answer)) return ['uncertain']
  // A server that kept to the rules until then was understood.
  return isClear ? ['accepted'] : ['accepted', 'uncertain']
}

function numbered(index: number, hasOctets: boolean): Message {
  const to = `reader${index}@example.com`
  const text = index === 5 ? 'long '.repeat(80_000) : 'short'
  const message = testMessage({ envelope: { from: 'bounces@example.org', to }, text })
  const all = Buffer.from(message.mime(), 'latin1')
  const write = (into: Buffer, start: number) => start + all.copy(into, start)
  return hasOctets ? { ...message, octets: () => ({ length: all.length, write }) } : message
}

function ehlo(pipelining: boolean): Act {
  return `250-scripted.example\r\n${pipelining ? '250-PIPELINING\r\n' : ''}250 SIZE 100000000`
}
