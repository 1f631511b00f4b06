import { once } from 'node:events'
import { createServer } from 'node:net'
import { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { SmtpOptions } from '../../../integrations/mailshot/transports/smtp.ts'
import { checkSmtpOptions } from '../../../integrations/mailshot/transports/smtp/options.ts'
import { openWire, type Wire } from '../../../integrations/mailshot/transports/smtp/take-over.ts'
import { certificate, type Script, startScriptedSmtpServer } from '../../scripted-smtp-server.ts'
import { startSmtpServer, testCa } from '../../smtp-server.ts'

const { signal } = new AbortController()
const login = { user: 'news', password: 'correct horse battery' }
const closing: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function open(
  relay: { host: string; port: number; close(): Promise<void> },
  options: Partial<SmtpOptions>,
): Promise<Wire> {
  closing.push(() => relay.close())
  const { host, port } = relay
  const wire = await openWire(checkSmtpOptions({ host, port, ...options }), signal)
  if (!('socket' in wire)) throw new Error(wire.message)
  closing.push(() => void wire.socket.destroy())
  return wire
}

const scripted = async (script: Script) =>
  open(await startScriptedSmtpServer(script), { tls: 'none', ...login })

/** Says NOOP, and waits for what comes back. */
async function noop({ socket }: Wire): Promise<string> {
  socket.write('NOOP\r\n')
  socket.resume()
  const [chunk] = await once(socket, 'data')
  return String(chunk)
}

describe('openWire', () => {
  it('gives a connection that nobody listens to, and no timer of nodemailer runs on', async () => {
    const { socket } = await scripted({})
    const events = ['data', 'close', 'timeout', 'readable']
    expect(events.map((event) => socket.listenerCount(event))).toEqual([0, 0, 0, 0])
    expect(socket.timeout).toBe(0)
    expect(socket.isPaused()).toBe(true)
  })

  it('names what the server offers, before and without a login', async () => {
    const wire = await scripted({ ehlo: '250-relay\r\n250-SIZE 1000\r\n250 AUTH PLAIN' })
    expect(wire.ehlo).toBe('250-relay\n250-SIZE 1000\n250 AUTH PLAIN')
    const { ehlo } = await open(await startScriptedSmtpServer(), { tls: 'none' })
    expect(ehlo).toContain('PIPELINING')
  })

  it('loses nothing that came in one piece with the last answer', async () => {
    const auth = '235 2.7.0 Ok\r\n421-4.3.2 closing\r\n421 4.3.2 now\r\n250 cut o'
    const { socket } = await scripted({ auth })
    socket.resume()
    const [chunk] = await once(socket, 'data')
    expect(String(chunk)).toBe('421-4.3.2 closing\r\n421 4.3.2 now\r\n250 cut o\r\n')
  })

  it.each(['starttls', 'implicit'] as const)('speaks on over TLS: %s', async (tls) => {
    const relay = await startSmtpServer({ tls, auth: login })
    const wire = await open(relay, { tls, ca: testCa, ...login })
    expect(wire.socket).toBeInstanceOf(TLSSocket)
    expect(wire.ehlo).toContain('PIPELINING')
    expect(await noop(wire)).toMatch(/^250 /)
  })

  it('reads nothing that was written in clear behind the answer to STARTTLS', async () => {
    const server = createServer((socket) => {
      socket.write('220 relay\r\n')
      socket.once('data', () => {
        socket.write('250-relay\r\n250 STARTTLS\r\n')
        socket.once('data', () => {
          socket.write('220 go on\r\n250-evil\r\n250-SIZE 1\r\n250 PIPELINING\r\n250 x')
          const secret = new TLSSocket(socket, { isServer: true, ...certificate() })
          secret.on('data', () => secret.write('250-relay\r\n250 SIZE 1000\r\n'))
          secret.on('error', () => undefined)
        })
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const relay = { host: '127.0.0.1', port: address.port, close: async () => void server.close() }
    const { ehlo } = await open(relay, { tls: 'starttls', ca: testCa })
    expect(ehlo).toBe('250-relay\n250 SIZE 1000')
  })

  it('gives up when it is told to', async () => {
    const relay = await startScriptedSmtpServer({ greeting: 'silence' })
    closing.push(() => relay.close())
    const stop = new AbortController()
    const options = checkSmtpOptions({ host: relay.host, port: relay.port, tls: 'none' })
    const opening = openWire(options, stop.signal)
    stop.abort()
    expect(await opening).toMatchObject({ code: 'ECONNECTION', handedOver: false })
  })

  it('waits two minutes for a login, however long the answer to a body may take', async () => {
    onTestFinished(() => void vi.useRealTimers())
    const relay = await startScriptedSmtpServer({ ehlo: 'silence' })
    closing.push(() => relay.close())
    const { host, port } = relay
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const limits = { connectTimeoutSeconds: 30, answerTimeoutSeconds: 600 }
    const opening = openWire(checkSmtpOptions({ host, port, tls: 'none', ...limits }), signal)
    await vi.waitUntil(() => relay.commands.length > 0)
    vi.advanceTimersByTime(150_000)
    expect(await opening).toMatchObject({ code: 'ETIMEDOUT', handedOver: false })
  })

  it('gives up on a login that trickles in for ever', async () => {
    const relay = await startScriptedSmtpServer({ ehlo: trickle })
    closing.push(() => relay.close())
    const { host, port } = relay
    const limits = { connectTimeoutSeconds: 0.1, answerTimeoutSeconds: 0.04 }
    const result = await openWire(checkSmtpOptions({ host, port, tls: 'none', ...limits }), signal)
    expect(result).toMatchObject({ code: 'ETIMEDOUT', handedOver: false })
  })
})

// The server goes on with it line by line, faster than its silence would show.
const trickle = 'trickle 250-more'
