/** A reader of another system's subscribers. */
export interface ImportSource extends AsyncIterable<ImportEntry> {
  /** What messages and consents call it: the file's name. */
  readonly name: string
  /** Whether it can be read from the start again: then it is checked as a whole before anything is written. */
  readonly rereadable: boolean
}

export type ImportEntry =
  | { row: ImportRow; line: number }
  /** A line that is no row. */
  | { fault: ImportFault }
  /** Something about the whole file that the operator should know. */
  | { notice: string }

export interface ImportRow {
  email: string
  name?: string
  lang?: string
  lists?: string[]
  /** `active` unless said otherwise. */
  status?: 'active' | 'pending' | 'unsubscribed'
  attributes?: Record<string, unknown>
  /** When the person confirmed it, in ms. */
  confirmedAt?: number
}

export interface ImportFault {
  line: number
  cause: string
}
