import { type SQL, sql } from 'drizzle-orm/sql'

/** The statements after which no number up to this one is given any more: links in mails elsewhere hold it. */
export function raiseStatements(table: 'subscribers' | 'recipients', lastId: number): SQL[] {
  if (lastId === 0) return []
  return [
    sql`UPDATE sqlite_sequence SET seq = max(seq, ${lastId}) WHERE name = ${table}`,
    sql`INSERT INTO sqlite_sequence (name, seq) SELECT ${table}, ${lastId}
      WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ${table})`,
  ]
}

/** What the heading of an export says of it; 0 for nothing. */
export function lastIdOf({ lastId }: Record<string, unknown>): number {
  return typeof lastId === 'number' && Number.isSafeInteger(lastId) ? lastId : 0
}
