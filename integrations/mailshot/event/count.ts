import { type SQL, sql } from 'drizzle-orm/sql'
import type { Fact } from './fact.ts'

/**
 * Adds facts that are not stored yet to the counters of their sends; to stand before the statement that stores them, and without
 * the same key twice. Kinds and keys of `send_counts`:
 *
 * - `events`: how many of a kind: `delivered`, `bounced:hard`, `opened:machine`, …
 * - `people`: of how many recipients, each counted once a kind
 * - `hour`: the same as `events`, by the hour (UTC) of the report: `2026-11-22T12 opened`
 * - `link`: how often people followed it, by its address
 *
 * `delivery` and `domain` are kept by a trigger on the recipients.
 */
export function countStatement(facts: readonly Fact[]): SQL {
  const rows = facts
    .filter(({ sendId }) => sendId !== null)
    .map((fact) => [
      fact.key,
      fact.sendId,
      countKeyOf(fact),
      new Date(Math.min(Math.max(fact.at, 0), latest)).toISOString().slice(0, 13),
      fact.type === 'clicked' && !fact.isMachine ? fact.url : null,
      fact.recipientId,
      fact.type,
      fact.class,
      fact.isMachine,
      fact.email,
    ])
  return sql`
    WITH fresh AS MATERIALIZED (
      SELECT value ->> 1 AS send_id, value ->> 2 AS key, value ->> 3 AS hour, value ->> 4 AS url, value ->> 5 AS recipient_id,
        value ->> 6 AS type, value ->> 7 AS class, value ->> 8 AS is_machine,
        value ->> 9 AS email
      FROM json_each(${JSON.stringify(rows)}) WHERE NOT EXISTS (SELECT 1 FROM events WHERE key = value ->> 0))
    INSERT INTO send_counts (send_id, kind, key, n)
    SELECT send_id, kind, key, sum(n) FROM (
      SELECT send_id, 'events' AS kind, key, count(*) AS n FROM fresh GROUP BY 1, 3
      UNION ALL SELECT send_id, 'hour', hour || ' ' || key, count(*) FROM fresh GROUP BY 1, 3
      UNION ALL SELECT send_id, 'link', url, count(*) FROM fresh WHERE url IS NOT NULL GROUP BY 1, 3
      UNION ALL SELECT send_id, 'people', key, count(DISTINCT recipient_id) FROM fresh AS f
        WHERE recipient_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM events AS e
          WHERE e.email = f.email AND e.recipient_id = f.recipient_id
            AND e.type = f.type AND e.class IS f.class AND e.is_machine = f.is_machine)
        GROUP BY 1, 3)
    WHERE true GROUP BY 1, 2, 3
    ON CONFLICT (send_id, kind, key) DO UPDATE SET n = n + excluded.n`
}

/** What a fact is counted as: its type, with how lasting a refusal is, and apart what no person did. */
export function countKeyOf(fact: Pick<Fact, 'type' | 'class' | 'isMachine'>): string {
  return fact.type + (fact.class ? `:${fact.class}` : '') + (fact.isMachine ? ':machine' : '')
}

/** The last moment that has a date of four digits. */
const latest = Date.UTC(9999, 11, 31)
