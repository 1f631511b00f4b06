import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
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
 * - `left`: why people left by the page, as far as they said it
 * - `domain`: of `people`, what they did, by their recipient domain: `gmail.com complained`
 *
 * `delivery`, and what became of mails in `domain`, are kept by a trigger on the recipients.
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
      FROM json_each(${JSON.stringify(rows)}) WHERE NOT EXISTS (SELECT 1 FROM events WHERE key = value ->> 0)),
    people AS MATERIALIZED (
      SELECT send_id, key, recipient_id, email, type FROM fresh AS f
      WHERE recipient_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM events AS e
        WHERE e.email = f.email AND e.recipient_id = f.recipient_id
          AND e.type = f.type AND e.class IS f.class AND e.is_machine = f.is_machine)
      GROUP BY send_id, key, recipient_id)
    INSERT INTO send_counts (send_id, kind, key, n)
    SELECT send_id, kind, key, sum(n) FROM (
      SELECT send_id, 'events' AS kind, key, count(*) AS n FROM fresh GROUP BY 1, 3
      UNION ALL SELECT send_id, 'hour', hour || ' ' || key, count(*) FROM fresh GROUP BY 1, 3
      UNION ALL SELECT send_id, 'link', url, count(*) FROM fresh WHERE url IS NOT NULL GROUP BY 1, 3
      UNION ALL SELECT send_id, 'people', key, count(*) FROM people GROUP BY 1, 3
      UNION ALL SELECT send_id, 'domain', substr(email, instr(email, '@') + 1) || ' ' || key, count(*) FROM people
        WHERE type IN ('complained', 'unsubscribed', 'opened', 'clicked') GROUP BY 1, 3)
    WHERE true GROUP BY 1, 2, 3
    ON CONFLICT (send_id, kind, key) DO UPDATE SET n = n + excluded.n`
}

/**
 * Counts for a send that somebody left by the link in its mail, once a recipient; to stand before the statement that notes it in the
 * audit.
 */
export function countLeftStatement(
  mailshot: Mailshot,
  { subscriberId, recipientId }: { subscriberId: number; recipientId: number },
  isLeaving: SQL,
): SQL {
  const hour = new Date(mailshot.now()).toISOString().slice(0, 13)
  const isFirst = sql`${isLeaving} AND NOT EXISTS (SELECT 1 FROM audit
    WHERE subject = ${`subscriber:${subscriberId}`} AND action = 'unsubscribe' AND detail ->> 'recipient' = ${recipientId})`
  return sql`
    INSERT INTO send_counts (send_id, kind, key, n)
    SELECT r.send_id, value ->> 0, iif(value ->> 0 = 'domain', substr(r.email, instr(r.email, '@') + 1), value ->> 1)
        || ' unsubscribed', 1
    FROM recipients AS r, json_each(${JSON.stringify([['domain'], ['hour', hour]])})
    WHERE r.id = ${recipientId} AND r.subscriber_id = ${subscriberId} AND ${isFirst}
    UNION ALL SELECT r.send_id, 'people', 'unsubscribed', 1 FROM recipients AS r
    WHERE r.id = ${recipientId} AND r.subscriber_id = ${subscriberId} AND ${isFirst}
    ON CONFLICT (send_id, kind, key) DO UPDATE SET n = n + 1`
}

/** What a fact is counted as: its type, with how lasting a refusal is, and apart what no person did. */
function countKeyOf(fact: Pick<Fact, 'type' | 'class' | 'isMachine'>): string {
  return fact.type + (fact.class ? `:${fact.class}` : '') + (fact.isMachine ? ':machine' : '')
}

/** The last moment that has a date of four digits. */
const latest = Date.UTC(9999, 11, 31)
