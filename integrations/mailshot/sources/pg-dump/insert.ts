import { textOfLatin1 } from '../tables/bytes.ts'
import type { TableRow, TableValue } from '../tables.ts'

/** The lines of one statement as they arrive: where it ends is told by the quotes, in which anything may stand. */
export interface Statement {
  line: number
  /** Empty where only its end is waited for. */
  lines: string[]
  isInString: boolean
}

/** Adds a line, and says whether the statement ends with it. */
export function addLine(statement: Statement, text: string, isKept: boolean): boolean {
  // A quote in a string is written twice (standard_conforming_strings, which every pg_dump sets).
  for (let at = text.indexOf("'"); at >= 0; at = text.indexOf("'", at + 1)) {
    statement.isInString = !statement.isInString
  }
  if (isKept) statement.lines.push(text)
  return !statement.isInString && text.endsWith(';')
}

/** The table of an INSERT, and the columns that it names; undefined for another statement. */
export function insertHead(text: string): { table: string; columns?: string[] } | undefined {
  const [, table = '', listed] = head.exec(text) ?? []
  if (table === '') return undefined
  return { table: bare(table), ...(listed !== undefined && { columns: namesIn(listed) }) }
}

const name = '(?:"(?:[^"]|"")+"|[\\w$]+)'
const head = new RegExp(
  `^INSERT INTO (?:${name}\\.)?(${name})(?: \\(([^)]*)\\))?(?: OVERRIDING \\w+ VALUE)? VALUES`,
)

/** The names in a list of columns. */
export function namesIn(listed: string): string[] {
  return Array.from(listed.matchAll(new RegExp(name, 'g')), ([text]) => bare(text))
}

/** A name without its quotes. */
export function bare(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text
}

/** The rows of an INSERT; one that cannot be read ends them, with its line. */
export function rowsIn({ line, lines }: Statement): (TableRow | { line: number; fault: true })[] {
  const text = lines.join('\n')
  const rows: (TableRow | { line: number; fault: true })[] = []
  let [at, counted, rowLine] = [head.exec(text)?.[0].length ?? 0, 0, line]
  for (;;) {
    open.lastIndex = at
    const opening = open.exec(text)
    if (!opening) return rows
    at = open.lastIndex
    rowLine += text.slice(counted, at).split('\n').length - 1
    counted = at
    const values: TableValue[] = []
    for (let end = ','; end === ',';) {
      value.lastIndex = at
      const [, quoted, word, after = ''] = value.exec(text) ?? []
      if (after === '') return [...rows, { line: rowLine, fault: true }]
      values.push(
        quoted === undefined ? wordOf(word ?? '') : textOfLatin1(quoted.replaceAll("''", "'")),
      )
      ;[at, end] = [value.lastIndex, after]
    }
    rows.push({ values, line: rowLine })
  }
}

const open = /\s*,?\s*\(/y
const value = /\s*(?:'((?:[^']|'')*)'|([^\s,()']+))\s*([,)])/y

/** As COPY writes them. */
function wordOf(word: string): TableValue {
  if (word === 'NULL') return null
  return word === 'true' || word === 'false' ? word.charAt(0) : word
}
