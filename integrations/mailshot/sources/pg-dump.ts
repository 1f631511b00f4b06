import { basename } from 'node:path'
import { MailshotError } from '../error.ts'
import { readLines } from './csv/text.ts'
import { readDumpFile } from './dump-file.ts'
import { textOfBytes } from './tables/bytes.ts'
import type { TableFault, TableRow, TableRows, TableSource, TableValue } from './tables.ts'

/**
 * Reads the rows of a dump of PostgreSQL in the plain format (`pg_dump --format=plain`, the default), packed with gzip or not, in memory
 * that does not grow with the file. Its rows stand between `COPY … FROM stdin` and `\.`, one a line.
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

interface Copy {
  table: string
  columns: string[]
  isWanted: boolean
}

async function* readDump(
  bytes: AsyncIterable<Uint8Array>,
  { name, isWanted }: { name: string; isWanted: (table: string) => boolean },
): AsyncGenerator<TableRows | TableFault> {
  let copy: Copy | undefined
  let line = 0
  for await (const lines of readLines(bytesAsText(bytes))) {
    let rows: TableRow[] = []
    for (const text of lines) {
      line += 1
      if (!copy) {
        copy = copyOf(text, isWanted)
        if (text.startsWith('INSERT INTO ')) refuseInserts(text, { name, line, isWanted })
      } else if (text === '\\.') {
        if (rows.length > 0) yield { table: copy.table, columns: copy.columns, rows }
        rows = []
        copy = undefined
      } else if (copy.isWanted) {
        const values = text.split('\t')
        if (values.length === copy.columns.length) rows.push({ values: values.map(valueOf), line })
        else yield wrongLength(copy, values.length, line)
      }
    }
    if (copy && rows.length > 0) yield { table: copy.table, columns: copy.columns, rows }
  }
  if (!copy) return
  throw new MailshotError(
    `${name}:${line}: the file ends in the middle of the rows of ${copy.table}: the dump is not whole; make it again`,
  )
}

/** Each character is one byte: lines are cut faster so, and only what is not ASCII is to be decoded. */
async function* bytesAsText(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  for await (const piece of bytes) {
    yield Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1')
  }
}

function copyOf(text: string, isWanted: (table: string) => boolean): Copy | undefined {
  const [, quoted = '', listed = ''] =
    /^COPY (?:(?:"[^"]+"|\w+)\.)?("[^"]+"|\w+) \((.*)\) FROM stdin;$/.exec(text) ?? []
  if (quoted === '') return undefined
  const table = bare(quoted)
  return { table, columns: listed.split(', ').map(bare), isWanted: isWanted(table) }
}

function bare(name: string): string {
  return name.replace(/^"(.*)"$/, '$1')
}

function refuseInserts(
  text: string,
  { name, line, isWanted }: { name: string; line: number; isWanted: (table: string) => boolean },
): void {
  const [, table = ''] = /^INSERT INTO (?:(?:"[^"]+"|\w+)\.)?("[^"]+"|\w+)/.exec(text) ?? []
  if (!isWanted(bare(table))) return
  throw new MailshotError(
    `${name}:${line}: the dump has its rows as INSERT; make it again without --inserts and --column-inserts`,
  )
}

function wrongLength({ table, columns }: Copy, length: number, line: number): TableFault {
  const cause = `a row of ${table} has ${length} values for ${columns.length} columns`
  return { table, line, cause }
}

/** PostgreSQL's manual, "COPY", "Text Format". */
function valueOf(text: string): TableValue {
  if (text === '\\N') return null
  const bytes = text.includes('\\')
    ? text.replace(/\\(?:([0-7]{1,3})|x([\da-f]{1,2})|([^]))/gi, unescaped)
    : text
  return /[\x80-\xff]/.test(bytes) ? textOfBytes(Buffer.from(bytes, 'latin1')) : bytes
}

function unescaped(_: string, octal?: string, hex?: string, char = ''): string {
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
  return escapes[char] ?? char
}

const escapes: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
