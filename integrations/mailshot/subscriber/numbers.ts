import { type SQL, sql } from 'drizzle-orm/sql'

/**
 * Uses up a number of a table without a row. Numbers stand in links, and in the Message-ID of letters: whoever signs up before and after
 * somebody else's address would see by theirs whether that made a row, and so whether it was known. Each form uses up as many.
 */
export function passNumberStatement(table: 'subscribers' | 'letters'): SQL {
  return pass(table, sql`true`)
}

/** The same, to stand right behind the statement that may have queued a letter: where it has queued none. */
export function passUnqueuedStatement(): SQL {
  return pass('letters', sql`changes() = 0`)
}

function pass(table: string, when: SQL): SQL {
  return sql`UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = ${table} AND ${when}`
}
