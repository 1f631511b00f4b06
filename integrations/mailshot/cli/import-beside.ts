import type { WantedLists } from '../import/check.ts'
import { foreseeHistory, foreseeSuppressions } from '../import/foresee.ts'
import { type HistorySummary, importHistory } from '../import/history.ts'
import type { Mailshot } from '../mailshot.ts'
import type { SystemSource } from '../sources/tables/source.ts'
import { importSuppressions } from '../suppression/import.ts'

interface Run extends WantedLists {
  actor: string
  signal: AbortSignal
  /** Only tells what would come of it. */
  dryRun?: boolean | undefined
}

/** Suppresses the addresses that a system knows of without their people; answers how many are new. */
export async function importSuppressed(
  mailshot: Mailshot,
  { suppressions }: Pick<SystemSource, 'suppressions'>,
  { actor, signal, dryRun }: Run,
): Promise<number> {
  if (!suppressions || signal.aborted) return 0
  if (dryRun) return (await foreseeSuppressions(mailshot, suppressions)).changed
  const { changed } = await importSuppressions(mailshot, suppressions, { actor })
  return changed
}

/** Brings in what a system has sent, once its people are here. Of its lists, those that were left out are left out here too. */
export async function importSent(
  mailshot: Mailshot,
  { history }: Pick<SystemSource, 'history'>,
  { actor, signal, dryRun, map = {}, skipLists = [] }: Run,
): Promise<HistorySummary> {
  if (!history || signal.aborted) return { sends: 0, recipients: 0, stopped: signal.aborted }
  if (dryRun) return foreseeHistory(mailshot, history, { signal })
  const named = {
    ...history,
    async *sends() {
      for await (const send of history.sends()) {
        const lists = send.lists.filter((list) => !skipLists.includes(list))
        yield { ...send, lists: lists.map((list) => map[list] ?? list) }
      }
    },
  }
  return importHistory(mailshot, named, { actor, signal })
}
