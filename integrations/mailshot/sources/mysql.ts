import type { Connection } from 'mysql2'
import { MailshotError } from '../error.ts'
import { valueOf } from './sqlite-file.ts'
import type { TableRow, TableRows, TableSource } from './tables.ts'

const batchRows = 500

/**
 * Reads the rows of a MySQL or MariaDB server as they come, in one read-only transaction, so that all tables are of one moment and
 * nobody there is held up. Needs the package `mysql2`.
 *
 * @param address `mysql://user@host:3306/database`; the password is better given in `MYSQL_PWD` than in the address, where other
 *   users of the machine see it
 */
export function mysqlServer(address: string): TableSource {
  const { name, options } = readAddress(address)
  return { name, read: (isWanted) => readServer({ name, options }, isWanted) }
}

interface Server {
  /** Without user and password, for messages and consents. */
  name: string
  options: { host: string; port: number; user: string; password: string; database: string }
}

function readAddress(address: string): Server {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const database = url && decodeURIComponent(url.pathname.slice(1))
  if (!url || !database) {
    throw new MailshotError(
      'the address of a MySQL server is written like mysql://user@host:3306/database',
    )
  }
  const { hostname, port, username, password } = url
  const host = hostname === '' ? 'localhost' : hostname
  const secret = password === '' ? (process.env['MYSQL_PWD'] ?? '') : decodeURIComponent(password)
  const user = decodeURIComponent(username)
  return {
    name: `${host}/${database}`,
    options: { host, port: Number(port || 3306), user, password: secret, database },
  }
}

async function* readServer(
  { name, options }: Server,
  isWanted: (table: string) => boolean,
): AsyncGenerator<TableRows> {
  const { createConnection } = await loadClient()
  const connection = createConnection({
    ...options,
    charset: 'utf8mb4',
    dateStrings: true,
    supportBigNumbers: true,
    rowsAsArray: true,
    multipleStatements: false,
  })
  try {
    const client = connection.promise()
    await client.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await client.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
    const [found] = await client.query('SHOW FULL TABLES WHERE Table_type = ?', ['BASE TABLE'])
    const tables = Array.from(asRows(found), ([first]) => String(first))
    for (const table of tables.filter(isWanted)) yield* rowsOf(connection, table)
  } catch (cause) {
    if (cause instanceof MailshotError) throw cause
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new MailshotError(
      `${name}: the server could not be read (${what}); check address, user, password and rights`,
      { cause },
    )
  } finally {
    connection.destroy()
  }
}

async function* rowsOf(connection: Connection, table: string): AsyncGenerator<TableRows> {
  const query = connection.query(`SELECT * FROM \`${table.replaceAll('`', '``')}\``)
  let columns: string[] = []
  query.on('fields', (fields: { name: string }[]) => {
    columns = fields.map(({ name }) => name)
  })
  let rows: TableRow[] = []
  let line = 0
  for await (const row of query.stream({ highWaterMark: batchRows })) {
    line += 1
    rows.push({ values: Array.from(row as unknown[], valueOf), line })
    if (rows.length < batchRows) continue
    yield { table, columns, rows }
    rows = []
  }
  if (rows.length > 0) yield { table, columns, rows }
}

function asRows(found: unknown): unknown[][] {
  return Array.isArray(found) ? found.filter((row): row is unknown[] => Array.isArray(row)) : []
}

async function loadClient() {
  try {
    return await import('mysql2')
  } catch (cause) {
    throw new MailshotError(
      'reading a MySQL server needs the package mysql2: npm install mysql2; or import a dump of it',
      { cause },
    )
  }
}
