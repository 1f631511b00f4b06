import { readdir, readFile } from 'node:fs/promises'
import { LibsqlError } from '@libsql/client'
import { sql } from 'drizzle-orm/sql'
import type { Database } from './open.ts'

const folder = new URL('./migrations/', import.meta.url)

/**
 * Applies the SQL files of `db/migrations` that the database does not have yet, in order, each in one transaction that
 * begins by claiming its name: of several processes starting at once, one applies it and the others go on.
 */
export async function migrate(database: Database): Promise<void> {
  await database.write(
    sql`CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL)`,
  )
  const applied = await appliedNames(database)
  for (const name of await migrationNames()) {
    if (applied.has(name)) continue
    await apply(database, name)
  }
}

async function apply(database: Database, name: string): Promise<void> {
  const statements = (await readFile(new URL(name, folder), 'utf8'))
    .split('--> statement-breakpoint')
    .map((statement) => sql.raw(statement))
  try {
    await database.write(
      sql`INSERT INTO migrations (name, applied_at) VALUES (${name}, unixepoch() * 1000)`,
      ...statements,
    )
  } catch (error) {
    const byAnother = error instanceof LibsqlError && (await appliedNames(database)).has(name)
    if (!byAnother) throw error
  }
}

async function appliedNames(database: Database): Promise<Set<string>> {
  const rows = await database.all<{ name: string }>(sql`SELECT name FROM migrations`)
  return new Set(rows.map((row) => row.name))
}

async function migrationNames(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
}
