import { openSnapshot } from '../../db/snapshot.ts'
import { pagesOf, totalOf } from './export/page.ts'
import type { Mailshot } from './mailshot.ts'

/** In the order in which another instance takes them in. */
export const exportKinds = [
  'suppressions',
  'lists',
  'subscribers',
  'snapshots',
  'media',
  'sends',
  'recipients',
  'events',
] as const
export type ExportKind = (typeof exportKinds)[number]

export const exportFormats = ['csv', 'jsonl'] as const
export type ExportFormat = (typeof exportFormats)[number]

export interface ExportOptions {
  kind: ExportKind
  format: ExportFormat
  /** Only subscribers that are or were on one of these lists. */
  lists?: readonly string[] | undefined
  /** Only subscribers of whom this is true: a condition as `readCondition` answers it. */
  segment?: string | undefined
  /** How many rows are read at once, at most; the event loop waits meanwhile. */
  pageRows?: number | undefined
  /** After each page; the total is that of the table. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined
}

/** What a database holds at one moment, as text. */
export interface OpenExport {
  /** A kind of it, a page at a time. */
  text(options: ExportOptions): AsyncGenerator<string>
  close(): void
}

/**
 * Opens what the database holds now, however long it is read: whoever writes meanwhile waits for nothing. (One over the network is read
 * page by page.) CSV is safe to open in a spreadsheet; JSON Lines begin with a line that says what they are. Either is read by an
 * import to the same again.
 */
export function openExport(mailshot: Mailshot): OpenExport {
  const snapshot = openSnapshot(mailshot.db)
  const at = { ...mailshot, db: { ...mailshot.db, all: snapshot.all, get: snapshot.get } }
  return {
    async *text(options) {
      const { kind, onProgress } = options
      // Whoever does not ask for it is not kept waiting: counting reads all of a table at once.
      const total = onProgress ? await totalOf(at, kind) : 0
      let done = 0
      for await (const { text, rows } of pagesOf(at, options)) {
        yield text
        done += rows
        onProgress?.({ done, total })
      }
    },
    close: snapshot.close,
  }
}
