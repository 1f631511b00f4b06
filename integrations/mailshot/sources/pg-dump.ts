import { basename } from 'node:path'
import { MailshotError } from '../error.ts'
import { readLines } from './csv/text.ts'
import { readDumpFile } from './dump-file.ts'
import { addLine, bare, insertHead, namesIn, rowsIn, type Statement } from './pg-dump/insert.ts'
import { textOfLatin1 } from './tables/bytes.ts'
import { parseCreateTable } from './tables/create-table.ts'
import type { TableFault, TableRow, TableRows, TableSource, TableValue } from './tables.ts'

/**
 * Reads the rows of a dump of PostgreSQL in the plain format (`pg_dump --format=plain`, the default), packed with gzip or not, in memory
 * that does not grow with the file. Its rows stand between `COPY … FROM stdin` and `\.`, one a line, or in INSERT, with a list of
 * columns or without, one or many in each.
 *
 * @param input a path, or the bytes of a file
 */
export function pgDump(
  input: string | AsyncIterable<Uint8Array>,
  options: { name?: string } = {},
): TableSource {
  const name = options.name ?? (typeof input === 'string' ? basename(input) : 'dump')
  return {
    name,
    read: (isWanted) => readDump(readDumpFile(input, name), { name, isWanted }),
  }
}

interface Reading {
  name: string
  isWanted: (table: string) => boolean
}

async function* readDump(
  bytes: AsyncIterable<Uint8Array>,
  reading: Reading,
): AsyncGenerator<TableRows | TableFault> {
  let part: Part | undefined
  let line = 0
  const structure = new Map<string, string[]>()
  for await (const lines of readLines(bytesAsText(bytes))) {
    for (const text of lines) {
      line += 1
      part ??= partAt(text, { line, ...reading, structure })
      if (part && !part.add(text, line)) continue
      if (part) yield* part.entries()
      part = undefined
    }
    // The rows of a COPY do not wait for its end.
    if (part) yield* part.entries()
  }
  if (!part) return
  throw new MailshotError(
    `${reading.name}:${line}: the file ends in the middle of the rows of ${part.table}: the dump is not whole; make it again`,
  )
}

/** What goes on over several lines. */
interface Part {
  table: string
  /** Answers whether it ends with this line. */
  add(text: string, line: number): boolean
  /** What was read since this was asked last. */
  entries(): Iterable<TableRows | TableFault>
}

/** What begins with a line; undefined for what is passed over. */
function partAt(
  text: string,
  { line, isWanted, structure, name }: Reading & { line: number; structure: Map<string, string[]> },
): Part | undefined {
  if (text.startsWith('COPY ')) return copyAt(text, isWanted)
  if (text.startsWith('CREATE TABLE ')) return structureAt(structure)
  const insert = insertHead(text)
  if (!insert) return bodyAt(text)
  const columns = insert.columns ?? structure.get(insert.table)
  if (columns || !isWanted(insert.table)) {
    return insertAt({ table: insert.table, columns, line, isWanted: isWanted(insert.table) })
  }
  throw new MailshotError(
    `${name}:${line}: nothing says what the columns of ${insert.table} are called; make the dump with its structure, or with --column-inserts`,
  )
}

function copyAt(text: string, isWanted: (table: string) => boolean): Part | undefined {
  const [, quoted = '', listed = ''] =
    /^COPY (?:(?:"[^"]+"|\w+)\.)?("[^"]+"|\w+) \((.*)\) FROM stdin;$/.exec(text) ?? []
  if (quoted === '') return undefined
  const [table, columns] = [bare(quoted), namesIn(listed)]
  const isKept = isWanted(table)
  let rows: TableRow[] = []
  let faults: TableFault[] = []
  let isFirst = true
  return {
    table,
    add(row, line) {
      if (isFirst || row === '\\.' || !isKept) {
        isFirst = false
        return row === '\\.'
      }
      const values = row.split('\t')
      if (values.length === columns.length) rows.push({ values: values.map(valueOf), line })
      else faults.push(wrongLength({ table, columns }, values.length, line))
      return false
    },
    *entries() {
      yield* faults
      if (rows.length > 0) yield { table, columns, rows }
      ;[rows, faults] = [[], []]
    },
  }
}

/** The body of a function, in which other statements may stand. */
function bodyAt(text: string): Part | undefined {
  const [start = '', mark = ''] = /^.*?\bAS (\$\w*\$)/.exec(text) ?? []
  if (mark === '' || text.includes(mark, start.length)) return undefined
  let isFirst = true
  return {
    table: 'a function',
    add(line) {
      const isEnd = !isFirst && line.includes(mark)
      isFirst = false
      return isEnd
    },
    entries: () => [],
  }
}

/** Tells what columns a table has, in their order: those of an INSERT that names none. */
function structureAt(structure: Map<string, string[]>): Part {
  const statement: Statement = { line: 0, lines: [], isInString: false }
  return {
    table: 'a CREATE TABLE',
    add: (text) => addLine(statement, text, true),
    entries() {
      const made = parseCreateTable(statement.lines.join('\n'))
      if (made) structure.set(made.table, made.columns)
      return []
    },
  }
}

function insertAt({
  table,
  columns = [],
  line,
  isWanted,
}: {
  table: string
  columns: string[] | undefined
  line: number
  isWanted: boolean
}): Part {
  const statement: Statement = { line, lines: [], isInString: false }
  let isWhole = false
  return {
    table,
    add: (text) => (isWhole = addLine(statement, text, isWanted)),
    *entries() {
      if (!isWhole || !isWanted) return
      const rows: TableRow[] = []
      for (const row of rowsIn(statement)) {
        if ('fault' in row) {
          yield { table, line: row.line, cause: `a row of ${table} is no list of values` }
        } else if (row.values.length === columns.length) rows.push(row)
        else yield wrongLength({ table, columns }, row.values.length, row.line)
      }
      if (rows.length > 0) yield { table, columns, rows }
    },
  }
}

/** Each character is one byte: lines are cut faster so, and only what is not ASCII is to be decoded. */
async function* bytesAsText(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  for await (const piece of bytes) {
    yield Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1')
  }
}

function wrongLength(
  { table, columns }: Pick<TableRows, 'table' | 'columns'>,
  length: number,
  line: number,
): TableFault {
  const cause = `a row of ${table} has ${length} values for ${columns.length} columns`
  return { table, line, cause }
}

/** PostgreSQL's manual, "COPY", "Text Format". */
function valueOf(text: string): TableValue {
  if (text === '\\N') return null
  const bytes = text.includes('\\')
    ? text.replace(/\\(?:([0-7]{1,3})|x([\da-f]{1,2})|([^]))/gi, unescaped)
    : text
  return textOfLatin1(bytes)
}

function unescaped(_: string, octal?: string, hex?: string, char = ''): string {
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
  return escapes[char] ?? char
}

const escapes: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
