import { setImmediate } from 'node:timers/promises'
import { auditStatement } from './audit.ts'
import { MailshotError } from './error.ts'
import { type ImportedPerson, listsOf, personOf } from './import/person.ts'
import type { ImportRow } from './import/row.ts'
import { type SliceCounts, writeSlice } from './import/slice.ts'
import type { Mailshot } from './mailshot.ts'

export type { ImportConsent, ImportRow, ImportSubscription } from './import/row.ts'

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

export interface ImportFault {
  line: number
  cause: string
}

export interface ImportOptions {
  actor: string
  /** The lists of rows that name none. */
  lists?: string[] | undefined
  /** After each slice; the total is known of a source that can be read twice. */
  onProgress?: ((progress: { read: number; total: number | undefined }) => void) | undefined
  /** Every fault as it is met; the summary holds the first hundred. */
  onFault?: ((fault: ImportFault) => void) | undefined
  onNotice?: ((notice: string) => void) | undefined
  /** Ends the import after the slice in hand; running it again goes on. */
  signal?: AbortSignal | undefined
}

export interface ImportSummary {
  /** Rows and faults; each is counted once in what follows. */
  read: number
  created: number
  updated: number
  /** Nothing new, or the same person as on a line shortly before. */
  unchanged: number
  skipped: { suppressed: number; unsubscribed: number }
  faultCount: number
  faults: ImportFault[]
  notices: string[]
  stopped: boolean
}

const sliceRows = 1000
const faultsKept = 100

/**
 * Brings in people who are subscribers elsewhere: no confirmation is mailed. Each slice is written as a whole or not at all,
 * and running an import again, whole or broken off, ends the same. Nothing that a person has said here is overwritten,
 * nobody who left or is suppressed comes back, and only what an import had brought is ended by one.
 *
 * @throws MailshotError for a list that the config does not know: before anything is written, if the source can be read
 *   twice
 */
export async function importSubscribers(
  mailshot: Mailshot,
  source: ImportSource,
  options: ImportOptions,
): Promise<ImportSummary> {
  checkLists(mailshot, options.lists ?? [], '--list')
  const total = source.rereadable ? await checkSource(mailshot, source, options) : undefined
  const summary = emptySummary()
  for await (const entries of slicesOf(source)) {
    summary.stopped = options.signal?.aborted ?? false
    if (summary.stopped) break
    const people = peopleOf(mailshot, entries, { source, options, summary })
    addCounts(summary, await writeSlice(mailshot, people, source.name))
    options.onProgress?.({ read: summary.read, total })
    // Deliveries of the same process get their turn.
    await setImmediate()
  }
  await mailshot.db.write(auditStatement(mailshot, auditEntry(source, options, summary)))
  return summary
}

/** Reads it all without writing: how many rows there are, and that every list is known. */
async function checkSource(
  mailshot: Mailshot,
  source: ImportSource,
  options: ImportOptions,
): Promise<number> {
  let total = 0
  let isOnList = options.lists !== undefined
  for await (const entry of source) {
    if ('notice' in entry) continue
    total += 1
    if ('fault' in entry) continue
    const lists = listsOf(entry.row, options.lists)
    checkLists(mailshot, lists, `${source.name}:${entry.line}`)
    isOnList ||= lists.length > 0
    if (options.signal?.aborted) break
  }
  if (total > 0 && !isOnList) {
    throw new MailshotError(
      `${source.name}: no row names a list; say which one with --list ID ` +
        `(known: ${Object.keys(mailshot.config.lists).join(', ')}), or add a column "lists"`,
    )
  }
  return total
}

function checkLists({ config }: Mailshot, lists: readonly string[], where: string): void {
  const unknown = lists.find((list) => !Object.hasOwn(config.lists, list))
  if (unknown === undefined) return
  throw new MailshotError(
    `${where}: list "${unknown}" is not in mailshot.config.ts ` +
      `(known: ${Object.keys(config.lists).join(', ')}); add it there, or correct the name`,
  )
}

async function* slicesOf(source: ImportSource): AsyncGenerator<ImportEntry[]> {
  let slice: ImportEntry[] = []
  for await (const entry of source) {
    slice.push(entry)
    if (slice.length < sliceRows) continue
    yield slice
    slice = []
  }
  if (slice.length > 0) yield slice
}

interface Run {
  source: ImportSource
  options: ImportOptions
  summary: ImportSummary
}

/** The people of a slice. What cannot become one is told and counted here. */
function peopleOf(mailshot: Mailshot, entries: ImportEntry[], run: Run): ImportedPerson[] {
  const { source, options, summary } = run
  const people: ImportedPerson[] = []
  for (const entry of entries) {
    if ('notice' in entry) {
      tellNotice(run, entry.notice)
      continue
    }
    summary.read += 1
    if ('fault' in entry) {
      tellFault(run, entry.fault)
      continue
    }
    const lists = listsOf(entry.row, options.lists)
    checkLists(mailshot, lists, `${source.name}:${entry.line}`)
    const { person, faults, unknown } = personOf(mailshot.config, entry.row, lists)
    for (const field of unknown) tellNotice(run, unknownField(field))
    if (person) people.push(person)
    else tellFault(run, { line: entry.line, cause: faults.join('; ') })
  }
  return people
}

function tellFault({ options, summary }: Run, fault: ImportFault): void {
  summary.faultCount += 1
  if (summary.faults.length < faultsKept) summary.faults.push(fault)
  options.onFault?.(fault)
}

function tellNotice({ options, summary }: Run, notice: string): void {
  if (summary.notices.includes(notice)) return
  summary.notices.push(notice)
  options.onNotice?.(notice)
}

function unknownField(field: string): string {
  return `attribute "${field}" is ignored; declare it in "fields" of mailshot.config.ts to keep it`
}

function emptySummary(): ImportSummary {
  return {
    read: 0,
    created: 0,
    updated: 0,
    unchanged: 0,
    skipped: { suppressed: 0, unsubscribed: 0 },
    faultCount: 0,
    faults: [],
    notices: [],
    stopped: false,
  }
}

function addCounts(summary: ImportSummary, counts: SliceCounts): void {
  summary.created += counts.created
  summary.updated += counts.updated
  summary.unchanged += counts.unchanged
  summary.skipped.suppressed += counts.suppressed
  summary.skipped.unsubscribed += counts.unsubscribed
}

function auditEntry(source: ImportSource, { actor }: ImportOptions, summary: ImportSummary) {
  const { faults: _faults, notices: _notices, ...detail } = summary
  return { actor, action: 'import', subject: `import:${source.name}`, detail }
}
