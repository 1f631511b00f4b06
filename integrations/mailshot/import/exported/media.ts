import { type SQL, sql } from 'drizzle-orm/sql'
import type { Row } from './row.ts'

/** The statement that writes images, and answers those that are new. */
export function mediaStatement(rows: readonly Row[]): SQL {
  return sql`
    INSERT INTO media (hash, type, bytes, created_at)
    SELECT r.value ->> 'hash', r.value ->> 'type', unhex(r.value ->> 'bytes'), r.value ->> 'created_at'
    FROM json_each(${JSON.stringify(rows)}) AS r WHERE unhex(r.value ->> 'bytes') IS NOT NULL
    ON CONFLICT (hash) DO NOTHING RETURNING 1`
}
