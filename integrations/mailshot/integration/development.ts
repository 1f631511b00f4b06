import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AstroIntegrationLogger } from 'astro'
import { addToEnvironment } from './environment.ts'

/**
 * For a developer who has no secret yet: makes one that lasts, and a database of its own beside it, so that the pages work
 * and the real database never learns a secret that is only this machine's. Both live in `.astro/`, which Git ignores.
 */
export function useDevelopmentState(root: URL, logger: Pick<AstroIntegrationLogger, 'info'>): void {
  const folder = new URL('.astro/mailshot/', root)
  const file = new URL('secret', folder)
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, randomBytes(33).toString('base64url'), { mode: 0o600 })
  }
  addToEnvironment({
    MAILSHOT_SECRET: readFileSync(file, 'utf8').trim(),
    MAILSHOT_DATABASE_URL: `file:${fileURLToPath(new URL('dev.db', folder))}`,
  })
  logger.info('no MAILSHOT_SECRET: a database for development only, in .astro/mailshot/')
}
