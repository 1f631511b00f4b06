import { setImmediate } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm/sql'
import { databaseFile } from '../../db/open.ts'
import { auditStatement } from './audit.ts'
import { checkSource, checkWanted, type WantedLists, wantedPlaces } from './import/check.ts'
import { raiseStatements } from './import/exported/number.ts'
import { type ImportedPerson, personOf } from './import/person.ts'
import { withOurLists } from './import/our-lists.ts'
import { byPresentAddress } from './import/present.ts'
import { openRehearsal, type Rehearsal } from './import/rehearsal.ts'
import type { ImportRow } from './import/row.ts'
import { type ListCounts, writeSlice } from './import/slice.ts'
import { addCounts, emptySummary, faultsKept } from './import/summary.ts'
import type { Mailshot } from './mailshot.ts'

export type { ImportConsent, ImportRow, ImportSubscription } from './import/row.ts'

/** A reader of another system's subscribers. */
export interface ImportSource extends AsyncIterable<ImportEntry> {
  /** What messages and consents call it: the file's name. */
  readonly name: string
  /** Whether it can be read from the start again: then it is checked as a whole before anything is written. */
  readonly rereadable: boolean
  /** How a rejected row is written down, to be corrected and read by this source again; without it, as JSON. */
  readonly rejects?: RejectsFormat
}

export interface RejectsFormat {
  /** What the file begins with; asked for when the first row is rejected. */
  heading(): string
  line(fault: ImportFault): string
}

export type ImportEntry =
  /** `raw`: as the source has it, for the rejects. */
  | { row: ImportRow; line: number; raw?: string }
  /** A line that is no row. */
  | { fault: ImportFault }
  /** Something about the whole file that the operator should know. */
  | { notice: string }
  /** The last number that another mailshot has given, whose links hold them: none up to it is given here any more. */
  | { lastId: number }

export interface ImportFault {
  line: number
  cause: string
  /** As the source has it. */
  raw?: string
  /** What was read of it, where it could be read. */
  row?: ImportRow
}

export interface ImportOptions extends WantedLists {
  actor: string
  /** Only tells what would come of it: the same is done to a copy of the people concerned. */
  dryRun?: boolean | undefined
  /** The copy in which a dry run goes on, where more is rehearsed than these people; its opener closes it. */
  rehearsal?: Rehearsal | undefined
  /** After each slice; the total is known of a source that can be read twice. */
  onProgress?: ((progress: { read: number; total: number | undefined }) => void) | undefined
  /** Every fault as it is met; the summary holds the first hundred. */
  onFault?: ((fault: ImportFault) => void) | undefined
  onNotice?: ((notice: string) => void) | undefined
  /** Ends the import after the slice in hand; running it again goes on. */
  signal?: AbortSignal | undefined
}

export interface ImportSummary {
  /** Rows and faults; each is counted once in what follows, `lists` apart. */
  read: number
  created: number
  updated: number
  /** Nothing new, or the same person as on a line shortly before. */
  unchanged: number
  /** `lists`: on none but those that were to be left out. */
  skipped: { suppressed: number; unsubscribed: number; lists: number }
  /** Of each list: how many got that status, and how many had left it here and did not come back. */
  lists: ListCounts
  faultCount: number
  /** The first hundred. */
  faults: Pick<ImportFault, 'line' | 'cause'>[]
  notices: string[]
  stopped: boolean
  dryRun: boolean
}

const sliceRows = 1000
const cacheKilobytes = 16_000
/** SQLite's own. */
const usualCacheKilobytes = 2_000

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
  checkWanted(mailshot, options)
  const total = source.rereadable ? await checkSource(mailshot, source, options) : undefined
  const summary = emptySummary(options.dryRun ?? false)
  const run = { source, options, summary, lastId: 0 }
  const rehearsal =
    options.rehearsal ??
    (options.dryRun ? await openRehearsal(mailshot, options.closedLists) : undefined)
  const target = rehearsal?.mailshot ?? mailshot
  // Who began one that is killed on the way.
  if (!rehearsal) await mailshot.db.write(noteStatement(mailshot, run, { action: 'begin-import' }))
  await setCache(target, cacheKilobytes)
  try {
    for await (const entries of readAhead(slicesOf(source))) {
      summary.stopped = options.signal?.aborted ?? false
      if (summary.stopped) break
      const people = await byPresentAddress(mailshot, peopleOf(mailshot, entries, run))
      await rehearsal?.copy(people)
      const counts = await writeSlice(target, people, source.name)
      addCounts(summary, counts)
      options.onProgress?.({ read: summary.read, total })
      // Deliveries of the same process get their turn.
      await setImmediate()
    }
  } finally {
    await setCache(target, usualCacheKilobytes)
    if (rehearsal !== options.rehearsal) await rehearsal?.close()
  }
  if (!rehearsal) {
    await mailshot.db.write(
      ...raiseStatements('subscribers', run.lastId),
      noteStatement(mailshot, run, { action: 'import', detail: countsOf(summary) }),
    )
  }
  return summary
}

/** Addresses stand anywhere in their index: what a slice looks up several times is read from the file once. */
async function setCache({ db }: Mailshot, kilobytes: number): Promise<void> {
  if (databaseFile(db.url) === undefined) return
  await db.write(sql.raw(`PRAGMA cache_size = -${kilobytes}`))
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

/** Reads the next one while the disk has the one before. */
async function* readAhead<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  const begin = () => {
    const reading = items.next()
    // It is awaited below; until then nobody looks at it.
    reading.catch(() => {})
    return reading
  }
  try {
    for (let reading = begin(); ;) {
      const { value, done } = await reading
      if (done) return
      reading = begin()
      yield value
    }
  } finally {
    await items.return(undefined)
  }
}

interface Run {
  source: ImportSource
  options: ImportOptions
  summary: ImportSummary
  lastId: number
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
    if ('lastId' in entry) {
      run.lastId = entry.lastId
      continue
    }
    summary.read += 1
    if ('fault' in entry) {
      tellFault(run, entry.fault)
      continue
    }
    const { row, line, raw } = entry
    const places = wantedPlaces(mailshot, row, options, `${source.name}:${line}`)
    if (!places) {
      summary.skipped.lists += 1
      continue
    }
    const { person, faults, unknown } = personOf(
      mailshot.config,
      withOurLists(row, options),
      places,
    )
    for (const field of unknown) tellNotice(run, unknownField(field))
    if (person) people.push(person)
    else tellFault(run, { line, cause: faults.join('; '), row, ...(raw !== undefined && { raw }) })
  }
  return people
}

function tellFault({ options, summary }: Run, fault: ImportFault): void {
  const { line, cause } = fault
  summary.faultCount += 1
  if (summary.faults.length < faultsKept) summary.faults.push({ line, cause })
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

function countsOf(summary: ImportSummary): Record<string, unknown> {
  const { faults: _faults, notices: _notices, dryRun: _dryRun, ...counts } = summary
  return counts
}

function noteStatement(
  mailshot: Mailshot,
  { source, options: { actor } }: { source: ImportSource; options: ImportOptions },
  { action, detail = {} }: { action: 'begin-import' | 'import'; detail?: Record<string, unknown> },
): SQL {
  return auditStatement(mailshot, { actor, action, subject: `import:${source.name}`, detail })
}
