import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { MailshotError } from '../error.ts'
import type { ImportEntry, ImportSource } from '../import.ts'
import { type Columns, columnsOf, rowOf } from './csv/column.ts'
import { type CsvRecord, readRecords } from './csv/record.ts'
import { decode, readLines } from './csv/text.ts'

export interface CsvOptions {
  /** The attributes that the config declares; columns of these names are read. */
  fields?: readonly string[]
  /** As `TextDecoder` calls it: `windows-1252`, … UTF-8 by default; UTF-16 is known by its mark. */
  encoding?: string
  /** What messages call the file; its own name by default. */
  name?: string
}

/**
 * Reads subscribers from a CSV file with a header line, or from a plain list of addresses. Commas, semicolons or tabs,
 * fields in quotes over several lines, and every kind of line end are told by themselves. A faulty line is reported with its
 * number and never takes the following ones with it.
 *
 * @param input a path, or the bytes of a file (which can then be read once only)
 */
export function csv(
  input: string | AsyncIterable<Uint8Array>,
  options: CsvOptions = {},
): ImportSource {
  const isPath = typeof input === 'string'
  const name = options.name ?? (isPath ? basename(input) : 'CSV')
  return {
    name,
    rereadable: isPath,
    [Symbol.asyncIterator]: () =>
      readEntries(isPath ? readFile(input) : input, { ...options, name }),
  }
}

async function* readEntries(
  bytes: AsyncIterable<Uint8Array>,
  options: CsvOptions & { name: string },
): AsyncGenerator<ImportEntry> {
  let columns: Columns | undefined
  for await (const record of readRecords(readLines(decode(bytes, options)))) {
    if (columns) {
      yield entryOf(record, columns)
      continue
    }
    columns = columnsOf(headerOf(record, options.name), options.fields ?? [])
    for (const notice of columns.notices) yield { notice }
    checkColumns(columns, options.name)
    if (columns.isHeaderless) yield entryOf(record, columns)
  }
  if (!columns) throw new MailshotError(`${options.name}: the file is empty`)
}

function entryOf(record: CsvRecord, columns: Columns): ImportEntry {
  const { line } = record
  if ('cause' in record) return { fault: record }
  const read = rowOf(record.fields, columns)
  return typeof read === 'string' ? { fault: { line, cause: read } } : { row: read, line }
}

function headerOf(record: CsvRecord, name: string): string[] {
  if ('fields' in record) return record.fields
  throw new MailshotError(`${name}:${record.line}: the header cannot be read: ${record.cause}`)
}

function checkColumns(columns: Columns, name: string): void {
  if (columns.email !== undefined) return
  const cure = columns.header.some((text) => text.includes('@'))
    ? 'the first line holds an address; put a header above it, like: email;name'
    : `no column is called email (found: ${columns.header.join(', ')}); rename the one with the addresses`
  throw new MailshotError(`${name}:1: ${cure}`)
}

async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path)
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new MailshotError(`${path}: cannot be read (${what}); check the name and the folder`, {
      cause,
    })
  }
}
