import type { Statement } from './statement.ts'

/** One way to a database: to a file's, or to one over the network. Rows are objects by column name. */
export interface Connection {
  read(statement: Statement): Promise<unknown[]>
  /**
   * A write, to be called until it succeeds: all statements in one transaction, or none, and never twice, though the answer of a
   * call that failed was only lost. Answers the rows of each.
   */
  writer(statements: readonly Statement[]): () => Promise<unknown[][]>
  /** Ends after all that was begun. */
  close(): Promise<void>
}

/** The `code` of errors that say that a remote database, or the way to it, is gone for now. */
export const goneCode = 'DATABASE_GONE'
