import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { HookParameters } from 'astro'

/**
 * For a developer who has no secret yet: makes one that lasts, and a database of its own beside it, so that the pages work
 * and the real database never learns a secret that is only this machine's. Both live in `.astro/`, which Git ignores.
 *
 * @returns whether the environment has changed
 */
export function useDevelopmentState({
  config,
  logger,
}: Pick<HookParameters<'astro:config:setup'>, 'config' | 'logger'>): boolean {
  if (process.env['MAILSHOT_SECRET']) return false
  const folder = new URL('.astro/mailshot/', config.root)
  const file = new URL('secret', folder)
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, randomBytes(33).toString('base64url'), { mode: 0o600 })
  }
  process.env['MAILSHOT_SECRET'] = readFileSync(file, 'utf8').trim()
  process.env['MAILSHOT_DATABASE_URL'] ??= `file:${fileURLToPath(new URL('dev.db', folder))}`
  logger.info('no MAILSHOT_SECRET: a database for development only, in .astro/mailshot/')
  return true
}
