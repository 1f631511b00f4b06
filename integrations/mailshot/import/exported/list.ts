import { type SQL, sql } from 'drizzle-orm/sql'
import type { Row } from './row.ts'

/**
 * The statements that write lists, the last of which answers those that are new: closed ones, since those of the settings are here, and
 * keep what the settings say of them.
 */
export function listStatements(rows: readonly Row[]): SQL[] {
  const given = JSON.stringify(rows)
  return [
    sql`UPDATE lists SET created_at = r.value ->> 'created_at' FROM json_each(${given}) AS r
      WHERE lists.id = r.value ->> 'id' AND lists.created_at > r.value ->> 'created_at'`,
    sql`INSERT INTO lists (id, status, title, public, created_at)
      SELECT r.value ->> 'id', 'closed', r.value ->> 'title', r.value ->> 'public', r.value ->> 'created_at'
      FROM json_each(${given}) AS r WHERE true ON CONFLICT DO NOTHING RETURNING 1`,
  ]
}
