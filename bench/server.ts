import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { isThere, nativeProgram } from './native.ts'
import { freePort } from '../test/free-port.ts'

/** A server in a process of its own, on a port of the loopback. */
export interface Server {
  port: number
  /** User and system time until now, in seconds. */
  cpuSeconds(): number
  /** Ends it; answers what it printed after its port. */
  stop(): Promise<string>
}

/** Starts the drop sink; it keeps every so-manieth message in a file, where told to. */
export function startSink(keep?: { every: number; file: string }): Promise<Server> {
  return startServer(nativeProgram('sink'), keep ? [String(keep.every), keep.file] : [])
}

/** Starts a proxy that holds back each octet for so many milliseconds, both ways. */
export function startDelay(targetPort: number, oneWayMs: number): Promise<Server> {
  return startServer(nativeProgram('delay'), [String(targetPort), String(oneWayMs)])
}

/** Starts a program whose first line says the port that it listens on. */
export async function startServer(command: string, args: string[]): Promise<Server> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += String(chunk)))
  while (!printed.includes('\n')) await once(child.stdout, 'data')
  const port = Number.parseInt(printed, 10)
  const skip = printed.indexOf('\n') + 1
  return { ...serverOf(child), port, stop: async () => (await end(child), printed.slice(skip)) }
}

/** Whether Postfix's generators are installed; says how to get them where they are not. */
export function hasPostfix(): boolean {
  if (isThere('smtp-source') && isThere('smtp-sink')) return true
  console.log(
    'skipped: smtp-source and smtp-sink are not on the path; they are in Debian’s postfix package, which need not run:\n' +
      '  apt-get install --no-install-recommends postfix',
  )
  return false
}

/** Starts Postfix's own drop server. */
export async function startSmtpSink(): Promise<Server> {
  const port = await freePort()
  // As root it insists on another user.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn('smtp-sink', [...user, `127.0.0.1:${port}`, '1000'], { stdio: 'ignore' })
  await untilListening(port)
  return { ...serverOf(child), port, stop: async () => (await end(child), '') }
}

type Child = ReturnType<typeof spawn>

// So that servers end with a bench that is stopped.
process.once('SIGTERM', () => process.exit(143))

function serverOf(child: Child): Pick<Server, 'cpuSeconds'> {
  process.once('exit', () => child.kill())
  return { cpuSeconds: () => cpuSecondsOf(child.pid ?? 0) }
}

async function end(child: Child): Promise<void> {
  const ended = child.exitCode === null && child.signalCode === null && once(child, 'close')
  child.kill()
  await ended
}

/** Fields 14 and 15 of proc(5), in hundredths of a second; 0 where there is no such file. */
export function cpuSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return 0
  }
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await setTimeout(50)
  }
  throw new Error(`nothing listens on port ${port}`)
}
