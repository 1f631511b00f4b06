import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** What the server does at a step: a line (or several) to answer, or `silence` for ever, or `drop` the connection. */
export type Act = string

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

type Step = keyof typeof usual

/** An SMTP server that misbehaves at one step as its script says, over plain TCP; it copes with pipelined commands. */
export async function startScriptedSmtpServer(script: Script = {}): Promise<ScriptedSmtpServer> {
  const commands: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // The client's breaking off is some tests' subject.
    socket.on('error', () => undefined)
    converse(socket, script, commands)
  })
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
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function converse(socket: Socket, script: Script, commands: string[]): void {
  const state = { buffered: '', inBody: false, bodyBegun: false, refused: false, messages: 0 }

  function act(step: Step): boolean {
    const what = whatToDo(script, step, state)
    if (step === 'mail') state.refused = false
    if (step === 'mail' || step === 'rcpt') state.refused ||= !what.startsWith('2')
    if (step === 'data') state.inBody = what.startsWith('3')
    if (step === 'end') Object.assign(state, { inBody: false, bodyBegun: false })
    if (what === 'drop') socket.destroy()
    else if (what !== 'silence' && what !== '') socket.write(`${what}\r\n`)
    if (what.startsWith('421')) socket.end()
    return what !== 'drop' && what !== 'silence'
  }

  function readBody(): boolean {
    const end = `\r\n${state.buffered}`.indexOf('\r\n.\r\n')
    if (end < 0) {
      if (!state.bodyBegun && state.buffered !== '') act('body')
      state.bodyBegun ||= state.buffered !== ''
      return false
    }
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
    if (step === undefined) return socket.write('250 2.0.0 Ok\r\n')
    return act(step)
  }

  act('greeting')
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    state.buffered += chunk
    while (state.inBody ? readBody() : readCommand());
  })
}

function whatToDo(script: Script, step: Step, state: { messages: number; refused: boolean }): Act {
  const again = state.messages > 0 ? script.next : undefined
  const scripted =
    (step === 'greeting' || step === 'ehlo' ? undefined : again?.[step]) ?? script[step]
  // A client that pipelines has sent DATA before it could see its recipient refused.
  if (step === 'data' && state.refused) return scripted ?? '503 5.5.1 No valid recipients'
  return scripted ?? usual[step]
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
