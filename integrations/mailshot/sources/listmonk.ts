import { listmonkEntries, listmonkTables, prepareListmonk } from './listmonk/people.ts'
import { listmonkSends, listmonkSendTables } from './listmonk/campaign.ts'
import type { TableSource } from './tables.ts'
import { stagedSource, type SystemSource } from './tables/source.ts'

/**
 * A listmonk installation out of a dump of its database: people with their attributes and lists, who is blocklisted, and the campaigns
 * that were sent, of which listmonk keeps no recipients. It knows a list by its name: `--map 'Weekly news=weekly'` says which one of
 * ours that is.
 */
export function listmonk(tables: TableSource): SystemSource {
  const { name } = tables
  const people = stagedSource(tables, {
    wanted: { ...listmonkTables, ...listmonkSendTables },
    nameOf: (table) => table,
    system: 'listmonk',
    shownBy: ['subscribers', 'campaigns'],
    prepare: prepareListmonk,
    entries: (stage) => listmonkEntries(stage, name),
  })
  return {
    ...people,
    history: {
      name,
      system: 'listmonk',
      async *sends() {
        yield* listmonkSends(await people.stage())
      },
    },
  }
}
