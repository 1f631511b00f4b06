import type { Readable } from 'node:stream'
import { createTransport, type PluginFunction } from 'nodemailer'
import type { Message, Outcome } from '../../transport.ts'
import { acceptedId, lastLine } from './answer.ts'
import type { CheckedSmtpOptions } from './options.ts'
import { outcomeOfFault, type SmtpFault } from './outcome.ts'

export interface Pool {
  /** Hands one message over, on a free connection or a new one. */
  handOver(message: Message, mime: string): Promise<Outcome>
  /** Connects and logs in, on a connection of its own; returns what went wrong. */
  verify(): Promise<SmtpFault | undefined>
  close(): void
}

/** The connections to one relay; the first is opened by the first message. */
export function openPool(options: CheckedSmtpOptions): Pool {
  const transporter = createTransport({ pool: true, ...connectionOptions(options) })
  const bodies = new WeakMap<object, Readable>()
  transporter.use('stream', keepBodies(bodies))

  return {
    async handOver({ envelope }, mime) {
      const raw = Buffer.from(mime, 'latin1')
      try {
        const { response } = await transporter.sendMail({ envelope: { ...envelope }, raw })
        return {
          status: 'accepted',
          providerId: acceptedId(response),
          answer: lastLine(response),
        }
      } catch (error) {
        const handedOver = bodies.get(raw)?.readableDidRead ?? false
        return outcomeOfFault({ ...faultOf(error), handedOver })
      }
    },
    async verify() {
      try {
        await transporter.verify()
        return undefined
      } catch (error) {
        return faultOf(error)
      } finally {
        transporter.close()
      }
    },
    close: () => transporter.close(),
  }
}

/** Keeps the body of each message, by its bytes. */
function keepBodies(bodies: WeakMap<object, Readable>): PluginFunction {
  return ({ data, message }, done) => {
    // A body that nodemailer never read was not handed over, whatever broke. Its pool goes by the same mark when the
    // server closes a connection between two messages, and it takes another connection for the second (`maxRequeues`).
    message.processFunc((body) => {
      if (Buffer.isBuffer(data.raw)) bodies.set(data.raw, body)
      return body
    })
    // nodemailer notes a refused sender on the envelope, and would find it there on the other connection.
    const { from, to } = message.getEnvelope()
    message.getEnvelope = () => ({ from, to: [...to] })
    done()
  }
}

function connectionOptions(options: CheckedSmtpOptions) {
  const { tls, user, password } = options
  return {
    host: options.host,
    port: options.port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { ...(options.ca !== undefined && { ca: options.ca }) },
    ...(user !== undefined && {
      auth: { user, pass: password ?? '' },
      // Without it, nodemailer skips the login where the server offers none, and the fault shows up elsewhere.
      forceAuth: true,
    }),
    ...(options.name !== undefined && { name: options.name }),
    maxConnections: options.connections,
    maxMessages: Infinity,
    maxRequeues: 3,
    connectionTimeout: options.connectTimeoutSeconds * 1000,
    greetingTimeout: options.connectTimeoutSeconds * 1000,
    socketTimeout: options.answerTimeoutSeconds * 1000,
    disableFileAccess: true,
    disableUrlAccess: true,
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
