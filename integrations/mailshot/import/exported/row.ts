import { sql } from 'drizzle-orm/sql'
import { deliveryStates, recipientStatuses } from '../../../../db/status.ts'
import { exportedTables, type ExportedTable, isTime, jsonName } from '../../export/table.ts'
import type { Mailshot } from '../../mailshot.ts'

export type Value = string | number | null

/** A row by the names of its columns: times in ms, JSON as text. */
export type Row = Record<string, Value>

interface Column {
  name: string
  type: string
  isNeeded: boolean
  standard: Value
}

/** Reads what JSON Lines of an export say of one row of a table; a text says why it cannot be one. */
export async function openRowReader(
  { db }: Pick<Mailshot, 'db'>,
  table: ExportedTable,
): Promise<(given: Record<string, unknown>) => Row | string> {
  const { without, beside } = exportedTables[table]
  const left: readonly string[] = without
  const rows = await db.all<{ name: string; type: string; notnull: number; standard: Value }>(
    sql`SELECT name, type, "notnull", dflt_value AS standard FROM pragma_table_info(${table})`,
  )
  const columns = rows
    .filter(({ name }) => !left.includes(name))
    .map(({ name, type, notnull, standard }) => {
      return { name, type: type.toLowerCase(), isNeeded: notnull === 1, standard: bare(standard) }
    })
    .concat(
      Object.keys(beside).map((name) => {
        return { name, type: 'text', isNeeded: name !== 'subscriber', standard: null }
      }),
    )
  return (given) => readRow(table, columns, given)
}

function readRow(
  table: ExportedTable,
  columns: readonly Column[],
  given: Record<string, unknown>,
): Row | string {
  const row: Row = {}
  for (const column of columns) {
    const name = jsonName(column.name)
    const said = given[name] ?? null
    if (said === null && column.isNeeded && column.standard === null) return `${name} is missing`
    const value = said === null ? column.standard : readValue(table, column, said)
    if (value === undefined) return `${name} cannot be ${JSON.stringify(said)?.slice(0, 60)}`
    row[column.name] = value
  }
  return row
}

function readValue(table: ExportedTable, { name, type }: Column, said: unknown): Value | undefined {
  const json: readonly string[] = exportedTables[table].json
  if (isTime(name)) return readTime(said)
  if (json.includes(name)) return JSON.stringify(said)
  if (type === 'integer') {
    const number = typeof said === 'boolean' ? Number(said) : said
    return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined
  }
  if (typeof said !== 'string') return undefined
  const known = words[`${table}.${name}`]
  return known === undefined || known.includes(said) ? said : undefined
}

function readTime(said: unknown): number | undefined {
  const ms = typeof said === 'string' ? Date.parse(said) : said
  return typeof ms === 'number' && Number.isSafeInteger(ms) ? ms : undefined
}

/** What SQLite says of a default is SQL: `'[]'`, `0`, `false`. */
function bare(standard: Value): Value {
  if (typeof standard !== 'string') return standard
  if (standard.startsWith("'")) return standard.slice(1, -1)
  return standard === 'false' ? 0 : Number(standard)
}

const words: Record<string, readonly string[]> = {
  'media.type': ['image/jpeg', 'image/png', 'image/gif'],
  'sends.status': ['scheduled', 'preparing', 'running', 'paused', 'done', 'cancelled'],
  'sends.audience': ['first', 'again', 'all'],
  'recipients.status': recipientStatuses,
  'recipients.delivery': deliveryStates,
  'recipients.delivery_class': ['hard', 'soft'],
  'recipients.settled_by': ['event'],
  'events.class': ['hard', 'soft'],
  'events.about': ['address', 'mailbox', 'other'],
}
