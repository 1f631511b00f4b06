import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'

/**
 * Tables that are exported as they are, but for what only a running worker needs. `beside`: what JSON Lines have more, since
 * another instance cannot do without; in a spreadsheet nobody could read it.
 */
export const exportedTables = {
  media: {
    key: 'hash',
    first: '',
    pageSize: 8,
    without: ['bytes'],
    json: [],
    beside: { bytes: sql`hex(bytes)` },
  },
  sends: {
    key: 'id',
    first: '',
    pageSize: 20,
    without: ['paused_from', 'freeze_cursor', 'freeze_until'],
    json: ['lists', 'exclude', 'compiled', 'counts'],
    beside: {
      compiled: sql`(SELECT compiled FROM snapshots WHERE hash = sends.snapshot)`,
      counts: sql`(SELECT json_group_array(json_array(kind, key, n) ORDER BY kind, key) FROM send_counts
        WHERE send_id = sends.id)`,
    },
  },
  recipients: {
    key: 'id',
    first: 0,
    pageSize: 1000,
    without: ['claim_id', 'worker_id', 'lane', 'relay_fault_at'],
    json: ['lists', 'active_lists'],
    // A number may be another person's elsewhere.
    beside: { subscriber: sql`(SELECT email FROM subscribers WHERE id = subscriber_id)` },
  },
  events: { key: 'id', first: 0, pageSize: 1000, without: [], json: [], beside: {} },
} as const satisfies Record<string, Plan>

interface Plan {
  key: string
  first: string | number
  pageSize: number
  without: string[]
  json: string[]
  beside: Record<string, SQL>
}

export type ExportedTable = keyof typeof exportedTables

type Value = string | number | null

/** The columns of a table that are exported, in its own order. */
export async function columnsOf(
  { db }: Pick<Mailshot, 'db'>,
  table: ExportedTable,
): Promise<string[]> {
  const rows = await db.all<{ name: string }>(sql`SELECT name FROM pragma_table_info(${table})`)
  const without: readonly string[] = exportedTables[table].without
  return rows.map(({ name }) => name).filter((name) => !without.includes(name))
}

/** A page of a table by ascending key; of a column `beside` it, what that is said to be. */
export async function pageOfTable(
  { db }: Pick<Mailshot, 'db'>,
  table: ExportedTable,
  page: { columns: readonly string[]; after: Value },
): Promise<Record<string, Value>[]> {
  const { key, pageSize } = exportedTables[table]
  const beside: Record<string, SQL> = exportedTables[table].beside
  const columns = page.columns.map((name) => {
    const said = beside[name]
    return said ? sql`${said} AS ${sql.raw(name)}` : sql.raw(`"${name}"`)
  })
  return db.all<Record<string, Value>>(sql`
    SELECT ${sql.join(columns, sql`, `)} FROM ${sql.raw(table)}
    WHERE ${sql.raw(key)} > ${page.after} ORDER BY ${sql.raw(key)} LIMIT ${pageSize}`)
}

/** A value as it is exported: times as text in ISO 8601, JSON as what it says. */
export function exportedValue(table: ExportedTable, column: string, value: Value): unknown {
  const json: readonly string[] = exportedTables[table].json
  if (typeof value === 'number' && isTime(column)) return new Date(value).toISOString()
  if (typeof value === 'string' && json.includes(column)) return JSON.parse(value)
  return value
}

/** `sent_at` is `sentAt` in JSON. */
export function jsonName(column: string): string {
  return column.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** Whether a column holds a time, in ms since 1970. */
export function isTime(column: string): boolean {
  return column === 'at' || column === 'until' || column.endsWith('_at')
}
