import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
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
