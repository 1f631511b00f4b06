import { statSync } from 'node:fs'
import Database from 'libsql'
import AsyncDatabase from 'libsql/promise'
import type { Connection } from './connection.ts'
import { codeOf } from './patience.ts'
import type { Statement } from './statement.ts'

/** One attempt waits this long inside SQLite; longer would block the event loop. */
const busyTimeoutMs = 20
/** As many as there are queries in the code, and some. */
const mostPrepared = 300
/** The file itself is at most so far behind its log: whoever copies it alone, or loses the log, loses no more. */
const checkpointEveryMs = 10_000

type Prepared = ReturnType<typeof Database.prototype.prepare>
interface Open {
  file: InstanceType<typeof Database>
  /** What tells it from another file that is put in its place; undefined in memory. */
  inode: number | undefined
  prepared: Map<string, Prepared>
  /** Whether it asks for the lock of a write. */
  isBeginning: boolean
}

/**
 * A database file, or `:memory:`. Statements stay prepared, which the client of remote databases cannot do. A commit waits for
 * the disk, which is most of the time that a write takes, on another thread; what is called meanwhile stands in line.
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
  let committing: Promise<void> | undefined
  const giveUp = () => {
    open?.file.close()
    open = undefined
  }
  const refuse = (error: unknown) => {
    if (open && !open.isBeginning && path !== ':memory:' && isRefusal(error)) giveUp()
    if (open) open.isBeginning = false
    return error
  }
  const attempt = <Result>(act: (given: Open) => Result): Result => {
    try {
      if (isClosed) throw new Error('the database is closed')
      if (open && isMoved(open, path)) giveUp()
      open ??= connect(path, wasOpen)
      wasOpen = true
      return act(open)
    } catch (error) {
      throw refuse(error)
    }
  }
  /** At once where nothing is being committed. */
  const inTurn = async <Result>(act: () => Result): Promise<Awaited<Result>> => {
    if (!committing) return await act()
    await committing
    // Another may have been before.
    return inTurn(act)
  }
  const write = (statements: readonly Statement[]): Promise<unknown[][]> => {
    const { given, rows } = attempt((one) => ({ given: one, rows: perform(one, statements) }))
    const ended = commit(given).catch((error: unknown) => {
      throw refuse(error)
    })
    committing = ended.then(forget, forget)
    return ended.then(() => rows)
  }
  const forget = () => void (committing = undefined)
  const writeBack = (mode: 'PASSIVE' | 'TRUNCATE') => {
    clearTimeout(checkpointing)
    if (checkpointing && open) checkpoint(open, mode)
    checkpointing = undefined
  }
  return {
    read: (statement) => inTurn(() => attempt((given) => run(given, statement))),
    writer: (statements) => () => {
      checkpointing ??= setTimeout(() => void inTurn(() => writeBack('PASSIVE')), checkpointEveryMs)
      checkpointing.unref()
      return inTurn(() => write(statements))
    },
    close: () =>
      inTurn(() => {
        // What is closed with prepared statements leaves its log as it is, though it be the last.
        writeBack('TRUNCATE')
        giveUp()
        isClosed = true
      }),
  }
}

/** Others who write or read go on: what they keep from being written back stays in the log. */
function checkpoint({ file }: Open, mode: 'PASSIVE' | 'TRUNCATE'): void {
  try {
    file.exec(`PRAGMA wal_checkpoint(${mode})`)
  } catch {
    // Nothing is lost by it, and the next write says what is the matter.
  }
}

/** @param mustExist not to make a file where one was before */
function connect(path: string, mustExist: boolean): Open {
  if (mustExist && path !== ':memory:' && inodeOf(path) === undefined) {
    throw new Database.SqliteError(`${path}: the database file is gone`, 'SQLITE_CANTOPEN', 14)
  }
  const file = new Database(path, { timeout: busyTimeoutMs })
  try {
    file.exec('PRAGMA journal_mode = WAL')
    file.exec('PRAGMA synchronous = FULL')
    // Each checkpoint writes pages of the file and waits for the disk twice; they are few pages then, often written.
    file.exec('PRAGMA wal_autocheckpoint = 4000')
    file.exec('PRAGMA foreign_keys = ON')
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

/** All but the commit. */
function perform(open: Open, statements: readonly Statement[]): unknown[][] {
  begin(open)
  try {
    return statements.map((statement) => run(open, statement))
  } catch (error) {
    rollBack(open)
    throw error
  }
}

/** The binding's other half does on a thread of its own what this one does at once; both call the same connection. */
const execElsewhere = AsyncDatabase.prototype.exec

async function commit(open: Open): Promise<void> {
  try {
    await execElsewhere.call(open.file, 'COMMIT')
  } catch (error) {
    rollBack(open)
    throw error
  }
}

function rollBack({ file }: Open): void {
  // A full disk has rolled it back already.
  if (file.inTransaction) file.exec('ROLLBACK')
}

/** Not prepared: a statement that was refused would stay in the middle of its work. */
function begin(open: Open): void {
  open.isBeginning = true
  open.file.exec('BEGIN IMMEDIATE')
  open.isBeginning = false
}

function run(open: Open, { text, values }: Statement): unknown[] {
  const statement = prepare(open, text)
  try {
    if (statement.reader) return statement.all(values)
    statement.run(values)
    return []
  } catch (error) {
    // It may be left in the middle of its work.
    open.prepared.delete(text)
    throw error
  }
}

function prepare({ file, prepared }: Open, text: string): Prepared {
  const known = prepared.get(text)
  if (known) return known
  if (prepared.size >= mostPrepared) prepared.clear()
  const statement = file.prepare(text)
  prepared.set(text, statement)
  return statement
}

function isRefusal(error: unknown): boolean {
  return /^SQLITE_(?!CONSTRAINT|ERROR)/.test(codeOf(error))
}
