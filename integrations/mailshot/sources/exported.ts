import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { exportKinds, type ExportKind } from '../export.ts'
import { jsonName } from '../export/table.ts'
import type { ExportedEntry, ExportedSource } from '../import/exported.ts'
import { lastIdOf } from '../import/exported/number.ts'
import { isExportHeader } from './csv/exported.ts'
import { bareFormula } from './csv/formula.ts'
import { decode, readLines } from './csv/text.ts'
import { parseObject } from './jsonl.ts'

/**
 * Reads what `mailshot export` has written of one of the tables of the history: CSV, where the file is called so, else JSON Lines.
 *
 * @param input a path, or the bytes of a file
 */
export function exportedTable(
  input: string | AsyncIterable<Uint8Array>,
  { kind, name }: { kind: ExportedSource['kind']; name?: string },
): ExportedSource {
  const shown = name ?? (typeof input === 'string' ? basename(input) : kind)
  const isText = /\.csv$/i.test(shown)
  const read = isText ? readRecords : readObjects
  return {
    name: shown,
    kind,
    isText,
    entries: () => read(typeof input === 'string' ? createReadStream(input) : input, shown),
  }
}

/** What a file is an export of, by its first line; undefined where that does not say it. */
export async function readExportKind(path: string): Promise<ExportKind | undefined> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(headingLength) })
    const [line = ''] = buffer.toString('utf8', 0, bytesRead).split(/\r?\n/)
    // The keys of suppressions make that line longer than what is read of it.
    const said = /^\s*\{"mailshot":"(\w+)"/.exec(line)?.[1]
    return said === undefined ? kindOfHeader(line) : exportKinds.find((kind) => kind === said)
  } finally {
    await file.close()
  }
}

const headingLength = 1024

/** How the heading of each begins as CSV. */
const headers: Partial<Record<ExportKind, string>> = {
  suppressions: 'address,reason,note,at',
  lists: 'id,status,title,public,',
  snapshots: 'hash,slug,compiled,',
  media: 'hash,type,',
  sends: 'id,slug,content_hash,snapshot,',
  recipients: 'id,send_id,email,written,',
  events: 'id,key,transport,type,',
}

/** Which export as CSV has such a first line; one that a spreadsheet has written anew is told for people alone. */
export function kindOfHeader(line: string): ExportKind | undefined {
  const text = line.replace(/^\ufeff/, '')
  if (isExportHeader(text.split(/[,;\t]/))) return 'subscribers'
  return exportKinds.find((kind) => {
    const start = headers[kind]
    return start !== undefined && (start.endsWith(',') ? text.startsWith(start) : text === start)
  })
}

async function* readObjects(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<ExportedEntry> {
  let line = 0
  for await (const batch of readLines(decode(bytes, { name }))) {
    for (const text of batch) {
      line += 1
      if (text.trim() === '') continue
      const row = parseObject(text)
      if (!row) yield { fault: { line, cause: 'it is no line of JSON' } }
      else yield 'mailshot' in row ? { lastId: lastIdOf(row) } : { line, row }
    }
  }
}

/** Exactly as it was written, line ends in fields and empty texts too; so not by the lenient reader of other people's files. */
async function* readRecords(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<ExportedEntry> {
  const faults: string[] = []
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_records_with_error: true,
    cast: (text, { quoting }) => (text === '' && !quoting ? null : bareFormula(text)),
    on_skip: (error) => void faults.push(error?.message ?? 'it cannot be read'),
  })
  // What fails on the way is thrown by the parser.
  pipeline(Readable.from(decode(bytes, { name })), parser, () => {})
  let header: string[] | undefined
  let line = 0
  for await (const { record, info } of parser) {
    for (const cause of faults.splice(0)) yield { fault: { line: line + 1, cause } }
    const values: (string | null)[] = record
    if (!header) header = values.map((column) => jsonName(column ?? ''))
    else if (values.length === header.length) {
      yield { line: line + 1, row: Object.fromEntries(header.map((key, n) => [key, values[n]])) }
    } else yield { fault: { line: line + 1, cause: 'it has not as many fields as the heading' } }
    line = info.lines
  }
  for (const cause of faults) yield { fault: { line: line + 1, cause } }
}
