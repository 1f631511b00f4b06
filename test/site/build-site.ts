import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the example site, built once for all tests, the previews included. */
    builtSite: string
  }
}

/** Builds the example site as `npm run build` does; inside the project, where its packages are found. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const outDir = `${root}test-results/site-${process.pid}/`
  const { NODE_ENV: _, ...env } = process.env
  await promisify(execFile)(
    process.execPath,
    [`${root}node_modules/astro/bin/astro.mjs`, 'build', '--outDir', outDir],
    { cwd: root, env: { ...env, MAILSHOT_PREVIEW: 'on', ASTRO_TELEMETRY_DISABLED: '1' } },
  )
  project.provide('builtSite', outDir)
  return () => rm(outDir, { recursive: true, force: true })
}
