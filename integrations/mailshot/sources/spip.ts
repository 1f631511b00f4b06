import type { ImportSource } from '../import.ts'
import type { TableSource } from './tables.ts'
import { stagedSource } from './tables/source.ts'
import { timeReader } from './tables/time.ts'
import {
  mailsubscriberEntries,
  mailsubscribersTables,
  prepareMailsubscribers,
} from './spip/mailsubscribers.ts'

export interface SpipOptions {
  /** What the names of SPIP's tables begin with, where the database holds several sites: `spip`. Found by itself otherwise. */
  prefix?: string | undefined
  /** The zone of SPIP's dates, which say none; UTC unless told. */
  timeZone?: string | undefined
}

/**
 * The people of a SPIP site: of the plugin Mailsubscribers, whatever its version. Names and texts whose accents were stored twice
 * encoded are mended.
 */
export function spip(tables: TableSource, options: SpipOptions = {}): ImportSource {
  const reading = { name: tables.name, timeOf: timeReader(options.timeZone ?? 'UTC') }
  return stagedSource(tables, {
    wanted: mailsubscribersTables,
    nameOf: spipNames(options.prefix),
    cure: ': --prefix spip, for example',
    prepare: prepareMailsubscribers,
    entries: (stage) => mailsubscriberEntries(stage, reading),
  })
}

/** `spip_mailshots` is `mailshots`; any prefix will do where none is named. */
function spipNames(prefix: string | undefined): (table: string) => string | undefined {
  const start = prefix === undefined ? undefined : `${prefix.replace(/_$/, '')}_`
  return (table) => {
    if (start !== undefined) return table.startsWith(start) ? table.slice(start.length) : undefined
    return /^[a-z\d]+_(.+)$/i.exec(table)?.[1]
  }
}
