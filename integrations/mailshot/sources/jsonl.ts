import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { MailshotError } from '../error.ts'
import { lastIdOf } from '../import/exported/number.ts'
import type { ImportEntry, ImportFault, ImportSource } from '../import.ts'
import { decode, readLines } from './csv/text.ts'
import { readExportedRow } from './jsonl/row.ts'

/**
 * Reads subscribers from JSON Lines: what `mailshot export subscribers` wrote, or the fields of an `ImportRow` a line, with times in
 * ISO 8601 or in ms.
 *
 * @param input a path, or the bytes of a file (which can then be read once only)
 */
export function jsonl(
  input: string | AsyncIterable<Uint8Array>,
  options: { name?: string } = {},
): ImportSource {
  const isPath = typeof input === 'string'
  const name = options.name ?? (isPath ? basename(input) : 'JSON Lines')
  return {
    name,
    rereadable: isPath,
    rejects: jsonRejects,
    [Symbol.asyncIterator]: () => readEntries(isPath ? createReadStream(input) : input, name),
  }
}

/** A rejected row as a line of JSON, with what is wrong beside it; nothing reads that again. */
export const jsonRejects = {
  heading: () => '',
  line: ({ line, cause, raw, row }: ImportFault): string => {
    const read = row ?? (raw === undefined ? undefined : parseObject(raw))
    const rejected = { line, cause, ...(!read && raw !== undefined && { raw }) }
    return `${JSON.stringify({ rejected, ...read })}\n`
  },
}

async function* readEntries(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<ImportEntry> {
  let line = 0
  for await (const batch of readLines(decode(bytes, { name }))) {
    for (const raw of batch) {
      line += 1
      if (raw.trim() === '') continue
      const read = parseObject(raw)
      if (read && 'mailshot' in read) {
        checkHeading(read, name)
        yield { lastId: lastIdOf(read) }
      } else yield entryOf(read, raw, line)
    }
  }
  if (line === 0) throw new MailshotError(`${name}: the file is empty`)
}

function entryOf(
  read: Record<string, unknown> | undefined,
  raw: string,
  line: number,
): ImportEntry {
  if (!read) return { fault: { line, cause: 'it is no line of JSON', raw } }
  const row = readExportedRow(read)
  return typeof row === 'string' ? { fault: { line, cause: row, raw } } : { row, line, raw }
}

function checkHeading({ mailshot: kind }: Record<string, unknown>, name: string): void {
  if (kind === 'subscribers') return
  const cure =
    kind === 'suppressions'
      ? `say: mailshot suppressions import ${name}`
      : `say: mailshot import ${name}`
  throw new MailshotError(
    `${name}: this is an export of ${String(kind)}, not of subscribers; ${cure}`,
  )
}

/** The object of a line of JSON; undefined where it is none. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? { ...value } : undefined
  } catch {
    return undefined
  }
}
