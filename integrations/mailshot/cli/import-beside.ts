import type { WantedLists } from '../import/check.ts'
import { type HistoryOptions, type HistorySummary, importHistory } from '../import/history.ts'
import type { ImportFault } from '../import.ts'
import type { Mailshot } from '../mailshot.ts'
import type { SystemSource } from '../sources/tables/source.ts'
import { importSuppressions } from '../suppression/import.ts'

interface Run extends WantedLists, HistoryOptions {
  signal: AbortSignal
  onFault: (fault: ImportFault) => void
}

/** Suppresses the addresses that a system knows of without their people; answers how many are new, and how many are none. */
export async function importSuppressed(
  mailshot: Mailshot,
  { suppressions }: Pick<SystemSource, 'suppressions'>,
  run: Run,
): Promise<{ changed: number; faultCount: number }> {
  if (!suppressions || run.signal.aborted) return { changed: 0, faultCount: 0 }
  return importSuppressions(mailshot, suppressions, { ...run, sparesReturned: true })
}

/** Brings in what a system has sent, once its people are here. Of its lists, those that were left out are left out here too. */
export async function importSent(
  mailshot: Mailshot,
  { history }: Pick<SystemSource, 'history'>,
  { map = {}, skipLists = [], ...run }: Run,
): Promise<HistorySummary> {
  if (!history || run.signal.aborted) {
    return { sends: 0, recipients: 0, stopped: run.signal.aborted }
  }
  const named = {
    ...history,
    async *sends() {
      for await (const send of history.sends()) {
        const lists = send.lists.filter((list) => !skipLists.includes(list))
        yield { ...send, lists: lists.map((list) => map[list] ?? list) }
      }
    },
  }
  return importHistory(mailshot, named, run)
}
