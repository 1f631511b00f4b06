import { createReadStream } from 'node:fs'
import { parseEmailAddress } from '../email-address.ts'
import { MailshotError } from '../error.ts'
import type { SuppressionEntry, SuppressionSource } from '../suppression/import.ts'
import { bareFormula } from './csv/formula.ts'
import { type CsvRecord, readRecords } from './csv/record.ts'
import { decode, readLines } from './csv/text.ts'

/**
 * Reads a suppression list: what `mailshot suppressions export` wrote, a CSV file with or without a heading, or one entry a line.
 * An entry is an address, or a hash of one (SHA-256 or MD5 of the address in lower case, in hexadecimal); in a CSV file it may stand
 * in any column. Columns called reason (also type, status, raison …), note and date are read too.
 *
 * @param input a path, or the bytes of a file
 */
export function suppressionList(
  input: string | AsyncIterable<Uint8Array>,
  name: string,
): SuppressionSource {
  return {
    name,
    [Symbol.asyncIterator]: () =>
      readEntries(typeof input === 'string' ? createReadStream(input) : input, name),
  }
}

async function* readEntries(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<SuppressionEntry> {
  const lines = readLines(decode(bytes, { name }))
  const first = await firstBatch(lines)
  if (first === undefined) throw new MailshotError(`${name}: the file is empty`)
  const all = joined(first, lines)
  const isOurs = first.find((line) => line.trim() !== '')?.startsWith('{')
  yield* isOurs ? readExport(all) : readTable(readRecords(all))
}

async function firstBatch(lines: AsyncIterator<string[]>): Promise<string[] | undefined> {
  for (;;) {
    const { value, done } = await lines.next()
    if (done) return undefined
    if (value.some((line: string) => line.trim() !== '')) return value
  }
}

async function* joined(first: string[], rest: AsyncIterable<string[]>): AsyncGenerator<string[]> {
  yield first
  yield* rest
}

/** Our own: JSON Lines, the first with the keys of the hashes. */
async function* readExport(batches: AsyncIterable<string[]>): AsyncGenerator<SuppressionEntry> {
  let line = 0
  for await (const batch of batches) {
    for (const text of batch) {
      line += 1
      if (text.trim() === '') continue
      const fields = parseJson(text)
      if (fields === undefined) yield { fault: { line, cause: 'it is no line of JSON' } }
      else if (Array.isArray(fields['keys'])) yield { keys: fields['keys'].map(String) }
      else yield entryOf(fields, line)
    }
  }
}

function entryOf(fields: Record<string, unknown>, line: number): SuppressionEntry {
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '')
  const at = Date.parse(text('at'))
  return {
    line,
    address: text('email') || text('hash'),
    reason: text('reason'),
    note: fields['note'] === null ? null : text('note'),
    ...(!Number.isNaN(at) && { at }),
  }
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

const columns = {
  reason: /^(?:reason|raison|motif|type|status|statut|event)$/i,
  note: /^(?:note|comment|commentaire|description)$/i,
  at: /^(?:at|date|created(?:[_ ]at)?|since|timestamp)$/i,
}

async function* readTable(records: AsyncIterable<CsvRecord>): AsyncGenerator<SuppressionEntry> {
  let heading: string[] | undefined
  for await (const record of records) {
    const { line } = record
    if ('cause' in record) {
      yield { fault: { line, cause: record.cause } }
      continue
    }
    const key = /^key:(\S+)$/.exec(record.fields[0] ?? '')?.[1]
    if (key !== undefined) {
      yield { keys: [key] }
      continue
    }
    const address = record.fields.map(bareFormula).find(isAddress)
    const isOurs = heading?.join() === 'address,reason,note,at'
    if (heading === undefined) {
      heading = address === undefined ? record.fields : []
      if (address === undefined) continue
    }
    const value = (name: keyof typeof columns) =>
      bareFormula(
        record.fields[heading?.findIndex((text) => columns[name].test(text.trim())) ?? -1] ?? '',
      )
    const at = Date.parse(value('at'))
    yield {
      line,
      address: address ?? record.fields[0] ?? '',
      reason: value('reason'),
      note: value('note') || (isOurs ? null : ''),
      ...(!Number.isNaN(at) && { at }),
    }
  }
}

/** An address, or a hash of one. */
function isAddress(text: string): boolean {
  return (
    parseEmailAddress(text) !== undefined ||
    /^\s*(?:[\da-z]+:)?(?:[\da-f]{64}|[\da-f]{32})\s*$/i.test(text)
  )
}
