import { MailshotError } from '../../error.ts'
import type { TableFault, TableRow, TableRows, TableValue } from '../tables.ts'
import type { ByteText } from './buffer.ts'
import { skipBehind, skipBlank } from './skip.ts'
import { behindSpace, type Decode, scanValue } from './value.ts'

interface Insert {
  /** Of the file. */
  name: string
  table: string
  columns: readonly string[]
  decode: Decode
  delimiter: string
}

const batchRows = 500

/** Reads the rows of an INSERT from behind its VALUES to behind its end. A row that cannot be read is told, and the next ones go on. */
export async function* readRows(
  text: ByteText,
  insert: Insert,
): AsyncGenerator<TableRows | TableFault> {
  const { table, columns, delimiter } = insert
  let rows: TableRow[] = []
  for (;;) {
    const row = nextRow(text, insert)
    if (row === 'more') {
      if (!(await text.more())) throw notWhole(insert, text)
      continue
    }
    if (row === 'end') {
      await skipBlank(text)
      if (text.text[text.at] === '(') continue
      break
    }
    if ('values' in row) rows.push(row)
    else if (row.isBroken && !(await skipBehind(text, ')'))) throw notWhole(insert, text)
    if ('cause' in row) yield { table, line: row.line, cause: row.cause }
    if (rows.length < batchRows) continue
    yield { table, columns, rows }
    rows = []
  }
  if (rows.length > 0) yield { table, columns, rows }
  // ON DUPLICATE KEY UPDATE may follow, or the end of a comment.
  if (!(await skipBehind(text, delimiter))) throw notWhole(insert, text)
}

type Next = TableRow | { line: number; cause: string; isBroken: boolean } | 'more' | 'end'

const separator = /[\s,]*/y

/** The row at the reader's place, which moves behind it; only to its start where more of the file is needed. */
function nextRow(text: ByteText, { table, columns, decode }: Insert): Next {
  separator.lastIndex = text.at
  const start = text.at + (separator.exec(text.text)?.[0].length ?? 0)
  if (start >= text.text.length) return 'more'
  text.at = start
  if (text.text[start] !== '(') return 'end'
  const scanned = scanRow(text.text, start + 1, decode)
  if (scanned === 'incomplete') return 'more'
  const line = text.line()
  if (scanned === 'broken') {
    text.at = start + 1
    return { line, cause: `a row of ${table} is no list of values`, isBroken: true }
  }
  const { values, end } = scanned
  text.at = end
  if (values.length === columns.length) return { values, line }
  const cause = `a row of ${table} has ${values.length} values for ${columns.length} columns`
  return { line, cause, isBroken: false }
}

type ScannedRow = { values: TableValue[]; end: number } | 'incomplete' | 'broken'

function scanRow(text: string, from: number, decode: Decode): ScannedRow {
  const values: TableValue[] = []
  for (let at = from; ;) {
    at = behindSpace(text, at)
    const scanned = scanValue(text, at, decode)
    if (typeof scanned === 'string') return scanned
    values.push(scanned.value)
    at = behindSpace(text, scanned.end)
    const next = text[at]
    if (next === undefined) return 'incomplete'
    if (next === ')') return { values, end: at + 1 }
    if (next !== ',') return 'broken'
    at += 1
  }
}

function notWhole({ name, table }: Insert, text: ByteText): MailshotError {
  return new MailshotError(
    `${name}:${text.line()}: the file ends in the middle of the rows of ${table}: the dump is not whole; make it again`,
  )
}
