import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'

/** Tables that are exported as they are, but for what only a running worker needs. */
export const exportedTables = {
  sends: {
    key: 'id',
    first: '',
    without: ['trigger_key', 'paused_from', 'freeze_cursor', 'freeze_until'],
    json: ['lists', 'exclude'],
  },
  recipients: {
    key: 'id',
    first: 0,
    without: ['claim_id', 'worker_id', 'lane', 'relay_fault_at'],
    json: ['lists', 'active_lists'],
  },
  events: { key: 'id', first: 0, without: [], json: [] },
} as const satisfies Record<
  string,
  { key: string; first: string | number; without: string[]; json: string[] }
>

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

/** A page of a table by ascending key. */
export async function pageOfTable(
  { db }: Pick<Mailshot, 'db'>,
  table: ExportedTable,
  page: { columns: readonly string[]; after: Value; limit: number },
): Promise<Record<string, Value>[]> {
  const { key } = exportedTables[table]
  const columns = page.columns.map((name) => `"${name}"`).join(', ')
  return db.all<Record<string, Value>>(sql`
    SELECT ${sql.raw(columns)} FROM ${sql.raw(table)}
    WHERE ${sql.raw(key)} > ${page.after} ORDER BY ${sql.raw(key)} LIMIT ${page.limit}`)
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

function isTime(column: string): boolean {
  return column === 'at' || column === 'until' || column.endsWith('_at')
}
