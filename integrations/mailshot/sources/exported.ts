import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ExportedEntry, ExportedSource } from '../import/exported.ts'
import { decode, readLines } from './csv/text.ts'

/**
 * Reads JSON Lines that `mailshot export` has written of one of the tables of the history.
 *
 * @param input a path, or the bytes of a file
 */
export function exportedTable(
  input: string | AsyncIterable<Uint8Array>,
  { kind, name }: { kind: ExportedSource['kind']; name?: string },
): ExportedSource {
  const shown = name ?? (typeof input === 'string' ? basename(input) : kind)
  return {
    name: shown,
    kind,
    entries: () => readEntries(typeof input === 'string' ? createReadStream(input) : input, shown),
  }
}

/** What the first line of a file says that it is an export of; undefined where it says nothing. */
export async function readExportKind(path: string): Promise<string | undefined> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(headingLength) })
    const [line = ''] = buffer.toString('utf8', 0, bytesRead).split('\n')
    // The keys of suppressions make that line longer than what is read of it.
    return /^\s*\{"mailshot":"(\w+)"/.exec(line)?.[1]
  } finally {
    await file.close()
  }
}

const headingLength = 256

async function* readEntries(
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
      else if (!('mailshot' in row)) yield { line, row }
    }
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? { ...value } : undefined
  } catch {
    return undefined
  }
}
