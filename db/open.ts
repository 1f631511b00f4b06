import { mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Client, createClient, type InStatement, LibsqlError } from '@libsql/client'
import { CasingCache } from 'drizzle-orm/casing'
import { type SQL, sql } from 'drizzle-orm/sql'
import { MailshotError } from '../integrations/mailshot/error.ts'
import { migrate } from './migrate.ts'

/**
 * The one database. Queries are drizzle's `sql` tag; a value in `${…}` is always a parameter. JSON columns come back as
 * text. Times are milliseconds.
 */
export interface Database {
  readonly url: string
  all<Row>(query: SQL): Promise<Row[]>
  get<Row>(query: SQL): Promise<Row | undefined>
  /**
   * All statements in one transaction, or none. While another process writes, it waits without blocking the event loop
   * and tries again. Answers the rows that each statement's RETURNING gave.
   */
  write<Row = unknown>(...statements: SQL[]): Promise<Row[][]>
  /** The same database for callers that somebody waits for: they give up after so many milliseconds of others' writing. */
  within(ms: number): Database
  /** The same database for callers that give up once the signal aborts. */
  until(signal: AbortSignal): Database
  close(): void
}

export interface OpenDatabaseOptions {
  authToken?: string | undefined
  /** Make a missing database file; otherwise its absence is an error. */
  create?: boolean | undefined
  /** Folders that a redeploy wipes; a database inside one is refused. */
  wiped?: string[] | undefined
}

// One attempt waits this long inside SQLite; longer would block the event loop.
const busyTimeoutMs = 20
// How long a writer waits for other processes, or for room on the disk, before it gives up.
const writePatienceMs = 60_000

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
  let client: Client | undefined
  try {
    if (url.startsWith('file:')) await checkFile(url, options)
    client = connect(url, options.authToken)
    const connection = { client, url, operate: operator(client, url) }
    const database = databaseOf(connection, { ms: writePatienceMs })
    await database.all(sql`SELECT 1`)
    await migrate(database)
    return database
  } catch (error) {
    client?.close()
    throw explainOpening(url, error)
  }
}

function connect(url: string, authToken: string | undefined): Client {
  if (!url.startsWith('file:')) {
    return createClient({ url, ...(authToken && { authToken }) })
  }
  // One connection: PRAGMAs hold for the connection they were set on.
  return createClient({ url, concurrency: 1, timeout: busyTimeoutMs })
}

async function configure(client: Client): Promise<void> {
  await client.execute('PRAGMA journal_mode = WAL')
  await client.execute('PRAGMA synchronous = FULL')
}

/**
 * Runs one operation at a time. The client leaves a statement that was refused as busy unfinished until it is collected, and
 * with it every later read on the connection keeps its snapshot open, so that no write succeeds once another process
 * has written. So a refused connection is given up for a new one.
 */
function operator(client: Client, url: string): Operate {
  const isFile = url.startsWith('file:')
  let isFresh = true
  let last: Promise<unknown> = Promise.resolve()
  const attempt = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    try {
      if (isFile && isFresh) await configure(client)
      isFresh = false
      return await run()
    } catch (error) {
      if (isFile && isPassing(error) && !client.closed) {
        client.reconnect()
        isFresh = true
      }
      throw error
    }
  }
  return (run, patience) =>
    patiently(patience, () => {
      const result = last.then(() => attempt(run))
      last = result.catch(() => undefined)
      return result
    })
}

type Operate = <Result>(run: () => Promise<Result>, patience: Patience) => Promise<Result>

/** How long an operation waits while others write. */
interface Patience {
  ms: number
  signal?: AbortSignal
}

function databaseOf(
  { client, url, operate }: { client: Client; url: string; operate: Operate },
  patience: Patience,
): Database {
  const statementOf = (query: SQL): InStatement => {
    const { sql: text, params } = query.toQuery(sqlite)
    return { sql: text, args: params.map(parameter) }
  }
  // The caller's row type describes the columns that its own SQL names.
  const rowsOf = <Row>(rows: unknown[]): Row[] => rows as Row[]
  const all = async <Row>(query: SQL): Promise<Row[]> => {
    const result = await operate(() => client.execute(statementOf(query)), patience)
    return rowsOf<Row>(result.rows)
  }
  return {
    url,
    all,
    get: async <Row>(query: SQL) => (await all<Row>(query))[0],
    write: async <Row>(...statements: SQL[]) => {
      const results = await operate(
        () => client.batch(statements.map(statementOf), 'write'),
        patience,
      )
      return results.map((result) => rowsOf<Row>(result.rows))
    },
    within: (ms) => databaseOf({ client, url, operate }, { ...patience, ms }),
    until: (signal) => databaseOf({ client, url, operate }, { ...patience, signal }),
    close: () => client.close(),
  }
}

/** What drizzle needs to write a query for SQLite; its own dialect would load ten times as much code. */
const sqlite = {
  casing: new CasingCache(),
  escapeName: (name: string) => `"${name.replaceAll('"', '""')}"`,
  escapeParam: () => '?',
  escapeString: (text: string) => `'${text.replaceAll("'", "''")}'`,
}

type Parameter = string | number | null | Uint8Array

function parameter(value: unknown): Parameter {
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value
  if (value === undefined) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Uint8Array) return value
  return JSON.stringify(value)
}

async function patiently<Result>(
  { ms, signal }: Patience,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + ms
  for (let wait = 2; ; wait = Math.min(wait * 2, 250)) {
    try {
      return await attempt()
    } catch (error) {
      if (!isPassing(error) || performance.now() > deadline || signal?.aborted) throw error
    }
    // Jitter, so that several waiting writers do not meet again and again.
    await setTimeout(wait / 2 + Math.random() * wait)
  }
}

/** Others write, or the disk is full: what waiting may mend. Nothing of the operation has been written. */
function isPassing(error: unknown): boolean {
  return error instanceof LibsqlError && /^SQLITE_(?:BUSY|LOCKED|FULL)/.test(error.code)
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
  if (existsSync(path)) return
  if (!options.create) {
    throw new MailshotError(
      `${path}: there is no database; create it once with "mailshot init", ` +
        'or set MAILSHOT_DATABASE_URL to the one that exists',
    )
  }
  await mkdir(dirname(path), { recursive: true })
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
  if (cause instanceof LibsqlError && cause.code.startsWith('URL_')) {
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
