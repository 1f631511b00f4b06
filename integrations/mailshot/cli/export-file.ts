import { mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { partialOf, sweepPartials } from '../../../db/partial.ts'
import { MailshotError } from '../error.ts'

/**
 * Writes a file beside its name, and gives it that once it is on the disk: whoever looks finds the old one or the whole, which only its
 * owner may read. What was left by a process that was killed goes. A device or a pipe is written to as it is.
 *
 * @throws MailshotError where it cannot be written
 */
export async function writeWhole(
  text: AsyncIterable<string>,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) throw unwritable(path, 'it is a folder')
  if (there && !there.isFile()) return writeTo(text, path, { path, flags: 'w', signal })
  // What a link leads to is written, and the link stays.
  const file = there ? await realpath(path) : path
  const partial = partialOf(file)
  try {
    await sweep(file)
    await writeTo(text, partial, { path, flags: 'wx', signal })
    await rename(partial, file)
  } finally {
    await rm(partial, { force: true })
  }
}

/**
 * Makes a folder in the same way: it is there once all that `fill` writes into it is.
 *
 * @throws MailshotError where it is there already and not empty, or cannot be made
 */
export async function makeWhole(
  path: string,
  fill: (write: (name: string, text: AsyncIterable<string>) => Promise<void>) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const partial = partialOf(path)
  try {
    await sweep(path)
    await mkdir(partial, { mode: 0o700 }).catch((cause) => refuse(path, cause))
    await fill((name, text) => writeTo(text, join(partial, name), { path, flags: 'wx', signal }))
    await rename(partial, path).catch((cause) => refuse(path, cause))
    await sync(dirname(path))
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

/** Takes away what was left of processes that are gone, also of one that had this one's number. */
async function sweep(path: string): Promise<void> {
  await sweepPartials(path).catch((cause) => refuse(path, cause))
  await rm(partialOf(path), { recursive: true, force: true })
}

async function writeTo(
  text: AsyncIterable<string>,
  file: string,
  { path, flags, signal }: { path: string; flags: string; signal: AbortSignal },
): Promise<void> {
  const handle = await open(file, flags, 0o600).catch((cause) => refuse(path, cause))
  const isFile = flags === 'wx'
  await pipeline(Readable.from(text), handle.createWriteStream({ flush: isFile }), { signal })
}

/** A name that was given is on the disk with its folder. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync()
  await handle.close()
}

function refuse(path: string, cause: unknown): never {
  const { code, message } = cause instanceof Error ? codeOf(cause) : { code: '', message: '' }
  if (code === 'ENOSPC' || code === 'EDQUOT') throw cause
  throw unwritable(path, reasons[code] ?? message, cause)
}

function codeOf(error: Error): { code: string; message: string } {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return { code, message: error.message }
}

const reasons: Record<string, string> = {
  ENOENT: 'its folder is not there',
  ENOTDIR: 'a file stands where its folder is needed',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'nothing can be written there',
  EEXIST: 'there is something of that name already',
  ENOTEMPTY: 'there is something of that name already',
}

function unwritable(path: string, why: string, cause?: unknown): MailshotError {
  return new MailshotError(`${path}: cannot be written: ${why}; name another place`, { cause })
}
