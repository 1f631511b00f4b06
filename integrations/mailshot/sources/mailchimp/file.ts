import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { MailshotError } from '../../error.ts'

/** A CSV file in a folder or an archive. */
export interface NamedFile {
  name: string
  /** From the start, as often as asked. */
  bytes: () => AsyncIterable<Uint8Array>
}

/**
 * The CSV files of a folder, of a zip archive, or the one file that it is, by their names.
 *
 * @throws MailshotError where there is none
 */
export async function* csvFiles(
  path: string,
  { name, isFolder }: { name: string; isFolder: boolean },
): AsyncGenerator<NamedFile> {
  const files = isFolder ? folderFiles(path) : isZip(path) ? zipFiles(path, name) : oneFile(path)
  let found = 0
  for await (const file of files) {
    found += 1
    yield file
  }
  if (found > 0) return
  throw new MailshotError(`${name}: it holds no CSV file; is it the export of an audience?`)
}

function isZip(path: string): boolean {
  return path.toLowerCase().endsWith('.zip')
}

async function* oneFile(path: string): AsyncGenerator<NamedFile> {
  await Promise.resolve()
  yield { name: basename(path), bytes: () => createReadStream(path) }
}

async function* folderFiles(path: string): AsyncGenerator<NamedFile> {
  const names = (await readdir(path)).filter(isCsv)
  for (const name of names.toSorted()) {
    yield { name, bytes: () => createReadStream(join(path, name)) }
  }
}

async function* zipFiles(path: string, name: string): AsyncGenerator<NamedFile> {
  const zip = await openZip(path, name)
  try {
    const entries: Entry[] = []
    for await (const entry of zip.eachEntry()) entries.push(entry)
    const wanted = entries.filter(({ fileName }) => isCsv(fileName))
    for (const entry of wanted.toSorted((a, b) => (a.fileName < b.fileName ? -1 : 1))) {
      const bytes = async function* () {
        yield* await zip.openReadStreamPromise(entry)
      }
      yield { name: basename(entry.fileName), bytes }
    }
  } finally {
    zip.close()
  }
}

async function openZip(path: string, name: string): Promise<ZipFile> {
  try {
    return await openPromise(path, { lazyEntries: true, autoClose: false })
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new MailshotError(`${name}: it is no whole zip archive (${what}); download it again`, {
      cause,
    })
  }
}

/** Without the entries that macOS adds. */
function isCsv(name: string): boolean {
  return /\.csv$/i.test(name) && !/(?:^|\/)(?:__MACOSX\/|\.)/.test(name)
}
