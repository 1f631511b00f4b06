import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { freePort } from './free-port.ts'
import { testSecret } from './open-test-mailshot.ts'
import { type Run, runMailshot } from './run-mailshot.ts'

export interface AstroSite {
  folder: string
  /** What its processes run with. */
  env: Record<string, string>
  mailshot: (...args: string[]) => Promise<Run>
}

const fixture = fileURLToPath(new URL('fixtures/astro-site', import.meta.url))
/** Inside the project, where Astro is found, and as deep as the original, whose imports are relative. */
const root = fileURLToPath(new URL('..', import.meta.url))
const copies = join(root, 'test-results/astro-sites/')

/** A copy of the Astro site among the fixtures, with further files in it; `undefined` takes one out. */
export function openAstroSite(files: Record<string, string | undefined> = {}): AstroSite {
  mkdirSync(copies, { recursive: true })
  const folder = mkdtempSync(copies)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const isMade = (path: string) => /\/(?:\.astro|dist|node_modules)$/.test(path)
  cpSync(fixture, folder, { recursive: true, filter: (path) => !isMade(path) })
  // The built site finds the package's own files there.
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/astro-mailshot'))
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    if (content === undefined) rmSync(file)
    else writeFileSync(file, content)
  }
  const env = {
    MAILSHOT_DATABASE_URL: `file:${join(folder, 'mailshot.db')}`,
    MAILSHOT_SECRET: testSecret,
    MAILSHOT_SENDER: 'off',
    ASTRO_TELEMETRY_DISABLED: '1',
    ASTRO_DEV_BACKGROUND: '0',
  }
  return { folder, env, mailshot: (...args) => runMailshot(args, { cwd: folder, env }) }
}

const astro = join(createRequire(import.meta.url).resolve('astro/package.json'), '../bin/astro.mjs')

/** Builds the site into its `dist/`. */
export async function buildAstroSite(site: AstroSite): Promise<void> {
  const child = run(site, [astro, 'build'])
  const [written, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error(written)
}

export interface AstroServer {
  url: string
  /** A request to the running server; redirects are not followed. */
  ask: (path: string, init?: RequestInit) => Promise<Response>
  stop: () => Promise<void>
}

/** Starts the site in development, or as it was built, on a free port; it answers when this is done. */
export async function startAstroSite(
  site: AstroSite,
  command: 'dev' | 'start',
  at = '/mailshot/health',
): Promise<AstroServer> {
  const port = await freePort()
  const args = command === 'dev' ? [astro, 'dev'] : ['dist/server/entry.mjs']
  const more = { HOST: '127.0.0.1', PORT: String(port) }
  const child = run(site, [...args, '--port', String(port)], more)
  const url = `http://127.0.0.1:${port}`
  await answered(url + at, child)
  return {
    url,
    ask: (path, init) => fetch(url + path, { redirect: 'manual', ...init }),
    stop: async () => {
      const ended = child.exitCode === null && once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

function run({ folder, env }: AstroSite, args: string[], more: Record<string, string> = {}) {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    // Astro serves nothing in a process that looks like a test.
    env: { ...process.env, NODE_ENV: undefined, VITEST: undefined, ...env, ...more },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Asks until the server answers; that of development listens before it knows its pages. */
async function answered(url: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer && answer.status !== 404) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`the server ended with ${child.exitCode}`)
}
