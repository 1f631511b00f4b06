import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MailshotError } from '../integrations/mailshot/error.ts'

const sources = fileURLToPath(new URL('native/', import.meta.url))
const cache = fileURLToPath(new URL('../node_modules/.cache/mailshot-bench/', import.meta.url))

/**
 * The path of one of this folder's C programs, compiled at its first use and after each change.
 *
 * @throws MailshotError where there is no C compiler
 */
export function nativeProgram(name: 'sink' | 'delay' | 'measure'): string {
  const source = join(sources, `${name}.c`)
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12)
  const program = join(cache, `${name}-${hash}`)
  if (existsSync(program)) return program
  if (!isThere('cc')) {
    throw new MailshotError('the benches need a C compiler: apt-get install gcc libc6-dev')
  }
  mkdirSync(cache, { recursive: true })
  // Renamed when whole, since several benches may start at once.
  const unfinished = `${program}.${process.pid}`
  execFileSync('cc', ['-O2', '-o', unfinished, source], { stdio: 'inherit' })
  renameSync(unfinished, program)
  return program
}

/** Whether a command is on the path. */
export function isThere(command: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(':')
  return folders.some((folder) => existsSync(join(folder, command)))
}
