import { sql } from 'drizzle-orm/sql'
import { deliveryStates, recipientStatuses } from '../../../../db/status.ts'
import { exportedTables, type ExportedTable, isJson, isTime, jsonName } from '../../export/table.ts'
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

/**
 * Reads what an export says of one row of a table; a text says why it cannot be one.
 *
 * @param isText whether all values are text, as CSV has them
 */
export async function openRowReader(
  { db }: Pick<Mailshot, 'db'>,
  table: ExportedTable,
  isText: boolean,
): Promise<(given: Record<string, unknown>) => Row | string> {
  const { without, beside } = exportedTables[table]
  const left: readonly string[] = without
  const rows = await db.all<{ name: string; type: string; notnull: number; standard: Value }>(
    sql`SELECT name, type, "notnull", dflt_value AS standard FROM pragma_table_info(${table})`,
  )
  const columns: Column[] = rows
    .filter(({ name }) => !left.includes(name))
    .map(({ name, type, notnull, standard }) => {
      // A primary key of a text is not said to be needed.
      const isNeeded = notnull === 1 || name === exportedTables[table].key
      return { name, type: type.toLowerCase(), isNeeded, standard: bare(standard) }
    })
    .concat(
      Object.keys(beside).map((name) => {
        return { name, type: 'text', isNeeded: name !== 'subscriber', standard: null }
      }),
    )
  const read = isText ? readText : readValue
  return (given) => readRow(columns, given, (column, said) => read(table, column, said))
}

function readRow(
  columns: readonly Column[],
  given: Record<string, unknown>,
  read: (column: Column, said: unknown) => Value | undefined,
): Row | string {
  const row: Row = {}
  for (const column of columns) {
    const name = jsonName(column.name)
    const said = given[name] ?? null
    if (said === null && column.isNeeded && column.standard === null) return `${name} is missing`
    const value = said === null ? column.standard : read(column, said)
    if (value === undefined) return `${name} cannot be ${JSON.stringify(said)?.slice(0, 60)}`
    row[column.name] = value
  }
  return row
}

/** The same of CSV. */
function readText(table: ExportedTable, column: Column, said: unknown): Value | undefined {
  if (typeof said !== 'string') return undefined
  if (isJson(table, column.name)) return readJson(said)
  const isNumber = column.type === 'integer' && /^-?\d+$/.test(said)
  return readValue(table, column, isNumber ? Number(said) : said)
}

function readJson(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return undefined
  }
}

function readValue(table: ExportedTable, { name, type }: Column, said: unknown): Value | undefined {
  if (isTime(name)) return readTime(said)
  if (isJson(table, name)) return JSON.stringify(said)
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
  'lists.status': ['open', 'closed'],
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
