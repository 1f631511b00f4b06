import { setImmediate } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { exportedTables, type ExportedTable } from '../export/table.ts'
import type { ImportFault } from '../import.ts'
import type { Mailshot } from '../mailshot.ts'
import { eventStatement } from './exported/event.ts'
import { listStatements } from './exported/list.ts'
import { mediaStatement } from './exported/media.ts'
import { raiseStatements } from './exported/number.ts'
import { faultOfRecipient, recipientStatement, settledRecipient } from './exported/recipient.ts'
import { openRowReader, type Row } from './exported/row.ts'
import { endedSend, recountStatement, sendStatements } from './exported/send.ts'
import { faultOfSnapshot, snapshotStatement } from './exported/snapshot.ts'
import { faultsKept } from './summary.ts'

/** A reader of what an export of another instance says of one of its tables. */
export interface ExportedSource {
  /** What messages call it: the file's name. */
  readonly name: string
  readonly kind: ExportedTable
  /** Whether all values are text, as CSV has them: then `''` is an empty text, and null nothing. */
  readonly isText: boolean
  entries(): AsyncIterable<ExportedEntry>
}

export type ExportedEntry =
  | { line: number; row: Record<string, unknown> }
  | { fault: Pick<ImportFault, 'line' | 'cause'> }
  /** The last number that was given there. */
  | { lastId: number }

export interface ExportedOptions {
  actor: string
  /** Only reads it, and says what is wrong with it. */
  dryRun?: boolean | undefined
  onProgress?: ((progress: { read: number; total: undefined }) => void) | undefined
  onFault?: ((fault: Pick<ImportFault, 'line' | 'cause'>) => void) | undefined
  /** Ends the import after the slice in hand; running it again goes on. */
  signal?: AbortSignal | undefined
}

export interface ExportedSummary {
  kind: ExportedTable
  read: number
  /** Those that were not here yet. */
  created: number
  faultCount: number
  /** The first hundred. */
  faults: Pick<ImportFault, 'line' | 'cause'>[]
  stopped: boolean
  dryRun: boolean
}

/**
 * Brings in the history of another instance: its lists, compiled campaigns, images, sends, recipients and reports, to be given in this
 * order. What is here already stays as it is, so that running it again, also after it was killed, ends the same. Nobody is mailed: a send
 * that was open there is cancelled here, and nothing follows from a report. Nobody who was erased here is stored again.
 */
export async function importExported(
  mailshot: Mailshot,
  source: ExportedSource,
  options: ExportedOptions,
): Promise<ExportedSummary> {
  const { kind, name } = source
  const { actor, dryRun = false, signal } = options
  const counts = { read: 0, created: 0, faultCount: 0 }
  const summary: ExportedSummary = { kind, ...counts, faults: [], stopped: false, dryRun }
  const read = await openRowReader(mailshot, kind, source.isText)
  const run: Run = { summary, options, read, sends: new Set(), lastId: 0 }
  const subject = `export:${name}`
  // Who began one that is killed on the way.
  const begin = auditStatement(mailshot, { actor, action: 'begin-import', subject, detail: {} })
  if (!dryRun) await mailshot.db.write(begin)
  for await (const slice of slicesOf(source)) {
    summary.stopped = signal?.aborted ?? false
    if (summary.stopped) break
    const rows = await checked(mailshot, rowsOf(slice, run), run)
    if (!dryRun && rows.length > 0) summary.created += await writeRows(mailshot, rows, run)
    options.onProgress?.({ read: summary.read, total: undefined })
    // Deliveries of the same process get their turn.
    await setImmediate()
  }
  if (dryRun) return summary
  const { faults: _faults, dryRun: _dryRun, ...detail } = summary
  await mailshot.db.write(
    ...(kind === 'recipients' ? [recountStatement([...run.sends])] : []),
    ...(kind === 'recipients' ? raiseStatements(kind, run.lastId) : []),
    auditStatement(mailshot, { actor, action: 'import', subject, detail }),
  )
  return summary
}

interface Run {
  summary: ExportedSummary
  options: ExportedOptions
  read: (given: Record<string, unknown>) => Row | string
  /** The sends whose recipients were met. */
  sends: Set<string>
  lastId: number
}

