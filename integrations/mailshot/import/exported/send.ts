import { type SQL, sql } from 'drizzle-orm/sql'
import type { Row } from './row.ts'

/** A send that was open elsewhere ends here: who was left is mailed there, or by nobody. */
export function endedSend(row: Row, now: number): Row {
  const { status, total, sent, failed, skipped, uncertain } = row
  if (status === 'done' || status === 'cancelled') return row
  const settled = [sent, failed, skipped, uncertain].reduce<number>((n, one) => n + Number(one), 0)
  return {
    ...row,
    status: 'cancelled',
    reason: `import: it was ${String(status)}`,
    finished_at: now,
    cancelled: Math.max(0, Number(total) - settled),
  }
}

/**
 * The statements that write sends with what was counted of them. What is here already stays as it is; the last one answers the ids of
 * those that were not.
 */
export function sendStatements(
  rows: readonly Row[],
  { actor, now }: { actor: string; now: number },
): SQL[] {
  const given = JSON.stringify(rows)
  const columns = Object.keys(rows[0] ?? {}).filter(
    (name) => name !== 'counts' && name !== 'trigger_key',
  )
  const isNew = sql`NOT EXISTS (SELECT 1 FROM sends WHERE sends.id = r.value ->> 'id')`
  return [
    sql`INSERT INTO send_counts (send_id, kind, key, n)
      SELECT r.value ->> 'id', c.value ->> 0, c.value ->> 1, c.value ->> 2
      FROM json_each(${given}) AS r, json_each(r.value ->> 'counts') AS c WHERE ${isNew} ON CONFLICT DO NOTHING`,
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      SELECT ${now}, ${actor}, 'import', 'send:' || (r.value ->> 'id'), '{}' FROM json_each(${given}) AS r WHERE ${isNew}`,
    sql`INSERT INTO sends (${sql.raw(columns.join(', '))}, trigger_key)
      SELECT ${valuesOf(columns)}, iif(EXISTS (SELECT 1 FROM sends WHERE trigger_key = r.value ->> 'trigger_key'),
        'import:' || (r.value ->> 'id'), r.value ->> 'trigger_key')
      FROM json_each(${given}) AS r WHERE ${isNew} ON CONFLICT (id) DO NOTHING RETURNING id`,
  ]
}

/** The values of a JSON row `r` in these columns. */
export function valuesOf(columns: readonly string[]): SQL {
  return sql.join(
    columns.map((name) => sql`r.value ->> ${name}`),
    sql`, `,
  )
}

/** Whether a send of this id came by an import, as its line in the audit says. */
export function isImported(id: SQL): SQL {
  return sql`EXISTS (SELECT 1 FROM audit AS a WHERE a.subject = 'send:' || ${id} AND a.action = 'import')`
}

/** The counters of sends that were open elsewhere, of which others were settled there meanwhile than their own line says. */
export function recountStatement(ids: readonly string[]): SQL {
  const n = (status: string) =>
    sql`(SELECT count(*) FROM recipients WHERE send_id = sends.id AND status = ${status})`
  return sql`
    UPDATE sends SET total = (SELECT count(*) FROM recipients WHERE send_id = sends.id), sent = ${n('sent')},
      failed = ${n('failed')}, skipped = ${n('skipped')}, cancelled = ${n('cancelled')}, uncertain = ${n('uncertain')}
    WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)})) AND reason LIKE 'import: it was %' AND purged_at IS NULL`
}
