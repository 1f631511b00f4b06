import { existsSync } from 'node:fs'
import { chmod, chown, open, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { LibsqlError } from '@libsql/client'
import { sql } from 'drizzle-orm/sql'
import {
  checkIntegrity,
  copyDatabase,
  isWithoutLog,
  publish,
  replaceDatabase,
  requireNoLeftovers,
  withClient,
} from '../../db/copy.ts'
import { knownMigrations } from '../../db/migrate.ts'
import { type Database, openDatabase } from '../../db/open.ts'
import { partialOf, removePartial, sweepPartials } from '../../db/partial.ts'
import { requireFile } from './backup.ts'
import type { MailshotConfig } from './config.ts'
import { MailshotError } from './error.ts'
import { backupKey, readMeta, restoreToService } from './hold.ts'

export interface Restored {
  /** Where the database is now, and where the one before it. */
  file: string
  aside: string | undefined
  /** When the backup was made, in milliseconds; undefined of a copy made by other means. */
  madeAt: number | undefined
  /** The sends that it has paused. */
  paused: {
    id: string
    slug: string
    total: number
    sent: number
    uncertain: number
    remaining: number
  }[]
  /** The letters that it keeps back. */
  letters: number
}

export interface RestoreOptions {
  /** Put it in the place of a database that is there, which is kept beside. */
  replace?: boolean | undefined
  /** Take a plain copy of a database file too, which tells nobody whether all is in it. */
  plainCopy?: boolean | undefined
  /** Folders that a redeploy wipes. */
  wiped: string[]
}

/**
 * Puts a backup in the place of the database, with its open sends paused and its letters kept back: what was mailed after it
 * was made is not known in it. All is done on a copy beside the place, which takes it in one step at the end.
 *
 * @throws MailshotError when it is no backup of this version or an older one, a database is there and not to be replaced, or
 *   a process has that open, or may have
 */
export async function restore(
  config: MailshotConfig,
  from: string,
  { replace = false, plainCopy = false, wiped }: RestoreOptions,
): Promise<Restored> {
  const place = requireFile(config, 'restore')
  const exists = existsSync(place)
  if (exists && !replace) {
    throw new MailshotError(
      `${place}: there is a database already; --replace puts the backup in its place, and keeps it beside`,
    )
  }
  requireNoLeftovers(place)
  await requireBackup(from, place, plainCopy)
  const staged = partialOf(place)
  try {
    await sweepPartials(place)
    await reading(from, () => copyDatabase(resolve(from), staged))
    await checkIntegrity(staged, from)
    const facts = await prepare(staged, wiped)
    await giveTo(staged, exists ? place : dirname(place))
    const aside = exists ? `${place}.before-${stamp(Date.now())}` : undefined
    if (aside !== undefined) await replaceDatabase(staged, place, aside)
    else {
      requireNoLeftovers(place)
      await publish(staged, place)
    }
    return { ...facts, file: place, aside }
  } finally {
    await removePartial(staged)
  }
}

/** Tells of a damaged backup by its own name: the database may be well. */
async function reading<Result>(from: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    const isDamaged =
      cause instanceof LibsqlError && /^SQLITE_(?:CORRUPT|NOTADB|IOERR)/.test(cause.code)
    if (!isDamaged) throw cause
    throw new MailshotError(`${from}: the backup is damaged (${cause.message}); take another one`, {
      cause,
    })
  }
}

/** Brings the copy up to date and takes everything out of motion, before anybody can open it. */
async function prepare(staged: string, wiped: string[]): Promise<Omit<Restored, 'file' | 'aside'>> {
  const db = await openDatabase(pathToFileURL(staged).href, { wiped })
  try {
    const made = await readMeta(db, backupKey)
    const madeAt = made === undefined ? undefined : Number(made)
    const waiting = await db.get<{ count: number }>(
      sql`SELECT count(*) AS count FROM letters WHERE status IN ('pending', 'held', 'in-hand')`,
    )
    const ids = await openSendIds(db)
    await restoreToService(db, madeAt)
    const paused = await sendsOf(db, ids)
    // One file again, which can be moved.
    await db.all(sql`PRAGMA journal_mode = DELETE`)
    return { madeAt, paused, letters: waiting?.count ?? 0 }
  } finally {
    await db.close()
  }
}

