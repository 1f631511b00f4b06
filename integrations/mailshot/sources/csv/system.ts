import { createReadStream } from 'node:fs'
import { MailshotError } from '../../error.ts'
import type { ImportEntry, ImportRow } from '../../import.ts'
import { readRecords } from './record.ts'
import { decode, readLines } from './text.ts'

/** A line of an export, by its columns as they are called there, in lower case. */
export type Fields = ReadonlyMap<string, string>

export interface SystemCsv {
  name: string
  /** The columns without which it is another file. */
  needs: readonly string[]
  /** What a line is: a row, why it cannot be one, or nothing to be told of. */
  rowOf: (fields: Fields) => ImportRow | string | undefined
}

/**
 * Reads a CSV file that another system has exported, whose columns are known.
 *
 * @throws MailshotError for a file without the columns it must have
 */
export async function* readSystemCsv(
  input: string | AsyncIterable<Uint8Array>,
  { name, needs, rowOf }: SystemCsv,
): AsyncGenerator<ImportEntry> {
  const bytes: AsyncIterable<Uint8Array> =
    typeof input === 'string' ? createReadStream(input) : input
  let header: string[] | undefined
  for await (const record of readRecords(readLines(decode(bytes, { name })))) {
    const { line } = record
    if ('cause' in record) yield { fault: record }
    else if (!header) header = headerOf(record.fields, { name, needs })
    else if (record.fields.length > header.length) {
      yield {
        fault: {
          line,
          cause: `${record.fields.length} fields where the header has ${header.length}`,
        },
      }
    } else {
      const fields = new Map(header.map((column, at) => [column, record.fields[at]?.trim() ?? '']))
      const row = rowOf(fields)
      if (typeof row === 'string') yield { fault: { line, cause: row } }
      else if (row) yield { row, line }
    }
  }
  if (!header) throw new MailshotError(`${name}: the file is empty`)
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
