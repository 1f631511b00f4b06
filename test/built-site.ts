import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject, onTestFinished } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { testSecret } from './open-test-mailshot.ts'
import { type Run, runMailshot } from './run-mailshot.ts'
import { startSmtpServer, type TestSmtpServer } from './smtp-server.ts'
import { freePort } from './free-port.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const startScript = manifest.scripts.start

export interface BuiltSite {
  /** Where the server listens; the site's public address too, unless the environment says another. */
  url: string
  /** Where the test may put files; removed after it. */
  folder: string
  /** What the server and the commands run with. */
  env: Record<string, string>
  smtp: TestSmtpServer
  /** The command line, on the database of this site. */
  mailshot: (...args: string[]) => Promise<Run>
  /** The lines of JSON that a command prints. */
  json: (...args: string[]) => Promise<unknown[]>
  /** What the server has written until now, on both its outputs. */
  log: () => string
  /** Ends the server, as a supervisor would; answers its exit code. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>
}

export interface BuiltSiteOptions {
  env?: Record<string, string>
  smtp?: Parameters<typeof startSmtpServer>[0]
  /** Called before the server starts, with its database ready. */
  prepare?: (site: Pick<BuiltSite, 'mailshot' | 'json' | 'folder' | 'url'>) => Promise<void>
}

/** Starts the built example site as a process of its own, with its own database and a real SMTP server. */
export async function startBuiltSite(options: BuiltSiteOptions = {}): Promise<BuiltSite> {
  const site = await prepareSite(options)
  await must(site.mailshot('init'))
  await options.prepare?.(site)
  const server = spawnServer(site.env)
  onTestFinished(async () => void (await server.stop('SIGKILL')))
  await server.listening
  return { ...site, log: server.log, stop: server.stop }
}

/** All of a site but its running server; nothing is in its folder yet. */
export async function prepareSite({ env = {}, smtp: smtpOptions }: BuiltSiteOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-site-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const smtp = await startSmtpServer(smtpOptions)
  onTestFinished(() => smtp.close())
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const full = {
    HOST: '127.0.0.1',
    PORT: String(port),
    SITE_URL: url,
    SMTP_HOST: smtp.host,
    SMTP_PORT: String(smtp.port),
    SMTP_TLS: 'none',
    SMTP_USER: '',
    MAILSHOT_PACE: 'fast',
    MAILSHOT_DATABASE_URL: `file:${join(folder, 'mailshot.db')}`,
    MAILSHOT_SECRET: testSecret,
    MAILSHOT_REDIRECT_TO: '',
    MAILSHOT_HOLD: '',
    NO_COLOR: '1',
    ...env,
  }
  const mailshot = (...args: string[]) => runMailshot(args, { cwd: root, env: full })
  const json = async (...args: string[]) => {
    const { out } = await must(mailshot(...args, '--json'))
    const lines = out.trimEnd().split('\n')
    return lines.filter(Boolean).map((line): unknown => JSON.parse(line))
  }
  return { url, folder, env: full, smtp, mailshot, json }
}

/** Starts the built server; `listening` fails with what it wrote when it ends instead. */
export function spawnServer(env: Record<string, string>, by: 'node' | 'npm' = 'node') {
  const entry = join(inject('builtSite'), 'server/entry.mjs')
  const start = startScript.replace('dist/server/entry.mjs', entry)
  const [command, args] =
    by === 'node' ? [process.execPath, [entry]] : ['npm', ['exec', '--call', start]]
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let written = ''
  const ended = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null))
  const listening = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      written += String(chunk)
      if (written.includes('Server listening')) resolve()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('close', () => reject(new Error(`the server ended:\n${written}`)))
  })
  // Whoever waits for the end only is not to be told of the start.
  listening.catch(() => undefined)
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return ended
  }
  return { listening, ended, log: () => written, stop }
}

async function must(run: Promise<Run>): Promise<Run> {
  const result = await run
  if (result.code === 0) return result
  throw new Error(`mailshot ended with ${result.code}:\n${result.err}`)
}
