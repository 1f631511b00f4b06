import type { RejectsFormat } from '../../import.ts'
import { rejectColumns } from './column.ts'

export interface CsvRejects extends RejectsFormat {
  /** What the file has been found to be like. */
  begin(delimiter: string, header: string): void
}

/** Rejected rows stand as they were behind their line and cause: once corrected, the file can be imported as it is. */
export function csvRejects(): CsvRejects {
  let delimiter = ','
  let header = 'email'
  return {
    begin(found, text) {
      delimiter = found
      header = text
    },
    heading: () => `${[...rejectColumns, header].join(delimiter)}\n`,
    line: ({ line, cause, raw = '' }) =>
      `${line}${delimiter}"${cause.replaceAll('"', '""')}"${delimiter}${raw}\n`,
  }
}
