import { basename } from 'node:path'
import { MailshotError } from '../error.ts'
import type { ImportEntry, ImportRow, ImportSource } from '../import.ts'
import { columnNames, type Columns, columnsOf, type KnownColumns, rowOf } from './csv/column.ts'
import { type DateOptions, dateReader } from './csv/date.ts'
import { exportedRowOf, isExportHeader } from './csv/exported.ts'
import { csvFile } from './csv/file.ts'
import type { CsvRecord } from './csv/record.ts'
import { type CsvRejects, csvRejects } from './csv/rejects.ts'
import { kindOfHeader } from './exported.ts'

export interface CsvOptions extends DateOptions {
  /** The attributes that the config declares; columns of these names are read. */
  fields?: readonly string[]
  /** Headers by what they hold, where that cannot be told by themselves: `{ email: 'E-mail address', city: 'Ville' }`. */
  columns?: Readonly<Record<string, string>>
  /** As `TextDecoder` calls it. Of a path, UTF-8, UTF-16 and windows-1252 are told by themselves. */
  encoding?: string
  /** What messages call the file; its own name by default. */
  name?: string
}

/**
 * Reads subscribers from a CSV file with a header line, or from a plain list of addresses. Commas, semicolons, tabs or bars,
 * fields in quotes over several lines, and every kind of line end are told by themselves, and so is what `mailshot export` wrote. A
 * faulty line is reported with its number and never takes the following ones with it.
 *
 * @param input a path, or the bytes of a file (which can then be read once only)
 */
export function csv(
  input: string | AsyncIterable<Uint8Array>,
  options: CsvOptions = {},
): ImportSource {
  const { fields = [], columns = {}, encoding } = options
  const name = options.name ?? (typeof input === 'string' ? basename(input) : 'CSV')
  const known = { fields, columns, name, timeOf: dateReader(options) }
  checkColumnNames(known)
  const file = csvFile(input, { name, encoding })
  const rejects = csvRejects()
  return {
    name,
    rereadable: file.isRereadable,
    rejects,
    [Symbol.asyncIterator]: () => readEntries(file.records(), known, rejects),
  }
}

async function* readEntries(
  records: AsyncIterable<CsvRecord | { notice: string }>,
  known: KnownColumns,
  rejects: CsvRejects,
): AsyncGenerator<ImportEntry> {
  let read: ((fields: string[]) => ImportRow | string) | undefined
  for await (const record of records) {
    if ('notice' in record) {
      yield record
      continue
    }
    if (read) {
      yield entryOf(record, read)
      continue
    }
    const header = headerOf(record, known.name)
    rejects.begin(record.delimiter, record.raw)
    const kind = kindOfHeader(header.join())
    if (kind !== undefined && kind !== 'subscribers') throw otherExport(kind, known.name)
    if (isExportHeader(header)) {
      read = (fields) => exportedRowOf(fields, header)
      continue
    }
    const columns = columnsOf(header, known)
    for (const notice of columns.notices) yield { notice }
    checkColumns(columns, known.name)
    read = (fields) => rowOf(fields, columns, known.timeOf)
    if (!columns.isHeaderless) continue
    rejects.begin(record.delimiter, 'email')
    yield entryOf(record, read)
  }
  if (!read) throw new MailshotError(`${known.name}: the file is empty`)
}

function entryOf(
  record: CsvRecord,
  readRow: (fields: string[]) => ImportRow | string,
): ImportEntry {
  const { line, raw } = record
  if ('cause' in record) return { fault: { line, cause: record.cause, raw } }
  const row = readRow(record.fields)
  return typeof row === 'string' ? { fault: { line, cause: row, raw } } : { row, line, raw }
}

/** Its addresses are no subscribers. */
function otherExport(kind: string, name: string): MailshotError {
  const command = kind === 'suppressions' ? 'suppressions import' : 'import'
  return new MailshotError(
    `${name}: this is an export of ${kind}, not of subscribers; say: mailshot ${command} ${name}`,
  )
}

function headerOf(record: CsvRecord, name: string): string[] {
  if ('fields' in record) return record.fields
  throw new MailshotError(`${name}:${record.line}: the header cannot be read: ${record.cause}`)
}

function checkColumnNames({ columns, fields }: KnownColumns): void {
  const all = [...columnNames.keys(), ...fields]
  const unknown = Object.keys(columns).find((what) => !all.includes(what))
  if (unknown === undefined) return
  throw new MailshotError(
    `--column ${unknown}: a column can hold one of ${all.join(', ')}; ` +
      'declare others in "fields" of mailshot.config.ts',
  )
}

function checkColumns(columns: Columns, name: string): void {
  if (columns.email !== undefined) return
  const cure = columns.header.some((text) => text.includes('@'))
    ? 'the first line holds an address; put a header above it, like: email;name'
    : `no column is called email (found: ${columns.header.join(', ')}); ` +
      'say which one has the addresses, --column email="…"'
  throw new MailshotError(`${name}:1: ${cure}`)
}
