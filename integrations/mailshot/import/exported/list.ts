import { type SQL, sql } from 'drizzle-orm/sql'
import type { Row } from './row.ts'
import { valuesOf } from './send.ts'

/**
 * The statements that write lists, the last of which answers those that are new: closed ones, since those of the settings are here, and
 * keep what the settings say of them.
 */
export function listStatements(rows: readonly Row[]): SQL[] {
  const given = JSON.stringify(rows)
  const columns = Object.keys(rows[0] ?? {}).filter((name) => name !== 'status')
  return [
    sql`UPDATE lists SET created_at = r.value ->> 'created_at' FROM json_each(${given}) AS r
      WHERE lists.id = r.value ->> 'id' AND lists.created_at > r.value ->> 'created_at'`,
    sql`INSERT INTO lists (${sql.raw(['status', ...columns].join(', '))})
      SELECT 'closed', ${valuesOf(columns)}
      FROM json_each(${given}) AS r WHERE true ON CONFLICT DO NOTHING RETURNING 1`,
  ]
}
