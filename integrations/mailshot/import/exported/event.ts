import { type SQL, sql } from 'drizzle-orm/sql'
import type { Row } from './row.ts'
import { isImported, valuesOf } from './send.ts'

/**
 * The statement that writes reports, from which nothing follows here any more, and answers those that are new. A report of a mail whose
 * recipient is gone here is left out.
 */
export function eventStatement(rows: readonly Row[]): SQL {
  const given = JSON.stringify(rows)
  const left = ['id', 'recipient_id']
  const columns = Object.keys(rows[0] ?? {}).filter((name) => !left.includes(name))
  const recipient = sql`(SELECT p.id FROM recipients AS p
    WHERE p.send_id = r.value ->> 'send_id' AND p.email = r.value ->> 'email')`
  const isNew = sql`NOT EXISTS (SELECT 1 FROM events AS e WHERE e.key = n.value ->> 'key')`
  const areFree = sql`(SELECT min(n.value ->> 'id') FROM json_each(${given}) AS n WHERE ${isNew})
    > ifnull((SELECT max(id) FROM events), 0)`
  return sql`
    INSERT INTO events (id, recipient_id, ${sql.raw(columns.join(', '))})
    SELECT iif(${areFree}, r.value ->> 'id', NULL), iif(r.value ->> 'recipient_id' IS NULL, NULL, ${recipient}),
      ${valuesOf(columns)}
    FROM json_each(${given}) AS r
    WHERE (r.value ->> 'send_id' IS NULL OR ${isImported(sql`(r.value ->> 'send_id')`)})
      AND (r.value ->> 'recipient_id' IS NULL OR ${recipient} IS NOT NULL)
    ON CONFLICT (key) DO NOTHING RETURNING 1`
}
