import { sql } from 'drizzle-orm/sql'
import { openSnapshot } from '../../db/snapshot.ts'
import { csvLine } from './export/csv.ts'
import {
  type ExportedSubscriber,
  pageOfSubscribers,
  subscriberColumns,
  subscriberValues,
} from './export/subscriber.ts'
import {
  columnsOf,
  type ExportedTable,
  exportedTables,
  exportedValue,
  jsonName,
  pageOfTable,
} from './export/table.ts'
import type { Mailshot } from './mailshot.ts'
import { segmentSql } from './segment.ts'
import { type ExportLine, exportSuppressions } from './suppression/export.ts'

/** In the order in which another instance takes them in. */
export const exportKinds = [
  'suppressions',
  'subscribers',
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
  /** After each page; the total is that of the table. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined
}

const pageSize = 1000

/**
 * Gives a table as text, a page at a time, as it was at one moment: whoever writes meanwhile waits for nothing. CSV is safe to open in
 * a spreadsheet; JSON Lines begin with a line that says what they are. Either is read by an import to the same again.
 */
export async function* exportText(
  mailshot: Mailshot,
  options: ExportOptions,
): AsyncGenerator<string> {
  const snapshot = openSnapshot(mailshot.db)
  try {
    const at = { ...mailshot, db: { ...mailshot.db, all: snapshot.all, get: snapshot.get } }
    const total = await totalOf(at, options.kind)
    let done = 0
    for await (const { text, rows } of pagesOf(at, options)) {
      yield text
      done += rows
      options.onProgress?.({ done, total })
    }
  } finally {
    snapshot.close()
  }
}

interface Page {
  text: string
  rows: number
}

function pagesOf(mailshot: Mailshot, options: ExportOptions): AsyncGenerator<Page> {
  const { kind } = options
  if (kind === 'subscribers') return subscriberPages(mailshot, options)
  if (kind === 'suppressions') return suppressionPages(mailshot, options)
  return tablePages(mailshot, kind, options)
}

async function totalOf({ db }: Mailshot, kind: ExportKind): Promise<number> {
  const hashes = kind === 'suppressions' ? sql`+ (SELECT count(*) FROM suppressed_hashes)` : sql``
  const row = await db.get<{ n: number }>(
    sql`SELECT (SELECT count(*) FROM ${sql.raw(kind)}) ${hashes} AS n`,
  )
  return row?.n ?? 0
}

async function* subscriberPages(
  mailshot: Mailshot,
  { format, lists, segment }: ExportOptions,
): AsyncGenerator<Page> {
  const fields = format === 'csv' ? await fieldsOf(mailshot) : []
  const heading =
    format === 'csv' ? csvLine(subscriberColumns(fields)) : headingLine(mailshot, 'subscribers')
  yield { text: heading, rows: 0 }
  const { config, now } = mailshot
  const asked = { now: now(), timeZone: config.timeZone, lang: config.lang }
  const which = segment === undefined ? undefined : segmentSql(segment, config, asked)
  const lineOf = (one: ExportedSubscriber) =>
    format === 'csv' ? csvLine(subscriberValues(one, fields)) : jsonLine(one)
  for (let after = 0; ;) {
    const page = await pageOfSubscribers(mailshot, { after, limit: pageSize, lists, which })
    yield { text: page.map(lineOf).join(''), rows: page.length }
    if (page.length < pageSize) return
    after = page.at(-1)?.id ?? after
  }
}

/** The attributes of the config, and those that people still have though it dropped them. */
async function fieldsOf({ db, config }: Mailshot): Promise<string[]> {
  const rows = await db.all<{ key: string }>(
    sql`SELECT DISTINCT a.key FROM subscribers AS s, json_each(s.attributes) AS a ORDER BY 1`,
  )
  return [...new Set([...Object.keys(config.fields), ...rows.map(({ key }) => key)])]
}

async function* suppressionPages(
  mailshot: Mailshot,
  { format }: ExportOptions,
): AsyncGenerator<Page> {
  const isCsv = format === 'csv'
  let lines: string[] = isCsv ? [csvLine(['address', 'reason', 'note', 'at'])] : []
  let rows = 0
  for await (const line of exportSuppressions(mailshot)) {
    lines.push(isCsv ? suppressionLine(line) : jsonLine(line))
    rows += 'mailshot' in line ? 0 : 1
    if (lines.length < pageSize) continue
    yield { text: lines.join(''), rows }
    lines = []
    rows = 0
  }
  yield { text: lines.join(''), rows }
}

function suppressionLine(line: ExportLine): string {
  if ('mailshot' in line) return line.keys.map((key) => csvLine([`key:${key}`])).join('')
  return csvLine(['email' in line ? line.email : line.hash, line.reason, line.note, line.at])
}

async function* tablePages(
  mailshot: Mailshot,
  table: ExportedTable,
  { format }: ExportOptions,
): AsyncGenerator<Page> {
  const { key, first, pageSize: most, beside } = exportedTables[table]
  const more = format === 'csv' ? [] : Object.keys(beside)
  const columns = [...(await columnsOf(mailshot, table)), ...more]
  const heading = format === 'csv' ? csvLine(columns) : headingLine(mailshot, table)
  yield { text: heading, rows: 0 }
  for (let after: string | number | null = first; ;) {
    const page = await pageOfTable(mailshot, table, { columns, after })
    const lines = page.map((row) => {
      const values = columns.map((name) => exportedValue(table, name, row[name] ?? null))
      if (format === 'csv') return csvLine(values)
      return jsonLine(Object.fromEntries(columns.map((name, n) => [jsonName(name), values[n]])))
    })
    yield { text: lines.join(''), rows: page.length }
    if (page.length < most) return
    after = page.at(-1)?.[key] ?? after
  }
}

function headingLine({ config, now }: Mailshot, kind: ExportKind): string {
  const exportedAt = new Date(now()).toISOString()
  return jsonLine({ mailshot: kind, version: 1, site: config.site, exportedAt })
}

function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}
