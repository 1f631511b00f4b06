import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { testSecret } from './open-test-mailshot.ts'

const bin = fileURLToPath(new URL('../integrations/mailshot/bin.mjs', import.meta.url))

export interface Run {
  code: number | null
  out: string
  err: string
}

export type Child = ReturnType<typeof runNode>

export interface Site {
  /** Where the test may put files; removed after it. */
  folder: string
  env: Record<string, string | undefined>
  /** What follows `node`. */
  commandLine: (args: string[]) => string[]
  mailshot: (...args: string[]) => Promise<Run>
  /** The lines of JSON that a command prints. */
  json: (...args: string[]) => Promise<unknown[]>
  start: (...args: string[]) => Child
  ended: (child: Child) => Promise<Run>
}

/** The command line as processes, on a fixture site with a database of the test's own. */
export function openSite(name = 'site', more: Record<string, string | undefined> = {}): Site {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const env = {
    MAILSHOT_DATABASE_URL: `file:${join(folder, 'mailshot.db')}`,
    MAILSHOT_SECRET: testSecret,
    NO_COLOR: '1',
    ...more,
  }
  const config = fileURLToPath(new URL(`fixtures/${name}/mailshot.config.ts`, import.meta.url))
  const commandLine = (args: string[]) => [bin, ...args, '--config', config]
  const start = (...args: string[]) => runNode(commandLine(args), env, folder)
  const mailshot = (...args: string[]) => endOf(start(...args))
  const json = async (...args: string[]) => {
    const { out, err, code } = await mailshot(...args, '--json')
    if (out === '') throw new Error(`mailshot ${args.join(' ')}: exit ${code}: ${err}`)
    return out
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
  }
  return { folder, env, commandLine, mailshot, json, start, ended: endOf }
}

/** The command line without a site. */
export async function runMailshot(
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Run> {
  return endOf(runNode([bin, ...args], { NO_COLOR: '1', ...options.env }, options.cwd ?? '.'))
}

function runNode(args: string[], env: Record<string, string | undefined>, cwd: string) {
  const { MAILSHOT_SECRET: _, MAILSHOT_DATABASE_URL: __, FORCE_COLOR: ___, ...own } = process.env
  return spawn(process.execPath, args, { env: { ...own, ...env }, cwd, stdio: 'pipe' })
}

async function endOf(child: Child): Promise<Run> {
  child.stdin.end()
  const [out, err, [code]] = await Promise.all([
    child.stdout.destroyed ? '' : text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { code: typeof code === 'number' ? code : null, out, err }
}
