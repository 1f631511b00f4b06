import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Readable, type Stream } from 'node:stream'
import { nativeProgram } from './native.ts'

/** What a process cost and wrote. */
export interface Measured {
  seconds: number
  /** User and system time of all its threads. */
  cpuSeconds: number
  peakMegabytes: number
  out: string
  err: string
}

/**
 * Runs a command to its end, measured by wait4(2).
 *
 * @throws Error with what it wrote when it does not end with 0
 */
export async function measure(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Measured> {
  const child = spawn(nativeProgram('measure'), [command, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const [out, err, cost] = await Promise.all([
    text(readable(child.stdio[1])),
    text(readable(child.stdio[2])),
    text(readable(child.stdio[3])),
    once(child, 'exit'),
  ])
  const [seconds = 0, cpuSeconds = 0, peakKilobytes = 0, code = 1] = cost.split(' ').map(Number)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${out}${err}`)
  return { seconds, cpuSeconds, peakMegabytes: (peakKilobytes * 1024) / 1e6, out, err }
}

function readable(stream: Stream | null | undefined): Readable {
  if (stream instanceof Readable) return stream
  throw new Error('the process could not be started')
}
