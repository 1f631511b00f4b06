import { existsSync } from 'node:fs'
import { link, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Client, createClient, LibsqlError } from '@libsql/client'
import { MailshotError } from '../integrations/mailshot/error.ts'

/**
 * Copies a database file as it is at one moment, while others read and write it; nobody waits for it but this process, whose
 * event loop stands still meanwhile. The copy is one file that only its owner may read.
 *
 * @param to a path that does not exist yet
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  // SQLite writes into an empty file, so that its rights are narrow from the first byte.
  await (await open(to, 'wx', 0o600)).close()
  await withClient(from, (client) => client.execute({ sql: 'VACUUM INTO ?', args: [to] }))
}

/** Reads or changes a database file that nobody else uses, without bringing its tables up to date. */
export async function withClient<Result>(
  file: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = createClient({ url: pathToFileURL(file).href, concurrency: 1, timeout: 5_000 })
  try {
    return await work(client)
  } finally {
    client.close()
  }
}

/** @throws MailshotError when SQLite finds the file damaged; it names what the operator has named */
export async function checkIntegrity(file: string, name: string): Promise<void> {
  const { rows } = await withClient(file, (client) => client.execute('PRAGMA integrity_check(1)'))
  const found = rows[0]?.['integrity_check']
  if (found === 'ok') return
  throw new MailshotError(
    `${name}: the copy is damaged (${JSON.stringify(found)}); take another copy`,
  )
}

/** Gives a finished file its name, on the disk before it answers. @throws MailshotError when it is taken meanwhile */
export async function publish(from: string, to: string): Promise<void> {
  await syncFile(from)
  try {
    await link(from, to)
    await rm(from)
  } catch (cause) {
    if (isCode(cause, 'EEXIST')) {
      throw new MailshotError(
        `${to}: somebody else has made the file meanwhile; nothing was changed`,
        {
          cause,
        },
      )
    }
    // Some file systems have no links.
    if (existsSync(to)) throw cause
    await rename(from, to)
  }
  await syncFolder(dirname(to))
}

/** Whether a database file has been copied, or moved, without the write-ahead log that it was used with. */
export async function isWithoutLog(file: string): Promise<boolean> {
  const handle = await open(file, 'r')
  try {
    // The format that its writers use: https://www.sqlite.org/fileformat.html, 1.3.3.
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, 18)
    return buffer[0] === 2 && !(await stat(`${file}-wal`).catch(() => undefined))?.size
  } finally {
    await handle.close()
  }
}

/** What SQLite keeps beside a database file: left there, it would be taken for that of the next one. */
const companions = ['-wal', '-shm', '-journal']

/**
 * Puts a finished database file in the place of another, which gets the name `aside`, with all that belongs to it. The place is
 * never without one, and if it fails all is as it was.
 *
 * @throws MailshotError when a process has the one there open, or may have
 */
export async function replaceDatabase(from: string, to: string, aside: string): Promise<void> {
  await requireUnused(to)
  await syncFile(from)
  await keep(to, aside)
  try {
    await rename(from, to)
  } catch (error) {
    if (existsSync(to)) await rm(aside, { force: true })
    else await rename(aside, to)
    throw error
  }
  await syncFolder(dirname(to))
}

async function keep(file: string, aside: string): Promise<void> {
  try {
    await link(file, aside)
  } catch (error) {
    if (isCode(error, 'EEXIST')) throw error
    // Some file systems have no links.
    await rename(file, aside)
  }
}

/** Only the last connection can leave the write-ahead log, so this fails while any process has the file open. */
async function requireUnused(file: string): Promise<void> {
  try {
    await withClient(file, (client) => client.execute('PRAGMA journal_mode = DELETE'))
  } catch (error) {
    const code = error instanceof LibsqlError ? error.code : ''
    if (/^SQLITE_(?:BUSY|LOCKED)/.test(code)) throw inUse(file, error)
    // One that is damaged is what a restore is for; then SQLite cannot tell who else uses it.
    if (!/^SQLITE_(?:CORRUPT|NOTADB)/.test(code)) {
      throw unknownUse(file, error)
    }
    const left = companionsOf(file)
    if (left.length > 0) throw damagedAndUsed(file, left, error)
  }
}

function inUse(file: string, cause: unknown): MailshotError {
  return new MailshotError(
    `${file}: a process has the database open; stop the site and all workers, and try again`,
    { cause },
  )
}

function unknownUse(file: string, cause: unknown): MailshotError {
  return new MailshotError(
    `${file}: nobody can tell whether a process has the database open (${wordsOf(cause)}); ` +
      'check that this user may write it and its folder, and that the disk is well; nothing was changed',
    { cause },
  )
}

function damagedAndUsed(file: string, left: string[], cause: unknown): MailshotError {
  return new MailshotError(
    `${file}: it is damaged (${wordsOf(cause)}), and a process may have it open, since ${left.join(' and ')} ` +
      'lies beside it; stop the site and all workers, move that away, and try again',
    { cause },
  )
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function companionsOf(file: string): string[] {
  return companions.map((companion) => file + companion).filter((path) => existsSync(path))
}

/**
 * @throws MailshotError when a database file is gone and its log is not: whoever had it open goes on, and mails, in a file that
 *   nobody sees any more
 */
export function requireNoLeftovers(file: string): void {
  if (existsSync(file)) return
  const left = companionsOf(file)
  if (left.length === 0) return
  throw new MailshotError(
    `${left.join(', ')}: left of a database that is gone, which a process may still have open; ` +
      'stop the site and all workers, move what is left away, and try again',
  )
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
