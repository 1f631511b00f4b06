import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { smtp } from '../../../integrations/mailshot/transports/smtp.ts'
import { type Hold, openHold } from '../../../integrations/mailshot/transports/smtp/hold.ts'
import { testMessage } from '../../messages.ts'

describe('a hold', () => {
  afterEach(() => void vi.useRealTimers())

  it('keeps nothing while no message is near', () => {
    const hold = openHold()
    expect(hold.keep(() => undefined)).toBe(false)
  })

  it('lets all go a moment after a message came to its end', () => {
    vi.useFakeTimers()
    const hold = openHold()
    const left: string[] = []
    hold.expect()
    expect(hold.keep(() => left.push('first'))).toBe(true)
    vi.advanceTimersByTime(1)
    hold.expect()
    expect(hold.keep(() => left.push('second'))).toBe(true)
    expect(left).toEqual([])
    vi.advanceTimersByTime(1)
    expect(left).toEqual(['first', 'second'])
    expect(hold.keep(() => undefined)).toBe(false)
  })

  it('waits for as long as messages are late of late, but not for those that come at a pace', () => {
    vi.useFakeTimers()
    const hold = openHold()
    expect(waits(hold)).toBe(2)
    for (let turn = 0; turn < 20; turn += 1) comesAfter(hold, 3)
    expect(waits(hold)).toBe(6)
    for (let turn = 0; turn < 20; turn += 1) comesAfter(hold, 9)
    expect(waits(hold)).toBe(10)
    for (let turn = 0; turn < 20; turn += 1) comesAfter(hold, 1)
    expect(waits(hold)).toBe(2)
    for (let turn = 0; turn < 20; turn += 1) comesAfter(hold, 1000)
    expect(waits(hold)).toBe(2)
  })
})

function comesAfter(hold: Hold, ms: number): void {
  hold.expect()
  vi.advanceTimersByTime(ms)
  hold.came()
  vi.advanceTimersByTime(20)
}

/** For how many milliseconds a body waits. */
function waits(hold: Hold): number {
  const startedAt = performance.now()
  let leftAt = NaN
  hold.expect()
  hold.keep(() => (leftAt = performance.now()))
  vi.advanceTimersByTime(20)
  hold.came()
  return Math.round(leftAt - startedAt)
}

it('writes a body together with the envelope of a message that comes a turn later', async () => {
  const relay = await startRelay()
  const transport = smtp({ host: '127.0.0.1', port: relay.port, tls: 'none', connections: 1 })
  onTestFinished(() => transport.close?.())
  const send = (name: string) => transport.send([messageTo(name)], new AbortController().signal)
  // The third comes when the outcome of the first is known, as after a commit; nothing comes behind it.
  const first = send('first').then((outcome) => commit().then(() => outcome))
  const third = first.then(() => send('third'))
  const outcomes = await Promise.all([first, send('second'), third])
  expect(outcomes.flat().map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted'])
  expect(relay.chunks).toEqual([
    'MAIL RCPT<first> DATA',
    'body of first, MAIL RCPT<second> DATA',
    'body of second, MAIL RCPT<third> DATA',
    'body of third',
  ])
})

const commit = () => new Promise((resolve) => setImmediate(resolve))

function messageTo(name: string) {
  const envelope = { ...testMessage().envelope, to: name }
  return { ...testMessage(), envelope, mime: () => `Subject: x\r\n\r\nbody of ${name}\r\n` }
}

/** Answers all that a chunk asks for at once, as relays do that read what has come, and notes what each chunk held. */
async function startRelay() {
  const chunks: string[] = []
  const answerTo = (socket: Socket, chunk: string) => {
    if (chunk.startsWith('EHLO')) return socket.write('250-relay\r\n250 PIPELINING\r\n')
    if (chunk.startsWith('QUIT')) return socket.end('221 Bye\r\n')
    const body = /body of \w+/.exec(chunk)?.[0]
    const to = /RCPT TO:(<\w+>)/.exec(chunk)?.[1]
    const envelope = to === undefined ? undefined : `MAIL RCPT${to} DATA`
    chunks.push([body, envelope].filter(Boolean).join(', '))
    return socket.write(
      (body ? '250 Ok\r\n' : '') + (to ? '250 Ok\r\n250 Ok\r\n354 Go on\r\n' : ''),
    )
  }
  const server = createServer((socket) => {
    socket.setEncoding('latin1').on('data', (chunk: string) => answerTo(socket, chunk))
    socket.on('error', () => undefined)
    socket.write('220 relay\r\n')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  return { chunks, port: address !== null && typeof address === 'object' ? address.port : 0 }
}
