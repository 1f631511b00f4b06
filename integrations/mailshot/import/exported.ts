import { setImmediate } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { exportedTables, type ExportedTable } from '../export/table.ts'
import type { ImportFault } from '../import.ts'
import type { Mailshot } from '../mailshot.ts'
import { eventStatement } from './exported/event.ts'
import { mediaStatement } from './exported/media.ts'
import { faultOfRecipient, recipientStatement, settledRecipient } from './exported/recipient.ts'
import { openRowReader, type Row } from './exported/row.ts'
import { endedSend, faultOfSend, recountStatement, sendStatements } from './exported/send.ts'
import { faultsKept } from './summary.ts'

/** A reader of what an export of another instance says of one of its tables. */
export interface ExportedSource {
  /** What messages call it: the file's name. */
  readonly name: string
  readonly kind: ExportedTable
  entries(): AsyncIterable<ExportedEntry>
}

export type ExportedEntry =
  { line: number; row: Record<string, unknown> } | { fault: Pick<ImportFault, 'line' | 'cause'> }

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
 * Brings in the history of another instance: its images, sends, recipients and reports, to be given in this order. What is here
 * already stays as it is, so that running it again, also after it was killed, ends the same. Nobody is mailed: a send that was open
 * there is cancelled here, and nothing follows from a report. Nobody who was erased here is stored again.
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
  const run: Run = { summary, options, read: await openRowReader(mailshot, kind), sends: new Set() }
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
    auditStatement(mailshot, { actor, action: 'import', subject: `export:${name}`, detail }),
  )
  return summary
}

interface Run {
  summary: ExportedSummary
  options: ExportedOptions
  read: (given: Record<string, unknown>) => Row | string
  /** The sends whose recipients were met. */
  sends: Set<string>
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
  if (kind === 'sends') return faultOfSend(row)
  return kind === 'recipients' ? faultOfRecipient(row) : undefined
}

function tell({ options, summary }: Run, fault: Pick<ImportFault, 'line' | 'cause'>): [] {
  summary.faultCount += 1
  if (summary.faults.length < faultsKept) summary.faults.push(fault)
  options.onFault?.(fault)
  return []
}

/** The rows whose send is here. A dry run has written none. */
async function checked(mailshot: Mailshot, read: Read[], run: Run): Promise<Row[]> {
  const { kind, dryRun } = run.summary
  const hasSend = kind === 'recipients' || kind === 'events'
  if (!hasSend || dryRun) return read.map(({ row }) => row)
  const ids = [...new Set(read.map(({ row }) => row['send_id']))]
  const found = await mailshot.db.all<{ id: string }>(
    sql`SELECT id FROM sends WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
  )
  const known = new Set<unknown>(found.map(({ id }) => id))
  for (const { id } of found) run.sends.add(id)
  return read.flatMap(({ line, row }) => {
    const { send_id: id } = row
    if (id === null || id === undefined || known.has(id)) return [row]
    return tell(run, { line, cause: `send ${id} is not here; import the sends first` })
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