/** What root restores must be open to the user that the site runs as. */
async function giveTo(file: string, model: string): Promise<void> {
  const { mode, uid, gid } = await stat(model)
  const isFile = model !== dirname(file)
  await chmod(file, isFile ? mode & 0o666 : 0o600)
  if (process.getuid?.() === 0) await chown(file, uid, gid)
}

async function openSendIds(db: Database): Promise<string[]> {
  const rows = await db.all<{ id: string }>(
    sql`SELECT id FROM sends WHERE status IN ('scheduled', 'preparing', 'running')`,
  )
  return rows.map(({ id }) => id)
}

function sendsOf(db: Database, ids: string[]): Promise<Restored['paused']> {
  return db.all(sql`
    SELECT id, slug, total, sent, uncertain,
      total - sent - failed - skipped - cancelled - uncertain AS remaining
    FROM sends WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))
    ORDER BY scheduled_at, id`)
}

async function requireBackup(from: string, place: string, plainCopy: boolean): Promise<void> {
  const file = resolve(from)
  if (file === place) {
    throw new MailshotError(
      `${from}: that is where the database belongs already; to put it into service: mailshot init --adopt`,
    )
  }
  if (!existsSync(file)) throw new MailshotError(`${from}: there is no such file; check the name`)
  if (!existsSync(dirname(place))) {
    throw new MailshotError(`${dirname(place)}: there is no such folder; make it, then restore`)
  }
  if (!(await isSqlite(file))) {
    throw new MailshotError(`${from}: that is no backup: it is no SQLite database, or is encrypted`)
  }
  if (!plainCopy && (await isWithoutLog(file)) && !(await reading(from, () => isMarked(file)))) {
    throw new MailshotError(
      `${from}: it is a plain copy of a database, without the "-wal" that belongs to it, so what was written last may be missing; ` +
        'take one that "mailshot backup" has made, or put that "-wal" beside it. ' +
        'If nothing had the database open when it was copied, --plain-copy takes it as it is',
    )
  }
  const applied = await reading(from, () => migrationsIn(file))
  if (!applied) throw new MailshotError(`${from}: that is a database, but none of mailshot`)
  const known = await knownMigrations()
  const unknown = applied.find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new MailshotError(
    `${from}: it is of a newer version of mailshot (${unknown} is not known here); install that one, then restore`,
  )
}

async function isSqlite(file: string): Promise<boolean> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0)
    return bytesRead === 16 && buffer.toString('latin1') === 'SQLite format 3\0'
  } finally {
    await handle.close()
  }
}

/** Whether "mailshot backup" has made it: a copy that was opened since is whole without a log. */
async function isMarked(file: string): Promise<boolean> {
  const marks = await ifTables(() =>
    withClient(file, (client) =>
      client.execute({ sql: 'SELECT 1 FROM meta WHERE key = ?', args: [backupKey] }),
    ),
  )
  return marks !== undefined && marks.rows.length > 0
}

/** Undefined where there is no such table. */
async function migrationsIn(file: string): Promise<string[] | undefined> {
  const found = await ifTables(() =>
    withClient(file, async (client) => {
      await client.execute('SELECT 1 FROM sends LIMIT 1')
      return client.execute('SELECT name FROM migrations')
    }),
  )
  return found?.rows.map(({ name }) => (typeof name === 'string' ? name : ''))
}

async function ifTables<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof LibsqlError && /no such table/.test(error.message)) return undefined
    throw error
  }
}

/** `20261122T063100`: sorts, and is a file name everywhere. */
function stamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
}
