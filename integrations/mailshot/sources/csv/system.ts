import { MailshotError } from '../../error.ts'
import type { ImportEntry, ImportRow, ImportSource } from '../../import.ts'
import { csvFile, type CsvFile, type CsvInput } from './file.ts'
import type { CsvRecord } from './record.ts'
import { type CsvRejects, csvRejects } from './rejects.ts'

/** A line of an export, by its columns as they are called there, in lower case. */
export type Fields = ReadonlyMap<string, string>

export interface SystemCsv {
  name: string
  /** As `TextDecoder` calls it; told by itself of a file. */
  encoding?: string | undefined
  /** The columns without which it is another file. */
  needs: readonly string[]
  /** What a line is: a row, why it cannot be one, or nothing to be told of. */
  rowOf: (fields: Fields) => ImportRow | string | undefined
}

/**
 * A CSV file that another system has exported, whose columns are known.
 *
 * @throws MailshotError, when it is read, for a file without the columns it must have
 */
export function systemCsv(input: CsvInput, system: SystemCsv): ImportSource {
  const file = csvFile(input, system)
  const rejects = csvRejects()
  return {
    name: system.name,
    rereadable: file.isRereadable,
    rejects,
    [Symbol.asyncIterator]: () => readEntries(file, system, rejects),
  }
}

async function* readEntries(
  file: CsvFile,
  { name, needs, rowOf }: SystemCsv,
  rejects: CsvRejects,
): AsyncGenerator<ImportEntry> {
  let header: string[] | undefined
  for await (const record of file.records()) {
    if ('notice' in record) yield record
    else if (header) yield* entryOf(record, header, rowOf)
    else if ('cause' in record) throw unreadable(name, record.line, record.cause)
    else {
      header = headerOf(record.fields, { name, needs })
      rejects.begin(record.delimiter, record.raw)
    }
  }
  if (!header) throw new MailshotError(`${name}: the file is empty`)
}

function* entryOf(
  record: CsvRecord,
  header: readonly string[],
  rowOf: SystemCsv['rowOf'],
): Generator<ImportEntry> {
  const { line, raw } = record
  if ('cause' in record) {
    yield { fault: { line, cause: record.cause, raw } }
    return
  }
  const { length } = record.fields
  const fields = new Map(header.map((column, at) => [column, record.fields[at]?.trim() ?? '']))
  const isLong = length > header.length
  const row = isLong ? `${length} fields where the header has ${header.length}` : rowOf(fields)
  if (typeof row === 'string') yield { fault: { line, cause: row, raw } }
  else if (row) yield { row, line, raw }
}

function headerOf(fields: string[], { name, needs }: Pick<SystemCsv, 'name' | 'needs'>): string[] {
  const header = fields.map((field) => field.trim().toLowerCase())
  const missing = needs.find((column) => !header.includes(column))
  if (missing === undefined) return header
  throw new MailshotError(
    `${name}: no column is called "${missing}" (found: ${fields.join(', ')}); ` +
      'is it an export of that system? Another CSV file is read without --source',
  )
}

function unreadable(name: string, line: number, cause: string): MailshotError {
  return new MailshotError(`${name}:${line}: the header cannot be read: ${cause}`)
}
