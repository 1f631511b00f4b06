import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

/**
 * What the server does at a step: a line (or several) to answer, or `silence` for ever, or `drop` the connection; with
 * ` then drop` behind a line, both; `trickle 250-more` says that line again and again. A 421 ends the connection, but
 * not with ` then serve` behind it. `deaf` reads no more.
 */
export type Act = string

/** Where the server is when it asks what to do. */
export interface Moment {
  step: Step
  /** The first is 0. */
  connection: number
  /** How many bodies the connection has brought. */
  messages: number
  /** The address of the message's RCPT, once it came. */
  to: string
}

export interface Script {
  greeting?: Act
  ehlo?: Act
  starttls?: Act
  auth?: Act
  mail?: Act
  rcpt?: Act
  data?: Act
  /** While the body comes, after its first bytes. */
  body?: Act
  /** After the final dot. */
  end?: Act
  /** Answers of the second and later messages of a connection, where they differ. */
  next?: Omit<Script, 'next' | 'greeting' | 'ehlo'>
}

export interface ScriptedSmtpServer {
  host: string
  port: number
  /** Every command line, in the order it came, whatever the connection; `<body>` for a whole body. */
  commands: string[]
  /** How many connections were made. */
  connections(): number
  /** How many bodies came whole, down to the dot. */
  bodies(): number
  /** The messages to somebody whose body came whole, and what the server did then. */
  books: { to: string; body: string; connection: number; answer: Act }[]
  /** How many connections are open. */
  open(): number
  close(): Promise<void>
}

const usual = {
  greeting: '220 scripted.example ESMTP',
  ehlo: '250-scripted.example\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN',
  starttls: '454 4.7.0 TLS not available',
  auth: '235 2.7.0 Authentication successful',
  mail: '250 2.1.0 Ok',
  rcpt: '250 2.1.5 Ok',
  data: '354 End data with <CR><LF>.<CR><LF>',
  body: '',
  end: '250 2.0.0 Ok: queued as SCRIPTED',
} as const

export type Step = keyof typeof usual

/** An SMTP server that misbehaves as its script says, over plain TCP or TLS; it copes with pipelined commands. */
export async function startScriptedSmtpServer(
  script: Script | ((moment: Moment) => Act | undefined) = {},
  tls: 'none' | 'implicit' = 'none',
): Promise<ScriptedSmtpServer> {
  const direct =
    typeof script === 'function' ? script : (moment: Moment) => fromScript(script, moment)
  const commands: string[] = []
  const books: ScriptedSmtpServer['books'] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const listen = (socket: Socket) => {
    const connection = connections
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // The client's breaking off is some tests' subject.
    socket.on('error', () => undefined)
    converse({ socket, connection, direct, commands, books })
  }
  const server = tls === 'none' ? createServer(listen) : createTlsServer(certificate(), listen)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    host: '127.0.0.1',
    port: address.port,
    commands,
    connections: () => connections,
    bodies: () => commands.filter((command) => command === '<body>').length,
    books,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Conversation {
  socket: Socket
  connection: number
  direct: (moment: Moment) => Act | undefined
  commands: string[]
  books: ScriptedSmtpServer['books']
}

function converse({ socket, connection, direct, commands, books }: Conversation): void {
  const state = {
    buffered: '',
    body: '',
    inBody: false,
    bodyBegun: false,
    refused: false,
    messages: 0,
    to: '',
    isOver: false,
  }

  function act(step: Step): boolean {
    const { messages, to } = state
    const scripted = direct({ step, connection, messages, to })
    // A client that pipelines has sent DATA before it could see its recipient refused.
    const fallback =
      step === 'data' && state.refused ? '503 5.5.1 No valid recipients' : usual[step]
    const what = scripted ?? fallback
    if (step === 'mail') state.refused = false
    if (step === 'mail' || step === 'rcpt') state.refused ||= !what.startsWith('2')
    if (step === 'data') state.inBody = what.startsWith('354')
    if (step === 'end') {
      if (!state.refused) books.push({ to, body: state.body, connection, answer: what })
      Object.assign(state, { inBody: false, bodyBegun: false })
    }
    return play(what)
  }

  function play(what: Act): boolean {
    if (what.startsWith('trickle ')) return trickle(socket, what.slice('trickle '.length))
    if (what === 'deaf') return deafen(socket)
    const line = what.replace(/ then (?:drop|serve)$/, '')
    const isClosing = what.startsWith('421') && !what.endsWith(' then serve')
    const isEnd = what === 'drop' || what.endsWith(' then drop') || isClosing
    if (line !== 'drop' && line !== 'silence' && line !== '') socket.write(`${line}\r\n`)
    if (isClosing) socket.end()
    else if (isEnd) socket.destroy()
    state.isOver ||= isEnd || what === 'silence'
    return !state.isOver
  }

  function readBody(): boolean {
    const end = `\r\n${state.buffered}`.indexOf('\r\n.\r\n')
    if (end < 0) {
      if (!state.bodyBegun && state.buffered !== '') act('body')
      state.bodyBegun ||= state.buffered !== ''
      return false
    }
    state.body = state.buffered.slice(0, end)
    state.buffered = state.buffered.slice(end + 3)
    commands.push('<body>')
    const goesOn = act('end')
    state.messages += 1
    return goesOn
  }

  function readCommand(): boolean {
    const end = state.buffered.indexOf('\r\n')
    if (end < 0) return false
    const command = state.buffered.slice(0, end)
    state.buffered = state.buffered.slice(end + 2)
    commands.push(command)
    const step = stepOf(command)
    if (step === undefined) return play(command === 'QUIT' ? '221 2.0.0 Bye then drop' : '250 Ok')
    if (step === 'rcpt') state.to = command.slice('RCPT TO:<'.length, -1)
    return act(step)
  }

  // Each answer is a write of its own, which would else wait until the client acknowledged the one before.
  socket.setNoDelay(true)
  act('greeting')
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    state.buffered += chunk
    while (!state.isOver && (state.inBody ? readBody() : readCommand()));
  })
}

/** The key and certificate that `testCa` has signed, for 127.0.0.1. */
export function certificate(): { key: Buffer; cert: Buffer } {
  const read = (name: string) => readFileSync(new URL(`./fixtures/tls/${name}`, import.meta.url))
  return { key: read('test-only-server-key.pem'), cert: read('test-only-server.pem') }
}

function deafen(socket: Socket): false {
  socket.pause()
  return false
}

function trickle(socket: Socket, line: string): false {
  const timer = setInterval(() => socket.write(`${line}\r\n`), 10)
  socket.once('close', () => clearInterval(timer))
  return false
}

function fromScript(script: Script, { step, messages }: Moment): Act | undefined {
  const again = messages > 0 ? script.next : undefined
  return (step === 'greeting' || step === 'ehlo' ? undefined : again?.[step]) ?? script[step]
}

const steps: Record<string, Step> = {
  EHLO: 'ehlo',
  HELO: 'ehlo',
  STAR: 'starttls',
  AUTH: 'auth',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
}

function stepOf(command: string): Step | undefined {
  return steps[command.slice(0, 4).toUpperCase()]
}
