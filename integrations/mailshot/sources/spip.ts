import {
  ancestorEntries,
  ancestorLeavers,
  ancestorMarks,
  ancestorSends,
  ancestorTables,
  prepareAncestors,
} from './spip/before.ts'
import { readKeyFile } from './spip/former-key.ts'
import {
  countRecipients,
  mailshotSends,
  mailshotTables,
  prepareMailshots,
} from './spip/mailshot.ts'
import {
  hashedLeavers,
  mailsubscriberEntries,
  mailsubscribersTables,
  prepareMailsubscribers,
} from './spip/mailsubscribers.ts'
import type { TableSource } from './tables.ts'
import { stagedSource, type SystemSource } from './tables/source.ts'
import { timeReader } from './tables/time.ts'

export interface SpipOptions {
  /** What the names of SPIP's tables begin with, where the database holds several sites: `spip`. Found by itself otherwise. */
  prefix?: string | undefined
  /** The zone of SPIP's dates, which say none; UTC unless told. */
  timeZone?: string | undefined
  /** The site's file `config/cles.php`, where it has one: without it the unsubscribe links of old mails cannot be known again. */
  keys?: string | undefined
}

/**
 * A SPIP site: the people of the plugin Mailsubscribers and what Mailshot sent, whatever their versions; without these, those of
 * SPIP-Listes, SPIP-Lettres, CleverMail and MesAbonnes. Names and texts whose accents were stored twice encoded are mended.
 */
export function spip(tables: TableSource, options: SpipOptions = {}): SystemSource {
  const { name } = tables
  const reading = {
    name,
    timeOf: timeReader(options.timeZone ?? 'UTC'),
    key: options.keys === undefined ? undefined : readKeyFile(options.keys),
  }
  const people = stagedSource(tables, {
    wanted: { ...mailsubscribersTables, ...mailshotTables, ...ancestorTables },
    nameOf: spipNames(options.prefix),
    cure: ': --prefix spip, for example',
    system: 'a newsletter of SPIP',
    shownBy: ['mailsubscribers', 'mailshots', ...ancestorMarks],
    prepare(stage) {
      prepareMailsubscribers(stage)
      prepareMailshots(stage)
      prepareAncestors(stage)
    },
    *entries(stage) {
      yield* mailsubscriberEntries(stage, reading)
      yield* ancestorEntries(stage, reading)
    },
  })
  return {
    ...people,
    suppressions: {
      name,
      async *[Symbol.asyncIterator]() {
        yield* hashedLeavers(await people.stage(), reading)
        yield* ancestorLeavers(await people.stage(), reading)
      },
    },
    history: {
      name,
      system: 'spip',
      async *sends() {
        yield* mailshotSends(await people.stage(), reading)
        yield* ancestorSends(await people.stage(), reading)
      },
      countRecipients: async () => countRecipients(await people.stage()),
    },
  }
}

/** `spip_mailshots` is `mailshots`; any prefix will do where none is named. */
function spipNames(prefix: string | undefined): (table: string) => string | undefined {
  const start = prefix === undefined ? undefined : `${prefix.replace(/_$/, '')}_`
  return (table) => {
    if (start !== undefined) return table.startsWith(start) ? table.slice(start.length) : undefined
    return /^[a-z\d]+_(.+)$/i.exec(table)?.[1]
  }
}
