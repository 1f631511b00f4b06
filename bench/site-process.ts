import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Builds the example site as `npm run build` does, into a folder that is gone with this process. Answers its entry. */
export async function buildSite(): Promise<string> {
  // Inside the project, where its packages are found.
  const outDir = `${root}test-results/bench-site-${process.pid}/`
  process.on('exit', () => rmSync(outDir, { recursive: true, force: true }))
  await promisify(execFile)(
    process.execPath,
    [`${root}node_modules/astro/bin/astro.mjs`, 'build', '--outDir', outDir],
    { cwd: root, env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1' } },
  )
  return `${outDir}server/entry.mjs`
}

/** Starts the built site with its sender, and waits until it listens. */
export async function startSite(entry: string, env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [entry], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.once('exit', () => child.kill())
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += String(chunk)))
  while (!printed.includes('Server listening')) await once(child.stdout, 'data')
  return child
}
