import { createReadStream } from 'node:fs'
import { MailshotError } from '../../error.ts'
import { checkedFirst } from '../first-piece.ts'
import { type Encoding, findEncoding } from './encoding.ts'
import { type CsvRecord, readRecords } from './record.ts'
import { decode, readLines } from './text.ts'

/** A path, the bytes of a file, or how they are read from the start as often as asked. */
export type CsvInput = string | AsyncIterable<Uint8Array> | (() => AsyncIterable<Uint8Array>)

/** A CSV file as records, whatever its encoding. */
export interface CsvFile {
  /** Whether it can be read from the start again; its encoding is told by itself then. */
  isRereadable: boolean
  /** A notice says what its encoding is taken for. */
  records(): AsyncGenerator<CsvRecord | { notice: string }>
}

/**
 * @param encoding as `TextDecoder` calls it; else UTF-8, UTF-16 and windows-1252 are told by themselves where the file can be read twice
 * @throws MailshotError, when it is read, for a file that is none of text
 */
export function csvFile(
  input: CsvInput,
  { name, encoding }: { name: string; encoding?: string | undefined },
): CsvFile {
  const isRereadable = typeof input === 'string' || typeof input === 'function'
  const open = () =>
    checkedFirst(typeof input === 'string' ? readFile(input) : bytesOf(input), (first) =>
      refuseOthers(first, name),
    )
  let found: Promise<Encoding> | undefined
  return {
    isRereadable,
    async *records() {
      if (isRereadable && encoding === undefined) found ??= findEncoding(open())
      const known = (await found) ?? { ...(encoding !== undefined && { encoding }) }
      if (known.notice !== undefined) yield { notice: known.notice }
      yield* readRecords(readLines(decode(open(), { ...known, name })))
    },
  }
}

function bytesOf(input: Exclude<CsvInput, string>): AsyncIterable<Uint8Array> {
  return typeof input === 'function' ? input() : input
}

function refuseOthers(first: Uint8Array, name: string): void {
  const text = Buffer.from(first.subarray(0, 100)).toString('latin1')
  const start = text.replace(/^\xef\xbb\xbf/, '')
  const other = others.find(([marks]) => marks.some((mark) => start.startsWith(mark)))
  if (other) throw new MailshotError(`${name}: ${other[1]}`)
}

const workbook = 'it is an Excel workbook; save the sheet as "CSV UTF-8"'

/** What other files begin with, a byte a character. */
const others: [marks: string[], cause: string][] = [
  [
    ['PK\x03\x04'],
    `${workbook}; or, where it is a zip archive, unpack it (that of Mailchimp: --source mailchimp)`,
  ],
  [['\xd0\xcf\x11\xe0'], workbook],
  [['\x1f\x8b'], 'it is packed with gzip; unpack it first: gunzip FILE'],
  [['SQLite format 3'], 'it is a database; say of which system: --source spip or phplist'],
  [
    ['-- ', '--\n', '--\r', '/*!', '/*M!', '# MySQL', 'PGDMP'],
    'it is the dump of a database; say of which system: --source spip, phplist or listmonk',
  ],
  [['%PDF'], 'it is a PDF file; export the list as CSV'],
  [['{"'], 'it holds JSON; say --source jsonl'],
]

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
