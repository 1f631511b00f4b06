import {
  phplistBlacklist,
  phplistEntries,
  phplistTables,
  preparePhplist,
} from './phplist/people.ts'
import { countRecipients, phplistSends, phplistSendTables } from './phplist/message.ts'
import type { TableSource } from './tables.ts'
import { stagedSource, type SystemSource } from './tables/source.ts'
import { timeReader } from './tables/time.ts'

export interface PhplistOptions {
  /** What the names of phpList's tables begin with, where the database holds several: `phplist`. Found by itself otherwise. */
  prefix?: string | undefined
  /** The zone of phpList's dates, which say none; UTC unless told. */
  timeZone?: string | undefined
}

/**
 * A phpList installation (3.x, and what is left of 2.x): people with their attributes and lists, its blacklist, and the messages it
 * sent. phpList knows a list by its name: `--map 'Weekly news=weekly'` says which one of ours that is.
 */
export function phplist(tables: TableSource, options: PhplistOptions = {}): SystemSource {
  const { name } = tables
  const reading = { name, timeOf: timeReader(options.timeZone ?? 'UTC') }
  const people = stagedSource(tables, {
    wanted: { ...phplistTables, ...phplistSendTables },
    nameOf: phplistNames(options.prefix),
    merged: ['listattr'],
    cure: ': --prefix phplist, for example',
    system: 'phpList',
    shownBy: ['user_user', 'message', 'user_blacklist'],
    prepare: preparePhplist,
    entries: (stage) => phplistEntries(stage, reading),
  })
  return {
    ...people,
    suppressions: {
      name,
      async *[Symbol.asyncIterator]() {
        yield* phplistBlacklist(await people.stage(), reading)
      },
    },
    history: {
      name,
      system: 'phplist',
      async *sends() {
        yield* phplistSends(await people.stage(), reading)
      },
      countRecipients: async () => countRecipients(await people.stage()),
    },
  }
}

/** `phplist_user_user` is `user_user`; the choices of an attribute are tables of their own, all staged as one. */
function phplistNames(prefix = '[a-z\\d]+'): (table: string) => string | undefined {
  const known = new RegExp(`^${prefix.replace(/_$/, '')}_(.+)$`, 'i')
  return (table) => known.exec(table)?.[1]?.replace(/^listattr_.*/, 'listattr')
}
