import { existsSync } from 'node:fs'
import { chmod, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { checkIntegrity, copyDatabase, publish, withClient } from '../../db/copy.ts'
import { databaseFile, requireDatabase } from '../../db/open.ts'
import { partialOf, removePartial, sweepPartials } from '../../db/partial.ts'
import type { MailshotConfig } from './config.ts'
import { MailshotError } from './error.ts'
import { backupKey } from './hold.ts'

export interface Backup {
  file: string
  bytes: number
  /** When it was made, in milliseconds. */
  madeAt: number
}

/**
 * Writes a consistent copy of the database into a file that does not exist yet, while it is in use, and checks it. The copy
 * knows that it is one: wherever it is opened, nothing is sent from it until somebody takes it over.
 *
 * @throws MailshotError when the file exists, or the database is missing or none that can be copied
 */
export async function backUp(config: MailshotConfig, to: string): Promise<Backup> {
  const source = requireFile(config, 'backup')
  requireDatabase(source)
  const file = resolve(to)
  if (existsSync(file)) {
    throw new MailshotError(`${to}: the file exists, and no backup is overwritten; name another`)
  }
  const partial = partialOf(file)
  try {
    await sweepPartials(file)
    await copyDatabase(source, partial)
    const madeAt = await mark(partial)
    await checkIntegrity(partial, to)
    await chmod(partial, 0o600)
    await publish(partial, file)
    return { file: to, bytes: (await stat(file)).size, madeAt }
  } finally {
    await removePartial(partial)
  }
}

/**
 * The file that a command copies or replaces.
 *
 * @throws MailshotError when there is none: the database is a server's
 */
export function requireFile(config: MailshotConfig, command: string): string {
  const file = databaseFile(config.database)
  if (file !== undefined) return file
  throw new MailshotError(
    `${command}: the database is a server's (${config.database.replace(/\?.*$/, '')}), which has its own copies: ` +
      'of Turso, "turso db export" and its point-in-time branches; of sqld, a snapshot of its data folder. ' +
      'Before one of them is opened, set MAILSHOT_HOLD=1 and pause its sends (mailshot pause)',
  )
}

/** A copy of a copy is as old as the first. */
async function mark(file: string): Promise<number> {
  return withClient(file, async (client) => {
    await client.execute({
      sql: `INSERT INTO meta (key, value)
        VALUES (?, CAST(CAST(unixepoch('subsec') * 1000 AS INTEGER) AS TEXT)) ON CONFLICT DO NOTHING`,
      args: [backupKey],
    })
    const { rows } = await client.execute({
      sql: 'SELECT value FROM meta WHERE key = ?',
      args: [backupKey],
    })
    return Number(rows[0]?.['value'])
  })
}
