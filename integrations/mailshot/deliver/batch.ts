import type { SQL } from 'drizzle-orm/sql'
import type { Database } from '../../../db/open.ts'

/** The statements of one transaction, where each that is asked something has its own answer. */
export interface Batch {
  add(...statements: SQL[]): void
  /** Answers once the batch is written. The row type describes the columns that the statement names. */
  ask<Row>(statement: SQL): () => Row[]
  write(db: Database): Promise<void>
}

export function openBatch(): Batch {
  const statements: SQL[] = []
  let results: unknown[][] = []
  return {
    add: (...more) => void statements.push(...more),
    ask: <Row>(statement: SQL) => {
      const place = statements.push(statement) - 1
      return () => (results[place] ?? []) as Row[]
    },
    write: async (db) => {
      results = await db.write(...statements)
    },
  }
}
