import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { PassThrough, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { MailshotError } from '../error.ts'
import { checkedFirst } from './first-piece.ts'

/** Pieces of a file as it is read: large ones, since a dump is read from end to end. */
const pieceBytes = 1 << 20

/**
 * The bytes of a dump, unpacked where it is packed with gzip.
 *
 * @throws MailshotError for what cannot be read, is packed otherwise, or was written by a shell in UTF-16
 */
export async function* readDumpFile(
  input: string | AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const file =
    typeof input === 'string' ? createReadStream(input, { highWaterMark: pieceBytes }) : input
  try {
    const pieces = file[Symbol.asyncIterator]()
    const { value: first, done } = await pieces.next()
    if (done) return
    const whole = joined(first, pieces)
    const isPacked = first[0] === 0x1f && first[1] === 0x8b
    yield* checkedFirst(isPacked ? unpacked(whole) : whole, (piece) => refuseOthers(piece, name))
  } catch (cause) {
    if (cause instanceof MailshotError) throw cause
    if (cause instanceof Error && 'code' in cause && cause.code === 'EISDIR') {
      throw new MailshotError(
        `${name}: it is a folder, and a dump is one file; make one with: pg_dump --format=plain, or mysqldump`,
        { cause },
      )
    }
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new MailshotError(`${name}: cannot be read (${what}); check the name and the file`, {
      cause,
    })
  }
}

async function* joined(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield first
    for (;;) {
      const { value, done } = await rest.next()
      if (done) return
      yield value
    }
  } finally {
    await rest.return?.()
  }
}

async function* unpacked(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const out = new PassThrough({ highWaterMark: pieceBytes })
  const running = pipeline(
    Readable.from(packed, { objectMode: false }),
    createGunzip({ chunkSize: pieceBytes }),
    out,
  )
  // What fails is thrown where `out` is read.
  running.catch((error: Error) => out.destroy(error))
  yield* out
}

const notPlain = 'it is no plain dump; make one with: pg_dump --format=plain'

const others: [mark: number[], cause: string][] = [
  [[0x50, 0x4b, 0x03, 0x04], 'it is a zip archive; unpack it first'],
  [[0x42, 0x5a, 0x68], 'it is packed with bzip2; unpack it first: bunzip2 FILE'],
  [[0xfd, 0x37, 0x7a, 0x58], 'it is packed with xz; unpack it first: unxz FILE'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'it is packed with zstd; unpack it first: unzstd FILE'],
  [[...Buffer.from('PGDMP')], notPlain],
  [[...Buffer.from('toc.dat')], notPlain],
  [[...Buffer.from('<?xml')], 'it is a dump in XML; make it again without --xml'],
  [
    [0xff, 0xfe],
    'it is in UTF-16, as PowerShell writes what is sent to ">"; make it with --result-file=FILE instead',
  ],
]

/** @throws MailshotError for what is no plain dump */
function refuseOthers(first: Uint8Array, name: string): void {
  const found = others.find(([mark]) => mark.every((byte, at) => first[at] === byte))
  if (found) throw new MailshotError(`${name}: ${found[1]}`)
}
