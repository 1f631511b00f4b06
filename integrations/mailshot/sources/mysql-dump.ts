import { basename } from 'node:path'
import { MailshotError } from '../error.ts'
import { readDumpFile } from './dump-file.ts'
import { byteText, type ByteText } from './mysql-dump/buffer.ts'
import { readRows } from './mysql-dump/row.ts'
import { readStatement, skipBehind, skipBlank } from './mysql-dump/skip.ts'
import { type Decode, decoderFor } from './mysql-dump/value.ts'
import type { TableFault, TableRows, TableSource } from './tables.ts'
import { nameIn, namePattern, parseCreateTable } from './tables/create-table.ts'

/**
 * Reads the rows of a dump of MySQL or MariaDB as mysqldump, mariadb-dump, mydumper and phpMyAdmin write it, packed with gzip or not,
 * in memory that does not grow with the file. It understands INSERT and REPLACE of one row or many, with a list of columns or
 * without (then CREATE TABLE tells them), all escapes of strings, bytes in hexadecimal, `SET NAMES`, conditional comments and
 * DELIMITER; other statements are passed over.
 *
 * @param input a path, or the bytes of a file
 */
export function mysqlDump(
  input: string | AsyncIterable<Uint8Array>,
  options: { name?: string } = {},
): TableSource {
  const name = options.name ?? (typeof input === 'string' ? basename(input) : 'dump')
  return {
    name,
    read: (isWanted) => readDump(byteText(readDumpFile(input, name)), { name, isWanted }),
  }
}

/** What the statements read so far have said. */
interface Dump {
  name: string
  isWanted: (table: string) => boolean
  columns: Map<string, readonly string[]>
  decode: Decode
  delimiter: string
}

async function* readDump(
  text: ByteText,
  { name, isWanted }: { name: string; isWanted: (table: string) => boolean },
): AsyncGenerator<TableRows | TableFault> {
  const columns = new Map<string, readonly string[]>()
  const decode = decoderFor(undefined, name)
  const dump: Dump = { name, isWanted, columns, decode, delimiter: ';' }
  while (await skipBlank(text)) {
    while (text.text.length - text.at < longestHead && (await text.more())) continue
    const head = text.text.slice(text.at, text.at + longestHead)
    const inComment = /^\/\*!\d*\s*/.exec(head)
    if (inComment) text.at += inComment[0].length
    else yield* readOne(text, head, dump)
  }
}

/** Longer than anything that stands before the rows of an INSERT. */
const longestHead = 16_384

async function* readOne(
  text: ByteText,
  head: string,
  dump: Dump,
): AsyncGenerator<TableRows | TableFault> {
  const insert = /^[ir]/i.test(head) ? insertHead.exec(head) : undefined
  if (insert) {
    const table = nameIn(insert[2] ?? insert[1] ?? '')
    if (dump.isWanted(table)) {
      text.at += insert[0].length
      const columns = columnsOf(insert[3], { table, line: text.line() }, dump)
      yield* readRows(text, { ...dump, table, columns })
      return
    }
  } else if (/^create\s+(?:temporary\s+)?table/i.test(head)) {
    return keepColumns(text, dump)
  } else if (await setOption(text, head, dump)) {
    return
  }
  if (!(await skipBehind(text, dump.delimiter))) throw notWhole(dump.name, text.line(), head)
}

const insertHead = new RegExp(
  '^(?:INSERT|REPLACE)\\s+(?:(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE)\\s+)*(?:INTO\\s+)?' +
    `(${namePattern})(?:\\.(${namePattern}))?\\s*(?:\\(((?:\\s*(?:${namePattern})\\s*,?)+)\\)\\s*)?VALUES?\\s*`,
  'i',
)

function columnsOf(
  listed: string | undefined,
  { table, line }: { table: string; line: number },
  { columns, name }: Dump,
): readonly string[] {
  if (listed !== undefined) return [...listed.matchAll(names)].map(([text]) => nameIn(text))
  const known = columns.get(table)
  if (known) return known
  throw new MailshotError(
    `${name}:${line}: nothing says what the columns of ${table} are called; ` +
      'make the dump with its structure, or with --complete-insert',
  )
}

const names = new RegExp(namePattern, 'g')

async function keepColumns(text: ByteText, { columns, delimiter, name }: Dump): Promise<undefined> {
  const line = text.line()
  const statement = await readStatement(text, delimiter)
  if (statement === undefined) throw notWhole(name, line, 'CREATE TABLE')
  const created = parseCreateTable(statement)
  if (created) columns.set(created.table, created.columns)
}

/** `SET NAMES`, and the client's `DELIMITER`, which ends with its line. */
async function setOption(text: ByteText, head: string, dump: Dump): Promise<boolean> {
  const charset = /^set\s+names\s+'?(\w+)/i.exec(head)?.[1]
  if (charset !== undefined) dump.decode = decoderFor(charset, `${dump.name}:${text.line()}`)
  const delimiter = /^delimiter[ \t]+(\S+)/i.exec(head)
  if (!delimiter) return false
  dump.delimiter = delimiter[1] ?? ';'
  text.at += delimiter[0].length
  return Promise.resolve(true)
}

function notWhole(name: string, line: number, head: string): MailshotError {
  const statement = head.slice(0, 40).replace(/\s+/g, ' ')
  return new MailshotError(
    `${name}:${line}: the file ends in the middle of a statement (${statement} …): the dump is not whole; make it again`,
  )
}
