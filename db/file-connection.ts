import { statSync } from 'node:fs'
import Database from 'libsql/promise'
import type { Connection } from './connection.ts'
import { codeOf } from './patience.ts'
import type { Statement } from './statement.ts'

/** One attempt waits this long inside SQLite; longer would block the event loop. */
const busyTimeoutMs = 20
/** As many as there are queries in the code, and some. */
const mostPrepared = 300
/** The file itself is at most so far behind its log: whoever copies it alone, or loses the log, loses no more. */
const checkpointEveryMs = 10_000

/** What the binding's statements do; its own types say nothing. */
interface Prepared {
  readonly reader: boolean
  all(values: Statement['values']): Promise<unknown[]>
  run(values: Statement['values']): unknown
}
interface Open {
  file: Database
  /** What tells it from another file that is put in its place; undefined in memory. */
  inode: number | undefined
  prepared: Map<string, Prepared>
  /** Whether it asks for the lock of a write. */
  isBeginning: boolean
}

/**
 * A database file, or `:memory:`. Statements stay prepared, which the client of remote databases cannot do. Calls stand in line, so
 * none comes between the statements of a write. Waiting for the lock and for the disk is left to another thread, which is most of
 * the time that a write takes.
 *
 * Where the lock of a write is another's, nothing is left behind. A connection that was refused otherwise is given up for a new
 * one: the refused statement may be left unfinished, and with it every later read would keep its snapshot open, so that no
 * write succeeds once another process has written.
 *
 * What is written to a file that was removed, or replaced, would be lost. So the path is looked at again each time: another file
 * is opened, and where there is none it is not made anew, but `SQLITE_CANTOPEN` until one is back.
 */
export function openFileConnection(path: string): Connection {
  let open: Open | undefined
  let isClosed = false
  let wasOpen = false
  let checkpointing: NodeJS.Timeout | undefined
  let last: Promise<unknown> = Promise.resolve()
  const giveUp = () => {
    open?.file.close()
    open = undefined
  }
  const attempt = async <Result>(act: (given: Open) => Promise<Result>): Promise<Result> => {
    try {
      if (open && isMoved(open, path)) giveUp()
      open ??= await connect(path, wasOpen)
      wasOpen = true
      return await act(open)
    } catch (error) {
      if (open && !open.isBeginning && path !== ':memory:' && isRefusal(error)) giveUp()
      if (open) open.isBeginning = false
      throw error
    }
  }
  const inTurn = <Result>(act: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(act)
    last = turn.catch(() => undefined)
    return turn
  }
  const inTurnIfOpen = <Result>(act: (given: Open) => Promise<Result>): Promise<Result> =>
    isClosed ? Promise.reject(new Error('the database is closed')) : inTurn(() => attempt(act))
  const writeBack = async (mode: 'PASSIVE' | 'TRUNCATE') => {
    clearTimeout(checkpointing)
    if (checkpointing && open) await checkpoint(open, mode)
    checkpointing = undefined
  }
  return {
    read: (statement) => inTurnIfOpen((given) => run(given, statement)),
    writer: (statements) => () => {
      checkpointing ??= setTimeout(() => void inTurn(() => writeBack('PASSIVE')), checkpointEveryMs)
      checkpointing.unref()
      return inTurnIfOpen((given) => transact(given, statements))
    },
    close: () => {
      if (isClosed) return last.then(() => undefined)
      isClosed = true
      return inTurn(async () => {
        // What is closed with prepared statements leaves its log as it is, though it be the last.
        await writeBack('TRUNCATE')
        giveUp()
      })
    },
  }
}

/** Others who write or read go on: what they keep from being written back stays in the log. */
async function checkpoint({ file }: Open, mode: 'PASSIVE' | 'TRUNCATE'): Promise<void> {
  try {
    await file.exec(`PRAGMA wal_checkpoint(${mode})`)
  } catch {
    // Nothing is lost by it, and the next write says what is the matter.
  }
}

/** @param mustExist not to make a file where one was before */
async function connect(path: string, mustExist: boolean): Promise<Open> {
  if (mustExist && path !== ':memory:' && inodeOf(path) === undefined) {
    throw new Database.SqliteError(`${path}: the database file is gone`, 'SQLITE_CANTOPEN', 14)
  }
  const file = new Database(path, { timeout: busyTimeoutMs })
  try {
    await file.exec('PRAGMA journal_mode = WAL')
    await file.exec('PRAGMA synchronous = FULL')
    // Each checkpoint writes pages of the file and waits for the disk twice; they are few pages then, often written.
    await file.exec('PRAGMA wal_autocheckpoint = 4000')
    await file.exec('PRAGMA foreign_keys = ON')
    return { file, inode: inodeOf(path), prepared: new Map(), isBeginning: false }
  } catch (error) {
    file.close()
    throw error
  }
}

/** Whether the path leads to another file by now, or to none. */
function isMoved({ inode }: Open, path: string): boolean {
  return inode !== undefined && inode !== inodeOf(path)
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}

async function transact(open: Open, statements: readonly Statement[]): Promise<unknown[][]> {
  await begin(open)
  try {
    const rows: unknown[][] = []
    for (const statement of statements) rows.push(await run(open, statement))
    await open.file.exec('COMMIT')
    return rows
  } catch (error) {
    // A full disk has rolled it back already.
    await open.file.exec('ROLLBACK').catch(() => undefined)
    throw error
  }
}

/** Not prepared: a statement that was refused would stay in the middle of its work. */
async function begin(open: Open): Promise<void> {
  open.isBeginning = true
  await open.file.exec('BEGIN IMMEDIATE')
  open.isBeginning = false
}

async function run(open: Open, { text, values }: Statement): Promise<unknown[]> {
  const statement = open.prepared.get(text) ?? (await prepare(open, text))
  try {
    if (statement.reader) return await statement.all(values)
    statement.run(values)
    return []
  } catch (error) {
    // It may be left in the middle of its work.
    open.prepared.delete(text)
    throw error
  }
}

async function prepare({ file, prepared }: Open, text: string): Promise<Prepared> {
  if (prepared.size >= mostPrepared) prepared.clear()
  const statement: Prepared = await file.prepare(text)
  prepared.set(text, statement)
  return statement
}

function isRefusal(error: unknown): boolean {
  return /^SQLITE_(?!CONSTRAINT|ERROR)/.test(codeOf(error))
}
