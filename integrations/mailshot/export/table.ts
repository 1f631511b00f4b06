import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'

/**
 * Tables that are exported as they are, but for what only a running worker needs, and for numbers that mean somebody else in another
 * database. `beside`: what that cannot do without, or has by another name.
 */
export const exportedTables = {
  lists: {
    key: 'id',
    first: '',
    pageSize: 100,
    without: ['tried_at', 'synced_at', 'sync_fault'],
    json: ['title'],
    beside: {},
  },
  snapshots: { key: 'hash', first: '', pageSize: 20, without: [], json: ['compiled'], beside: {} },
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
    pageSize: 100,
    without: ['paused_from', 'freeze_cursor', 'freeze_until'],
    json: ['lists', 'exclude', 'counts'],
    beside: {
      counts: sql`(SELECT json_group_array(json_array(kind, key, n) ORDER BY kind, key) FROM send_counts
        WHERE send_id = sends.id)`,
    },
  },
  recipients: {
    key: 'id',
    first: 0,
    pageSize: 1000,
    without: ['subscriber_id', 'claim_id', 'worker_id', 'lane', 'relay_fault_at'],
    json: ['lists', 'active_lists'],
    beside: { subscriber: sql`(SELECT email FROM subscribers WHERE id = subscriber_id)` },
  },
  events: { key: 'id', first: 0, pageSize: 1000, without: ['letter_id'], json: [], beside: {} },
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

/** The columns of a table that are exported, in its own order, then those beside it. */
export async function columnsOf(
  { db }: Pick<Mailshot, 'db'>,
  table: ExportedTable,
): Promise<string[]> {
  const rows = await db.all<{ name: string }>(sql`SELECT name FROM pragma_table_info(${table})`)
  const without: readonly string[] = exportedTables[table].without
  const own = rows.map(({ name }) => name).filter((name) => !without.includes(name))
  return [...own, ...Object.keys(exportedTables[table].beside)]
}

/** A page of a table by ascending key; of a column `beside` it, what that is said to be. */
export async function pageOfTable(
  { db }: Pick<Mailshot, 'db'>,
  table: ExportedTable,
  page: { columns: readonly string[]; after: Value; limit: number },
): Promise<Record<string, Value>[]> {
  const { key } = exportedTables[table]
  const beside: Record<string, SQL> = exportedTables[table].beside
  const columns = page.columns.map((name) => {
    const said = beside[name]
    return said ? sql`${said} AS ${sql.raw(name)}` : sql.raw(`"${name}"`)
  })
  return db.all<Record<string, Value>>(sql`
    SELECT ${sql.join(columns, sql`, `)} FROM ${sql.raw(table)}
    WHERE ${sql.raw(key)} > ${page.after} ORDER BY ${sql.raw(key)} LIMIT ${page.limit}`)
}

/** A value as JSON has it: times as text in ISO 8601, JSON as what it says. */
export function exportedValue(table: ExportedTable, column: string, value: Value): unknown {
  if (typeof value === 'number' && isTime(column)) return new Date(value).toISOString()
  if (typeof value === 'string' && isJson(table, column)) return JSON.parse(value)
  return value
}

/** The same as CSV has it: what is JSON stays text, also where that says but a text. */
export function exportedText(table: ExportedTable, column: string, value: Value): Value {
  const exported = exportedValue(table, column, value)
  if (value !== null && isJson(table, column)) return JSON.stringify(exported)
  return typeof exported === 'string' || typeof exported === 'number' ? exported : null
}

/** Whether a column holds JSON. */
export function isJson(table: ExportedTable, column: string): boolean {
  const json: readonly string[] = exportedTables[table].json
  return json.includes(column)
}

/** `sent_at` is `sentAt` in JSON. */
export function jsonName(column: string): string {
  return column.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** Whether a column holds a time, in ms since 1970. */
export function isTime(column: string): boolean {
  return column === 'at' || column === 'until' || column.endsWith('_at')
}