interface Read {
  line: number
  row: Row
}

async function* slicesOf({ kind, entries }: ExportedSource): AsyncGenerator<ExportedEntry[]> {
  let slice: ExportedEntry[] = []
  for await (const entry of entries()) {
    slice.push(entry)
    if (slice.length < exportedTables[kind].pageSize) continue
    yield slice
    slice = []
  }
  if (slice.length > 0) yield slice
}

/** The rows of a slice. What cannot be one is told and counted here. */
function rowsOf(slice: readonly ExportedEntry[], run: Run): Read[] {
  const { kind } = run.summary
  return slice.flatMap((entry) => {
    if ('lastId' in entry) {
      run.lastId = entry.lastId
      return []
    }
    run.summary.read += 1
    if ('fault' in entry) return tell(run, entry.fault)
    const row = run.read(entry.row)
    const cause = typeof row === 'string' ? row : faultOf(kind, row)
    if (typeof row === 'string' || cause !== undefined) {
      return tell(run, { line: entry.line, cause: cause ?? '' })
    }
    return [{ line: entry.line, row }]
  })
}

function faultOf(kind: ExportedTable, row: Row): string | undefined {
  if (kind === 'snapshots') return faultOfSnapshot(row)
  return kind === 'recipients' ? faultOfRecipient(row) : undefined
}

function tell({ options, summary }: Run, fault: Pick<ImportFault, 'line' | 'cause'>): [] {
  summary.faultCount += 1
  if (summary.faults.length < faultsKept) summary.faults.push(fault)
  options.onFault?.(fault)
  return []
}

/** What a row of a table stands on, by which column. */
const basis = {
  sends: { table: 'snapshots', key: 'hash', by: 'snapshot', what: 'snapshot' },
  recipients: { table: 'sends', key: 'id', by: 'send_id', what: 'send' },
  events: { table: 'sends', key: 'id', by: 'send_id', what: 'send' },
} as const

/** The rows that have here what they stand on. A dry run has written none of it. */
async function checked(mailshot: Mailshot, read: Read[], run: Run): Promise<Row[]> {
  const { kind, dryRun } = run.summary
  if (dryRun || !(kind === 'sends' || kind === 'recipients' || kind === 'events')) {
    return read.map(({ row }) => row)
  }
  const { table, key, by, what } = basis[kind]
  const wanted = JSON.stringify([...new Set(read.map(({ row }) => row[by]))])
  const found = await mailshot.db.all<{ key: string }>(
    sql`SELECT ${sql.raw(key)} AS key FROM ${sql.raw(table)}
      WHERE ${sql.raw(key)} IN (SELECT value FROM json_each(${wanted}))`,
  )
  const known = new Set<unknown>(found.map((one) => one.key))
  if (kind === 'recipients') for (const one of found) run.sends.add(one.key)
  return read.flatMap(({ line, row }) => {
    const { [by]: name } = row
    if (name === null || name === undefined || known.has(name)) return [row]
    return tell(run, { line, cause: `${what} ${name} is not here; import the ${table} first` })
  })
}

/** @returns how many were not here yet */
async function writeRows(
  mailshot: Mailshot,
  rows: readonly Row[],
  { summary, options }: Run,
): Promise<number> {
  const now = mailshot.now()
  const results = await mailshot.db.write(
    ...(await statementsOf(mailshot, rows, { kind: summary.kind, actor: options.actor, now })),
  )
  return results.at(-1)?.length ?? 0
}

async function statementsOf(
  mailshot: Mailshot,
  rows: readonly Row[],
  { kind, actor, now }: { kind: ExportedTable; actor: string; now: number },
): Promise<SQL[]> {
  switch (kind) {
    case 'lists':
      return listStatements(rows)
    case 'snapshots':
      return [snapshotStatement(rows)]
    case 'media':
      return [mediaStatement(rows)]
    case 'sends':
      return sendStatements(
        rows.map((row) => endedSend(row, now)),
        { actor, now },
      )
    case 'recipients': {
      const settled = rows.map((row) => settledRecipient(row, now))
      return [await recipientStatement(mailshot, settled)]
    }
    case 'events':
      return [eventStatement(rows)]
  }
}
