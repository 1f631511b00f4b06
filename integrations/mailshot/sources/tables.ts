/** A value of another system's database. What is stored as bytes comes as the text that they are. */
export type TableValue = string | number | null

/** Some rows of one table, as they stand together. */
export interface TableRows {
  table: string
  columns: readonly string[]
  rows: TableRow[]
}

export interface TableRow {
  values: TableValue[]
  /** The line of the file, or the number of the row where it is no file. */
  line: number
}

/** A row that cannot be read. */
export interface TableFault {
  table: string
  line: number
  cause: string
}

/** Rows of another system's database, from wherever they come: a dump, a database file, a server. */
export interface TableSource {
  /** What messages and consents call it: the file's name, or the database's. */
  readonly name: string
  /** Reads once through the tables that are wanted. What is not wanted costs next to nothing. */
  read(isWanted: (table: string) => boolean): AsyncIterable<TableRows | TableFault>
}
