import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { sql } from 'drizzle-orm/sql'
import type { Database } from './open.ts'
import { codeOf } from './patience.ts'

/**
 * Applies the SQL files of `db/migrations` that the database does not have yet, in order, each in one transaction that
 * begins by claiming its name: of several processes starting at once, one applies it and the others go on.
 */
export async function migrate(database: Database): Promise<void> {
  await database.write(
    sql`CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL)`,
  )
  const applied = await appliedNames(database)
  const folder = findFolder()
  for (const name of await migrationNames(folder)) {
    if (!applied.has(name)) await apply(database, folder, name)
  }
}

async function apply(database: Database, folder: string, name: string): Promise<void> {
  const statements = (await readFile(join(folder, name), 'utf8'))
    .split('--> statement-breakpoint')
    .map((statement) => sql.raw(statement))
  try {
    await database.write(
      sql`INSERT INTO migrations (name, applied_at) VALUES (${name}, unixepoch() * 1000)`,
      ...statements,
    )
  } catch (error) {
    const byAnother = codeOf(error) !== '' && (await appliedNames(database)).has(name)
    if (!byAnother) throw error
  }
}

async function appliedNames(database: Database): Promise<Set<string>> {
  const rows = await database.all<{ name: string }>(sql`SELECT name FROM migrations`)
  return new Set(rows.map((row) => row.name))
}

/** The migrations of this version, by name; a database that has had others is of a newer one. */
export function knownMigrations(): Promise<string[]> {
  return migrationNames(findFolder())
}

async function migrationNames(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
}

/** Beside this file; in a built site, which is one bundle, in the installed package. */
function findFolder(): string {
  const beside = join(import.meta.dirname, 'migrations')
  if (existsSync(beside)) return beside
  const { resolve } = createRequire(join(process.cwd(), 'package.json'))
  return join(dirname(resolve('astro-mailshot/config')), '../../db/migrations')
}
