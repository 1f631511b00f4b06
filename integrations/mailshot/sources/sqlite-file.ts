import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import Database from 'libsql'
import { MailshotError } from '../error.ts'
import { textOfBytes } from './tables/bytes.ts'
import type { TableRow, TableRows, TableSource, TableValue } from './tables.ts'

const batchRows = 500

/**
 * Reads the rows of a SQLite file, as SPIP may keep its tables in one. It is opened for reading only; its rows are numbered, since they
 * stand on no line.
 */
export function sqliteFile(path: string, options: { name?: string } = {}): TableSource {
  const name = options.name ?? basename(path)
  return { name, read: (isWanted) => readFile(path, { name, isWanted }) }
}

async function* readFile(
  path: string,
  { name, isWanted }: { name: string; isWanted: (table: string) => boolean },
): AsyncGenerator<TableRows> {
  await Promise.resolve()
  const db = open(path, name)
  try {
    for (const table of tablesOf(db, name)) if (isWanted(table)) yield* rowsOf(db, table)
  } finally {
    db.close()
  }
}

type Connection = InstanceType<typeof Database>

function open(path: string, name: string): Connection {
  try {
    // The option `readonly` of libsql does nothing.
    return new Database(`${pathToFileURL(path).href}?mode=ro`)
  } catch (cause) {
    throw unreadable(name, cause)
  }
}

function tablesOf(db: Connection, name: string): string[] {
  try {
    const found: unknown[] = db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .pluck()
      .all()
    return found.map(String)
  } catch (cause) {
    throw unreadable(name, cause)
  }
}

function unreadable(name: string, cause: unknown): MailshotError {
  const what = cause instanceof Error ? cause.message : String(cause)
  return new MailshotError(`${name}: this is no SQLite file that can be read (${what})`, { cause })
}

function* rowsOf(db: Connection, table: string): Generator<TableRows> {
  const from = `FROM ${quoted(table)}`
  const columns = db
    .prepare(`SELECT * ${from}`)
    .columns()
    .map(({ name }: { name: string }) => name)
  const statement = db.prepare(`SELECT ${columns.map(asBytes).join(', ')} ${from}`)
  let rows: TableRow[] = []
  let line = 0
  for (const values of statement.raw().iterate()) {
    line += 1
    rows.push({ values: Array.from(values as unknown[], valueOf), line })
    if (rows.length < batchRows) continue
    yield { table, columns, rows }
    rows = []
  }
  if (rows.length > 0) yield { table, columns, rows }
}

/** A text that is no UTF-8 would end the process in the binding; a number beyond 2^53 would be another one. */
function asBytes(column: string): string {
  const name = quoted(column)
  return `CASE WHEN typeof(${name}) = 'text' OR (typeof(${name}) = 'integer' AND abs(${name}) > 9007199254740991)
    THEN CAST(${name} AS BLOB) ELSE ${name} END`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** What is stored as bytes is a text, as SPIP's older tables have it. */
export function valueOf(value: unknown): TableValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  if (value instanceof Uint8Array) return textOfBytes(value)
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace('T', ' ')
  return typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : null
}
