import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { configFile, root, type Site } from './site.ts'

const cli = fileURLToPath(new URL('../../integrations/mailshot/bin.mjs', import.meta.url))

/** A process that mails: `mailshot deliver`, or the site's server with the sender in it. */
export interface Worker {
  kind: 'worker' | 'server'
  /** What it calls itself at the SMTP server. */
  name: string
  pid: number
  state: 'running' | 'stopped' | 'ended'
  /** The ids that it has had in the database, newest last. */
  ids: string[]
  child: ChildProcess
  ended: Promise<void>
  /** What it wrote on both outputs. */
  output(): string
}

export interface StartOptions {
  name: string
  smtpPort: number
  /** The built server's entry, for a server; a command-line worker without. */
  entry?: string | undefined
  args?: string[]
  /** The user it runs as; the test's own without. */
  uid?: number | undefined
}

/** Starts a process that mails until it is killed or stopped. */
export function startWorker(site: Site, options: StartOptions): Worker {
  const { name, smtpPort, entry, args = [], uid } = options
  const command =
    entry === undefined ? [cli, 'deliver', '--quiet', '--config', configFile, ...args] : [entry]
  const file = join(site.logs, `${name}.log`)
  const output = openSync(file, 'w')
  const child = spawn(process.execPath, command, {
    cwd: root,
    stdio: ['ignore', output, output],
    ...(uid !== undefined && { uid, gid: uid }),
    env: {
      ...inherited(),
      ...site.env,
      HOST: '127.0.0.1',
      PORT: '0',
      SMTP_PORT: String(smtpPort),
      WORKER_NAME: name,
    },
  })
  closeSync(output)
  if (child.pid === undefined) throw new Error(`${name} could not be started`)
  const worker: Worker = {
    kind: entry === undefined ? 'worker' : 'server',
    name,
    pid: child.pid,
    state: 'running',
    ids: [],
    child,
    ended: once(child, 'exit').then(() => void (worker.state = 'ended')),
    output: () => readFileSync(file, 'utf8'),
  }
  return worker
}

/** Runs one command to its end; answers what it printed, also when it fails. */
export async function mailshotCommand(
  site: Site,
  smtpPort: number,
  args: string[],
): Promise<{ code: number; out: string; err: string }> {
  const env = { ...inherited(), ...site.env, SMTP_PORT: String(smtpPort) }
  const running = promisify(execFile)(process.execPath, [cli, ...args, '--config', configFile], {
    cwd: root,
    env,
  })
  const { child } = running
  const { stdout, stderr } = await running.catch(
    (error: { stdout: string; stderr: string }) => error,
  )
  return { code: child.exitCode ?? -1, out: stdout, err: stderr }
}

/** The environment without what would make a process another site's, or a test. */
function inherited(): NodeJS.ProcessEnv {
  const {
    MAILSHOT_SECRET: _,
    MAILSHOT_DATABASE_URL: __,
    NODE_ENV: ___,
    VITEST: ____,
    ...own
  } = process.env
  return own
}
