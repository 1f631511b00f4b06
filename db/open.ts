import { mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type SQL, sql } from 'drizzle-orm/sql'
import { MailshotError } from '../integrations/mailshot/error.ts'
import type { Connection } from './connection.ts'
import { openFileConnection } from './file-connection.ts'
import { migrate } from './migrate.ts'
import { codeOf, isGone, isUnwritable, type Patience, patiently } from './patience.ts'
import { openRemoteConnection } from './remote-connection.ts'
import { statementOf } from './statement.ts'

/**
 * The one database. Queries are drizzle's `sql` tag; a value in `${…}` is always a parameter. JSON columns come back as
 * text. Times are milliseconds.
 */
export interface Database {
  readonly url: string
  all<Row>(query: SQL): Promise<Row[]>
  get<Row>(query: SQL): Promise<Row | undefined>
  /**
   * All statements in one transaction, or none. While another process writes, or the way to a remote database is gone, it waits
   * without blocking the event loop and tries again; what was applied is never applied twice. Answers the rows of each statement.
   * Where the answer to what was applied was lost, its SELECTs alone are run again, so each has to tell the same after the write as
   * in it; rows of a RETURNING are lost, which is an error.
   */
  write<Row = unknown>(...statements: SQL[]): Promise<Row[][]>
  /** `false` once a write failed for want of room, rights or a network, until one succeeds. */
  isWritable(): boolean
  /** The same database for callers that somebody waits for: they give up after so many milliseconds, or when told to stop. */
  within(ms: number, stop?: AbortSignal): Database
  /**
   * The same database for a caller that waits for as long as it takes, also while the disk is full, and gives up once the signal
   * aborts. `onWait` is told of what it waits for, now and then.
   */
  until(signal: AbortSignal, onWait?: (error: unknown) => void): Database
  /** Ends after all that was begun. */
  close(): Promise<void>
}

export interface OpenDatabaseOptions {
  authToken?: string | undefined
  /** Make a missing database file; otherwise its absence is an error. */
  create?: boolean | undefined
  /** Folders that a redeploy wipes; a database inside one is refused. */
  wiped?: string[] | undefined
  /** Told of what a caller has waited for since five seconds, and every minute; `until` has one of its own. */
  onWait?: ((error: unknown) => void) | undefined
}

/** How long a caller waits for other processes that write, and for a network that is gone. */
const patienceMs = 60_000
/** How long it waits for a remote database to answer for the first time. */
const openingMs = 2_000

/**
 * Opens a `file:`, `libsql://` or `http(s)://` database and brings its tables up to date; safe when several processes do so at
 * once.
 *
 * @throws MailshotError when a file is missing, would be wiped by a redeploy, or cannot be written
 */
export async function openDatabase(
  url: string,
  options: OpenDatabaseOptions = {},
): Promise<Database> {
  let connection: Connection | undefined
  try {
    if (url.startsWith('file:')) await checkFile(url, options)
    connection = await connect(url, options.authToken)
    const patience = { ms: patienceMs, onWait: options.onWait }
    const database = databaseOf(url, noteTrouble(connection), patience)
    await database.within(openingMs).all(sql`SELECT 1`)
    await migrate(database)
    return database
  } catch (error) {
    await connection?.close()
    throw explainOpening(url, error)
  }
}

async function connect(url: string, authToken: string | undefined): Promise<Connection> {
  return url.startsWith('file:')
    ? openFileConnection(pathOf(url))
    : openRemoteConnection(url, authToken)
}

type WatchedConnection = Connection & { isWritable(): boolean }

function noteTrouble(connection: Connection): WatchedConnection {
  let isWritable = true
  return {
    ...connection,
    isWritable: () => isWritable,
    writer: (statements) => {
      const write = connection.writer(statements)
      return async () => {
        try {
          const rows = await write()
          isWritable = true
          return rows
        } catch (error) {
          if (isUnwritable(error) || isGone(error)) isWritable = false
          throw error
        }
      }
    },
  }
}

function databaseOf(url: string, connection: WatchedConnection, patience: Patience): Database {
  // The caller's row type describes the columns that its own SQL names.
  const rowsOf = <Row>(rows: unknown[]): Row[] => rows as Row[]
  const all = async <Row>(query: SQL): Promise<Row[]> => {
    const statement = statementOf(query)
    return rowsOf<Row>(await patiently(patience, () => connection.read(statement)))
  }
  return {
    url,
    all,
    get: async <Row>(query: SQL) => (await all<Row>(query))[0],
    write: async <Row>(...queries: SQL[]) => {
      const statements = queries.map(statementOf)
      const results = await patiently(patience, connection.writer(statements))
      return results.map((rows) => rowsOf<Row>(rows))
    },
    isWritable: connection.isWritable,
    within: (ms, stop) => databaseOf(url, connection, { ...patience, ms, stop }),
    until: (signal, onWait) => databaseOf(url, connection, { ...patience, until: signal, onWait }),
    close: () => connection.close(),
  }
}

async function checkFile(url: string, options: OpenDatabaseOptions): Promise<void> {
  const path = pathOf(url)
  if (path === ':memory:') return
  const inside = (options.wiped ?? []).find((folder) => !relative(folder, path).startsWith('..'))
  if (inside !== undefined) {
    throw new MailshotError(
      `${path}: the database is inside the build output, which the next build deletes; ` +
        'set MAILSHOT_DATABASE_URL to a folder that stays, for example file:data/mailshot.db',
    )
  }
  if (options.create) await mkdir(dirname(path), { recursive: true })
  else requireDatabase(path)
}

/** @throws MailshotError when a database file is missing: SQLite itself would make an empty one */
export function requireDatabase(path: string): void {
  if (existsSync(path)) return
  throw new MailshotError(
    `${path}: there is no database; create it once with "mailshot init", ` +
      'or set MAILSHOT_DATABASE_URL to the one that exists',
  )
}

/** The path of a `file:` database; undefined for one in memory, or of a server. */
export function databaseFile(url: string): string | undefined {
  const path = url.startsWith('file:') ? pathOf(url) : ':memory:'
  return path === ':memory:' ? undefined : path
}

function pathOf(url: string): string {
  if (url.startsWith('file://')) return fileURLToPath(url)
  const path = url.slice('file:'.length).replace(/\?.*$/, '')
  return path === ':memory:' ? path : resolve(path)
}

function explainOpening(url: string, cause: unknown): unknown {
  if (cause instanceof MailshotError || !(cause instanceof Error)) return cause
  // A mistake in the code, unless it is what `fetch` throws.
  if (cause instanceof TypeError && cause.cause === undefined) return cause
  const shown = url.replace(/\?.*$/, '')
  if (codeOf(cause).startsWith('URL_')) {
    return new MailshotError(
      `"${shown}" is not the address of a database; ` +
        'set MAILSHOT_DATABASE_URL to one like file:data/mailshot.db or libsql://name.example.com',
      { cause },
    )
  }
  // `fetch` itself only says that it failed.
  const reason = cause.cause instanceof Error ? cause.cause.message : cause.message
  return new MailshotError(
    `${shown}: the database cannot be opened (${reason}); ` +
      'check that it exists, that this user may write it and its folder, and MAILSHOT_DATABASE_TOKEN if it is remote',
    { cause },
  )
}
