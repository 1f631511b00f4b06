import Database from 'libsql'
import type { SQL } from 'drizzle-orm/sql'
import { type Database as OpenDatabase, databaseFile } from './open.ts'
import { statementOf } from './statement.ts'

/** A database as it is at one moment, however long it is read. */
export interface DatabaseSnapshot extends Pick<OpenDatabase, 'all' | 'get'> {
  close(): void
}

/** Opening alone may meet a lock: who only reads in a log waits for nobody. */
const busyTimeoutMs = 5_000

/**
 * Opens a database file once more and keeps a read transaction there. Whoever writes meanwhile waits for nothing; only the file's log
 * is not written back while it lasts. A database over the network, or in memory, is read as it is at each query.
 */
export function openSnapshot(database: OpenDatabase): DatabaseSnapshot {
  const path = databaseFile(database.url)
  if (path === undefined) return { all: database.all, get: database.get, close: () => {} }
  const file = new Database(path, { timeout: busyTimeoutMs })
  file.exec('BEGIN')
  // The caller's row type describes the columns that its own SQL names.
  const all = <Row>(query: SQL): Promise<Row[]> => {
    const { text, values } = statementOf(query)
    return Promise.resolve(file.prepare(text).all([...values]) as Row[])
  }
  return {
    all,
    get: async <Row>(query: SQL) => (await all<Row>(query))[0],
    close: () => {
      file.exec('ROLLBACK')
      file.close()
    },
  }
}
