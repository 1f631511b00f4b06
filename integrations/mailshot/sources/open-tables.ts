import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { mysqlDump } from './mysql-dump.ts'
import { mysqlServer } from './mysql.ts'
import { sqliteFile } from './sqlite-file.ts'
import type { TableSource } from './tables.ts'

/**
 * The tables of a system that keeps them in MySQL or SQLite, by what they are in: the address of a server (`mysql://…`), a SQLite file,
 * or else a dump.
 *
 * @param input an address, a path, or the bytes of a dump
 */
export function openTables(input: string | AsyncIterable<Uint8Array>, name: string): TableSource {
  if (typeof input !== 'string') return mysqlDump(input, { name })
  if (isServer(input)) return mysqlServer(input)
  return isSqlite(input) ? sqliteFile(input, { name }) : mysqlDump(input, { name })
}

/** Whether an input is the address of a database server. */
export function isServer(input: string): boolean {
  return /^(?:mysql|mariadb):\/\//i.test(input)
}

/** SQLite's file format, 1.2: what each of its files begins with. */
const sqliteMark = 'SQLite format 3\0'

function isSqlite(path: string): boolean {
  if (statSync(path).isDirectory()) return false
  const file = openSync(path, 'r')
  try {
    const start = Buffer.alloc(sqliteMark.length)
    readSync(file, start)
    return start.toString('latin1') === sqliteMark
  } finally {
    closeSync(file)
  }
}
