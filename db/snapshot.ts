import { pathToFileURL } from 'node:url'
import { type Client, createClient } from '@libsql/client'
import type { SQL } from 'drizzle-orm/sql'
import { type Database, databaseFile } from './open.ts'
import { statementOf } from './statement.ts'

/** A database as it is at one moment, however long it is read. */
export interface DatabaseSnapshot extends Pick<Database, 'all' | 'get'> {
  close(): Promise<void>
}

/**
 * Opens a database file once more and keeps a read transaction there. Whoever writes meanwhile waits for nothing; only the file's log
 * is not written back while it lasts. A database over the network, or in memory, is read as it is at each query.
 */
export async function openSnapshot(database: Database): Promise<DatabaseSnapshot> {
  const file = databaseFile(database.url)
  if (file === undefined) {
    return { all: database.all, get: database.get, close: () => Promise.resolve() }
  }
  const client = createClient({ url: pathToFileURL(file).href, concurrency: 1, timeout: 5_000 })
  return { ...(await begin(client)), close: () => Promise.resolve(client.close()) }
}

async function begin(client: Client): Promise<Pick<Database, 'all' | 'get'>> {
  const transaction = await client.transaction('read')
  // The caller's row type describes the columns that its own SQL names.
  const all = async <Row>(query: SQL): Promise<Row[]> => {
    const { text, values } = statementOf(query)
    const { columns, rows } = await transaction.execute({ sql: text, args: [...values] })
    return rows.map((row) => Object.fromEntries(columns.map((name) => [name, row[name]])) as Row)
  }
  return { all, get: async <Row>(query: SQL) => (await all<Row>(query))[0] }
}
