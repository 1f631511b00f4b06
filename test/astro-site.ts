import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { type Run, runMailshot } from './run-mailshot.ts'

export interface AstroSite {
  folder: string
  mailshot: (...args: string[]) => Promise<Run>
}

const fixture = fileURLToPath(new URL('fixtures/astro-site', import.meta.url))
/** Inside the project, where Astro is found, and as deep as the original, whose imports are relative. */
const copies = fileURLToPath(new URL('../test-results/astro-sites/', import.meta.url))

/** A copy of the Astro site among the fixtures, with further files in it; `undefined` takes one out. */
export function openAstroSite(files: Record<string, string | undefined> = {}): AstroSite {
  mkdirSync(copies, { recursive: true })
  const folder = mkdtempSync(copies)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const isMade = (path: string) => /\/(?:\.astro|dist|node_modules)$/.test(path)
  cpSync(fixture, folder, { recursive: true, filter: (path) => !isMade(path) })
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    if (content === undefined) rmSync(file)
    else writeFileSync(file, content)
  }
  return { folder, mailshot: (...args) => runMailshot(args, { cwd: folder }) }
}
