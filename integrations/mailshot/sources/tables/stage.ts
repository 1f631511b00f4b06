import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { MailshotError } from '../../error.ts'
import type { TableFault, TableRows, TableSource, TableValue } from '../tables.ts'

/**
 * The tables and columns that a source reads, by their names without prefix. A column that is compared with numbers is declared so,
 * `id_list integer`: some dumps have all values in quotes.
 */
export type Wanted = Readonly<Record<string, readonly string[]>>

export interface StageOptions {
  wanted: Wanted
  /** The name without prefix of a table; undefined for another program's. */
  nameOf: (table: string) => string | undefined
  /** Names that many tables have: their rows are put together, each with the name of its own table in `_table`. */
  merged?: readonly string[]
  /** How to choose, where two tables have one name without prefix. */
  cure?: string
  /** Tables of which one at least has rows, where it is this system. */
  shownBy: readonly string[]
  /** What it is called. */
  system: string
}

/**
 * The wanted tables of another system's database in a private one, where they can be joined whatever their order was. Tables and
 * columns that are missing there are empty here, so that each version of a system is read by the same queries. Each table has a
 * column `_line`.
 */
export interface Stage {
  /** Whether a table, or a column of it, was there. */
  has(table: string, column?: string): boolean
  all<Row>(query: string, ...values: TableValue[]): Iterable<Row>
  run(query: string): void
  faults: TableFault[]
  close(): void
}

/**
 * Reads a source once into a database that is nobody else's: its file has no name any more once it is open, so that nothing is left
 * behind, even where the process is killed.
 *
 * @throws MailshotError where tables of two installations would be mixed, or none is of the system
 */
export async function stageTables(source: TableSource, options: StageOptions): Promise<Stage> {
  const db = openPrivate()
  for (const [table, columns] of Object.entries(options.wanted)) {
    const declared = ['_line', ...columns].map((one) => one.replace(/^\w+/, '"$&"'))
    db.exec(`CREATE TABLE "${table}" (${declared.join(', ')})`)
  }
  const faults: TableFault[] = []
  const seen = new Map<string, Set<string>>()
  const nameOf = uniqueNames(source.name, options)
  const write = tableWriter(db, options.wanted)
  db.exec('BEGIN')
  for await (const entry of source.read((table) => nameOf(table) !== undefined)) {
    const table = nameOf(entry.table) ?? entry.table
    if ('cause' in entry) faults.push({ ...entry, table })
    else write({ ...entry, table }, entry.table)
    if ('columns' in entry) seen.set(table, new Set(entry.columns))
  }
  db.exec('COMMIT')
  if (!options.shownBy.some((table) => seen.has(table))) throw noneOf(source.name, options)
  return {
    has: (table, column) =>
      column === undefined ? seen.has(table) : seen.get(table)?.has(column) === true,
    all: <Row>(query: string, ...values: TableValue[]) =>
      db.prepare(query).iterate(...values) as Iterable<Row>,
    run: (query) => db.exec(query),
    faults,
    close: () => db.close(),
  }
}

function noneOf(where: string, { system, shownBy, cure = '' }: StageOptions): MailshotError {
  const prefixed = cure === '' ? '' : ', and do its tables begin as --prefix says'
  return new MailshotError(
    `${where}: it holds nothing of ${system}: no rows of ${shownBy.slice(0, 3).join(', ')} …; is it a whole dump of that database${prefixed}?`,
  )
}

/** SQLite's own temporary databases are held in memory by libsql, and would grow with the source. */
function openPrivate(): InstanceType<typeof Database> {
  // As SQLite has it: a folder for temporary files may be in memory too.
  const place = process.env['TMPDIR'] ?? (existsSync('/var/tmp') ? '/var/tmp' : tmpdir())
  const folder = mkdtempSync(join(place, 'mailshot-import-'))
  try {
    const db = new Database(join(folder, 'tables.db'))
    db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000')
    db.exec('PRAGMA temp_store = FILE; CREATE TABLE _opened (at)')
    return db
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Refuses a second table of the same name without prefix. */
function uniqueNames(where: string, { wanted, nameOf, merged = [], cure = '' }: StageOptions) {
  const originals = new Map<string, string>()
  return (table: string): string | undefined => {
    const name = nameOf(table)
    if (name === undefined || !Object.hasOwn(wanted, name)) return undefined
    const other = originals.get(name) ?? table
    originals.set(name, other)
    if (other === table || merged.includes(name)) return name
    throw new MailshotError(
      `${where}: it holds ${other} and ${table}, of two installations; say which one is meant${cure}`,
    )
  }
}

/** So many rows in a statement: one by one it takes twice as long. */
const rowsAtOnce = 50

function tableWriter(db: InstanceType<typeof Database>, wanted: Wanted) {
  const known = Object.entries(wanted).map(
    ([table, columns]) => [table, columns.map((column) => column.split(' ')[0] ?? '')] as const,
  )
  const names = new Map(known)
  const prepared = new Map<string, (values: TableValue[]) => void>()
  const insert = (table: string, columns: readonly string[], rows: number) => {
    const key = `${table} ${columns.join(' ')} ${rows}`
    const ready = prepared.get(key)
    if (ready) return ready
    const quoted = ['_line', ...columns].map((column) => `"${column}"`)
    const row = `(${Array(columns.length + 1)
      .fill('?')
      .join(',')})`
    const statement = db.prepare(
      `INSERT INTO "${table}" (${quoted.join(', ')}) VALUES ${Array(rows).fill(row).join(',')}`,
    )
    const run = (values: TableValue[]) => void statement.run(values)
    prepared.set(key, run)
    return run
  }
  return ({ table, columns: given, rows }: TableRows, original: string) => {
    const columns = [...given, '_table']
    const kept = names.get(table)?.filter((column) => columns.includes(column)) ?? []
    const places = kept.map((column) => columns.indexOf(column))
    for (let from = 0; from < rows.length;) {
      const size = rows.length - from >= rowsAtOnce ? rowsAtOnce : 1
      const values = rows
        .slice(from, from + size)
        .flatMap(({ line, values: all }) => [
          line,
          ...places.map((at) => (at === given.length ? original : (all[at] ?? null))),
        ])
      insert(table, kept, size)(values)
      from += size
    }
  }
}
