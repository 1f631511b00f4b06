import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface SmtpServerOptions {
  /** Any free port by default. */
  port?: number
  tls?: 'none' | 'starttls' | 'implicit'
  /** The certificate's file name in `fixtures/tls`, without `.pem`. */
  certificate?: 'test-only-server' | 'test-only-wrong-name'
  /** The one login that is let in; without, none is asked for. */
  auth?: { user: string; password: string }
  onMailFrom?: (address: string) => Refusal | undefined
  onRcpt?: (address: string) => Refusal | undefined
  /** Called when the whole message is there; a refused one is not kept. */
  onMessage?: (mail: ReceivedMail) => Refusal | undefined
  /** How long each message's answer is held back. */
  delayMs?: number
}

/** What the server answers instead of 250; `text` begins with the enhanced status where there is one. */
export interface Refusal {
  code: number
  text: string
}

export interface ReceivedMail {
  envelope: { from: string; to: string[] }
  raw: Buffer
  receivedAt: number
  /** What the server answered: `queued as …`. */
  queueId: string
  /** One header, unfolded, not decoded: cheap, for the ids. */
  header(name: string): string | undefined
  /** Decoded; done on demand and once, so that a fast test is not slowed by parsing. */
  read(): Promise<ReadMail>
}

export interface ReadMail {
  from: string
  to: string
  subject: string
  text: string
  html: string
  messageId: string
  /** Lower-case name → unfolded and decoded value. */
  headers: Record<string, string>
}

export interface TestSmtpServer {
  host: string
  port: number
  messages: ReceivedMail[]
  /** Emits `message` with each `ReceivedMail`. */
  events: EventEmitter<{ message: [ReceivedMail] }>
  /** The connections open at this moment. */
  connections(): number
  /** All that were ever opened. */
  opened(): number
  waitForMessages(count: number, timeoutMs?: number): Promise<ReceivedMail[]>
  close(): Promise<void>
}

/** The CA that signed the server's certificates. */
export const testCa = readFileSync(fixture('test-only-ca.pem'), 'utf8')

/** Starts a real SMTP server on the loopback, which keeps what it gets and refuses what it is told to refuse. */
export async function startSmtpServer(options: SmtpServerOptions = {}): Promise<TestSmtpServer> {
  const messages: ReceivedMail[] = []
  const events = new EventEmitter<{ message: [ReceivedMail] }>()
  events.setMaxListeners(0)
  let opened = 0
  const server = new SMTPServer({
    ...transportSecurity(options),
    ...authentication(options),
    // The scripts write their own enhanced status, which the server would double.
    hideENHANCEDSTATUSCODES: true,
    disableReverseLookup: true,
    closeTimeout: 200,
    logger: false,
    onConnect: (_session, done) => {
      opened += 1
      done()
    },
    onMailFrom: (from, _session, done) => done(asError(options.onMailFrom?.(from.address))),
    onRcptTo: (to, _session, done) => done(asError(options.onRcpt?.(to.address))),
    onData: (stream, session, done) => {
      const { mailFrom, rcptTo } = session.envelope
      const envelope = {
        from: mailFrom === false ? '' : mailFrom.address,
        to: rcptTo.map((to) => to.address),
      }
      const keep = (mail: ReceivedMail) => {
        const refusal = options.onMessage?.(mail)
        if (refusal === undefined) {
          messages.push(mail)
          events.emit('message', mail)
        }
        const answer = () => done(asError(refusal), `2.0.0 Ok: queued as ${mail.queueId}`)
        if (options.delayMs) setTimeout(answer, options.delayMs)
        else answer()
      }
      // A client that dies within a message leaves half of it, which no server keeps.
      receive(stream, envelope).then(keep, () => undefined)
    },
  })
  // A client that breaks off is some tests' subject, and no fault of the server.
  server.on('error', () => undefined)
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server.server, 'listening')
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    host: '127.0.0.1',
    port: address.port,
    messages,
    events,
    connections: () => server.connections.size,
    opened: () => opened,
    waitForMessages: (count, timeoutMs = 30_000) =>
      waitForMessages(messages, events, count, timeoutMs),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

async function receive(stream: Readable, envelope: ReceivedMail['envelope']) {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return receivedMail(Buffer.concat(chunks), envelope)
}

let queued = 0

/** A mail as the server keeps it; also for tests that have the bytes from elsewhere. */
export function receivedMail(raw: Buffer, envelope: ReceivedMail['envelope']): ReceivedMail {
  let reading: Promise<ReadMail> | undefined
  queued += 1
  return {
    envelope,
    raw,
    receivedAt: Date.now(),
    queueId: `Q${queued.toString(36).toUpperCase().padStart(6, '0')}`,
    header: (name) => findHeader(raw, name),
    read: () => (reading ??= readMail(raw)),
  }
}

function findHeader(raw: Buffer, name: string): string | undefined {
  const end = raw.indexOf('\r\n\r\n')
  const head = raw.toString('latin1', 0, end < 0 ? raw.length : end).replace(/\r\n(?=[ \t])/g, '')
  const prefix = `${name.toLowerCase()}:`
  const line = head.split('\r\n').find((one) => one.toLowerCase().startsWith(prefix))
  return line?.slice(prefix.length).trim()
}

/** The mail as the transport contract compares it. */
export async function arrivedMail(raw: Uint8Array, to: string) {
  return { ...(await readMail(Buffer.from(raw))), to }
}

async function readMail(raw: Buffer): Promise<ReadMail> {
  const mail = await simpleParser(raw)
  const to = Array.isArray(mail.to) ? mail.to[0] : mail.to
  return {
    from: mail.from?.text ?? '',
    to: to?.text ?? '',
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    html: mail.html || '',
    messageId: mail.messageId ?? '',
    headers: Object.fromEntries(
      mail.headerLines.map(({ key, line }) => [
        key,
        line
          .slice(key.length + 1)
          .replace(/\r?\n(?=[ \t])/g, '')
          .trim(),
      ]),
    ),
  }
}

async function waitForMessages(
  messages: ReceivedMail[],
  events: EventEmitter<{ message: [ReceivedMail] }>,
  count: number,
  timeoutMs: number,
): Promise<ReceivedMail[]> {
  const signal = AbortSignal.timeout(timeoutMs)
  while (messages.length < count) {
    try {
      await once(events, 'message', { signal })
    } catch (cause) {
      const text = `${messages.length} of ${count} messages arrived within ${timeoutMs} ms`
      throw new Error(text, { cause })
    }
  }
  return messages
}

function transportSecurity(options: SmtpServerOptions): SMTPServerOptions {
  if ((options.tls ?? 'none') === 'none') return { disabledCommands: ['STARTTLS'] }
  const name = options.certificate ?? 'test-only-server'
  return {
    secure: options.tls === 'implicit',
    key: readFileSync(fixture(`${name}-key.pem`)),
    cert: readFileSync(fixture(`${name}.pem`)),
  }
}

function authentication({ auth }: SmtpServerOptions): SMTPServerOptions {
  if (!auth) return { authOptional: true, allowInsecureAuth: true }
  return {
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) => {
      if (username === auth.user && password === auth.password) done(null, { user: username })
      else done(asError({ code: 535, text: '5.7.8 Error: authentication failed' }))
    },
  }
}

function asError(refusal: Refusal | undefined): Error | null {
  if (!refusal) return null
  return Object.assign(new Error(refusal.text), { responseCode: refusal.code })
}

function fixture(name: string): URL {
  return new URL(`./fixtures/tls/${name}`, import.meta.url)
}
