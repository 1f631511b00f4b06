import { statSync } from 'node:fs'
import Database from 'libsql'
import AsyncDatabase from 'libsql/promise'
import { MailshotError } from '../integrations/mailshot/error.ts'
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
 * A database file, or `:memory:`. Statements stay prepared, which the client of remote databases cannot do. What waits for the
 * disk, which is most of the time that a write takes, is done on another thread: commits and checkpoints. What is called
 * meanwhile stands in line, and is done in the order of the calls.
 *
 * For that, `exec` of `libsql/promise` is called on what `libsql` has opened, which its documentation does not promise. It is
 * tried once in each process: every call fails with a MailshotError where the installed version refuses it.
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
  let last: Promise<void> | undefined
  const giveUp = () => {
    open?.file.close()
    open = undefined
  }
  const refuse = (error: unknown) => {
    const isIdle = open && !open.isBeginning && !open.file.inTransaction
    if (isIdle && path !== ':memory:' && isRefusal(error)) giveUp()
    if (open) open.isBeginning = false
    return error
  }
  const attempt = <Result>(act: (given: Open) => Result): Result => {
    try {
      if (isClosed) throw new Error('the database is closed')
      if (open && isMoved(open, path)) giveUp()
      open ??= connect(path, wasOpen)
      wasOpen = true
      rollBack(open.file)
      return act(open)
    } catch (error) {
      throw refuse(error)
    }
  }
  const inTurn = async <Result>(act: () => Result): Promise<Awaited<Result>> => {
    const before = last
    const { promise, resolve } = Promise.withResolvers<void>()
    last = promise
    try {
      await before
      await (trial ??= tryBinding())
      return await act()
    } finally {
      resolve()
    }
  }
  const write = async (statements: readonly Statement[]): Promise<unknown[][]> => {
    const { given, rows } = attempt((one) => ({ given: one, rows: perform(one, statements) }))
    try {
      await commit(given)
      return rows
    } catch (error) {
      throw refuse(error)
    }
  }
  const writeBack = async (mode: 'PASSIVE' | 'TRUNCATE') => {
    const isDue = checkpointing !== undefined
    clearTimeout(checkpointing)
    checkpointing = undefined
    if (isDue && open) await checkpoint(open, mode)
  }
  return {
    read: (statement) => inTurn(() => attempt((given) => run(given, statement))),
    writer: (statements) => () => {
      checkpointing ??= setTimeout(() => void inTurn(() => writeBack('PASSIVE')), checkpointEveryMs)
      checkpointing.unref()
      return inTurn(() => write(statements))
    },
    close: () =>
      inTurn(async () => {
        // What is closed with prepared statements leaves its log as it is, though it be the last.
        await writeBack('TRUNCATE')
        giveUp()
        isClosed = true
      }),
  }
}

/** Others who write or read go on: what they keep from being written back stays in the log. */
async function checkpoint({ file }: Open, mode: 'PASSIVE' | 'TRUNCATE'): Promise<void> {
  try {
    await execElsewhere.call(file, `PRAGMA wal_checkpoint(${mode})`)
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
    // What was deleted of somebody who was erased is not left between the rows.
    file.exec('PRAGMA secure_delete = ON')
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
    throw rollBackAfter(open, error)
  }
}

/** The binding's other half does on a thread of its own what this one does at once; both call the same connection. */
const execElsewhere = AsyncDatabase.prototype.exec
let trial: Promise<void> | undefined

async function tryBinding(): Promise<void> {
  const file = new Database(':memory:')
  try {
    await execElsewhere.call(file, 'CREATE TABLE seen (x)')
    file.prepare('SELECT x FROM seen')
  } catch (cause) {
    const text = 'libsql/promise cannot use what libsql has opened: install the version of libsql'
    throw new MailshotError(`${text} that mailshot's package.json names`, { cause })
  } finally {
    file.close()
  }
}

async function commit(open: Open): Promise<void> {
  try {
    await execElsewhere.call(open.file, 'COMMIT')
  } catch (error) {
    throw rollBackAfter(open, error)
  }
}

/** What failed before is what the caller has to know. */
function rollBackAfter({ file }: Open, error: unknown): unknown {
  try {
    rollBack(file)
  } catch {
    // The next call tries it again before all else; given up, the connection would keep the lock of a write.
  }
  return error
}

/** A full disk has done it already. */
function rollBack(file: Open['file']): void {
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
