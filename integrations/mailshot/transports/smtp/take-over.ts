// oxlint-disable no-underscore-dangle -- nodemailer names so what it does not promise to keep
import type { Socket } from 'node:net'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { CheckedSmtpOptions } from './options.ts'
import type { SmtpFault } from './outcome.ts'

/** A connection to the relay, encrypted and logged in as the options ask, that nobody listens to yet. */
export interface Wire {
  /** Paused: what comes is kept until somebody listens. Destroyed already, if it broke on its way here. */
  socket: Socket
  /** The server's whole answer to the last EHLO (or HELO), which names its extensions. */
  ehlo: string
}

/**
 * Connects, encrypts and logs in by nodemailer, and takes the socket over from it. This file alone knows how, and of
 * nodemailer's insides no more than it checks; the version is pinned exactly.
 *
 * @returns what went wrong, as a fault with nothing handed over
 */
export function openWire(
  options: CheckedSmtpOptions,
  signal: AbortSignal,
): Promise<Wire | SmtpFault> {
  const connection = new SMTPConnection(connectionOptions(options))
  return new Promise((resolve) => {
    const end = (fault: SmtpFault | undefined) => {
      clearTimeout(deadline)
      signal.removeEventListener('abort', giveUp)
      connection.removeAllListeners()
      // One that is given up can still fail.
      connection.on('error', () => undefined)
      const result = fault ?? takeOver(connection, options, ehlo)
      if (!('socket' in result)) connection.close()
      resolve(result)
    }
    let ehlo = ''
    const giveUp = () => end(brokenOff)
    // nodemailer's own limit is one of silence only, which a server could break with an octet now and then.
    const deadline = setTimeout(() => end(tooSlow), longestLogin(options))
    signal.addEventListener('abort', giveUp, { once: true })
    connection.on('error', (error) => end(faultOf(error)))
    connection.on('end', () => end(brokenOff))
    connection.connect((error) => {
      if (error) return end(faultOf(error))
      ehlo = connection.lastServerResponse || ''
      const { user, password } = options
      if (user === undefined) return end(undefined)
      // Even where the server offers none: its refusal names the fault better than the next command's.
      connection.login({ user, pass: password ?? '' }, (refusal) => {
        end(refusal ? faultOf(refusal) : undefined)
      })
    })
  })
}

/** Says goodbye on a connection with nothing on it, and keeps no process waiting for the answer. */
export function hangUp(socket: Socket): void {
  socket.end('QUIT\r\n')
  socket.resume()
  socket.unref()
  // For a server that does not close its side.
  setTimeout(() => socket.destroy(), 5000).unref()
}

const brokenOff: SmtpFault = {
  code: 'ECONNECTION',
  command: 'CONN',
  message: 'Connection closed unexpectedly',
  handedOver: false,
}

const tooSlow: SmtpFault = { ...brokenOff, code: 'ETIMEDOUT', message: 'Timeout' }

/** Nothing is handed over yet that could come twice, so a server that keeps us waiting is left sooner. */
const loginSeconds = 120

// After the greeting come EHLO, STARTTLS, EHLO again, and two answers to the login.
function longestLogin(options: CheckedSmtpOptions): number {
  const answers = Math.min(5 * options.answerTimeoutSeconds, loginSeconds)
  return 1000 * (options.connectTimeoutSeconds + answers)
}

function takeOver(
  connection: SMTPConnection,
  options: CheckedSmtpOptions,
  ehlo: string,
): Wire | SmtpFault {
  const socket = connection._socket
  if (!socket || !socket.readable || !socket.writable) return brokenOff
  if (options.tls !== 'none' && !connection.secure) return unknownVersion('encryption')
  socket.pause()
  const listeners = Object.values(connection).filter(isListener)
  for (const event of socket.eventNames()) {
    for (const listener of listeners) socket.off(event, listener)
  }
  if (socket.listenerCount('data') + socket.listenerCount('timeout') > 0) {
    return unknownVersion('listeners')
  }
  const early = unread(Object.fromEntries(Object.entries(connection)))
  if (early === undefined) return unknownVersion('buffers')
  socket.setTimeout(0)
  // It may fail before somebody listens, and tells that it is destroyed.
  socket.on('error', () => undefined)
  if (early !== '') socket.unshift(Buffer.from(early, 'latin1'))
  // Without its socket, closing ends nodemailer's timers and whatever it put off until the next turn.
  connection._socket = null
  connection.close()
  return { socket, ehlo }
}

function isListener(value: unknown): value is () => void {
  return typeof value === 'function'
}

/** What nodemailer has read of the stream beyond the last answer: whole lines, grouped by reply, and the start of one. */
function unread(connection: Record<string, unknown>): string | undefined {
  const { _responseQueue: queue, _remainder: remainder } = connection
  if (!Array.isArray(queue) || typeof remainder !== 'string') return undefined
  return queue.map((reply) => `${String(reply).replaceAll('\n', '\r\n')}\r\n`).join('') + remainder
}

/** A fault that stops the send until a person has looked. */
function unknownVersion(what: string): SmtpFault {
  const message = `nodemailer keeps its ${what} in another way than version 10.6.0, which this one needs`
  return { code: 'ECONFIG', message, handedOver: false }
}

function connectionOptions(options: CheckedSmtpOptions) {
  const { tls } = options
  return {
    host: options.host,
    port: options.port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { ...(options.ca !== undefined && { ca: options.ca }) },
    ...(options.name !== undefined && { name: options.name }),
    connectionTimeout: options.connectTimeoutSeconds * 1000,
    greetingTimeout: options.connectTimeoutSeconds * 1000,
    socketTimeout: Math.min(options.answerTimeoutSeconds, loginSeconds) * 1000,
    socketCloseTimeout: 0,
  }
}

function faultOf(error: unknown): SmtpFault {
  if (!(error instanceof Error)) return { message: String(error), handedOver: false }
  const known: Partial<SmtpFault> = error
  return {
    code: known.code,
    originalCode: known.originalCode,
    command: known.command,
    responseCode: known.responseCode,
    response: known.response,
    message: error.message,
    handedOver: false,
  }
}
