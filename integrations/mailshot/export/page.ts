import { setImmediate } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import type { ExportKind, ExportOptions } from '../export.ts'
import type { Mailshot } from '../mailshot.ts'
import { segmentSql } from '../segment.ts'
import { type ExportLine, exportSuppressions } from '../suppression/export.ts'
import { csvLine } from './csv.ts'
import {
  type ExportedSubscriber,
  pageOfSubscribers,
  subscriberColumns,
  subscriberValues,
} from './subscriber.ts'
import {
  columnsOf,
  type ExportedTable,
  exportedTables,
  exportedText,
  exportedValue,
  jsonName,
  pageOfTable,
} from './table.ts'

export interface Page {
  text: string
  rows: number
}

const usualRows = 1000

/** The pages of an export; the first has a heading before its rows. */
export function pagesOf(mailshot: Mailshot, options: ExportOptions): AsyncGenerator<Page> {
  const { kind } = options
  if (kind === 'subscribers') return subscriberPages(mailshot, options)
  if (kind === 'suppressions') return suppressionPages(mailshot, options)
  return tablePages(mailshot, kind, options)
}

/** How many rows there are of a kind, whatever is asked for of it. */
export async function totalOf({ db }: Mailshot, kind: ExportKind): Promise<number> {
  const hashes = kind === 'suppressions' ? sql`+ (SELECT count(*) FROM suppressed_hashes)` : sql``
  const row = await db.get<{ n: number }>(
    sql`SELECT (SELECT count(*) FROM ${sql.raw(kind)}) ${hashes} AS n`,
  )
  return row?.n ?? 0
}

async function* subscriberPages(
  mailshot: Mailshot,
  { format, lists, segment, pageRows: limit = usualRows }: ExportOptions,
): AsyncGenerator<Page> {
  const fields = format === 'csv' ? await fieldsOf(mailshot) : []
  const last = await lastNumber(mailshot, 'subscribers')
  const heading =
    format === 'csv'
      ? csvLine(subscriberColumns(fields))
      : headingLine(mailshot, 'subscribers', last)
  yield { text: heading, rows: 0 }
  const { config, now } = mailshot
  const asked = { now: now(), timeZone: config.timeZone, lang: config.lang }
  const which = segment === undefined ? undefined : segmentSql(segment, config, asked)
  const lineOf = (one: ExportedSubscriber) =>
    format === 'csv' ? csvLine(subscriberValues(one, fields)) : jsonLine(one)
  for (let after = 0; ;) {
    const page = await pageOfSubscribers(mailshot, { after, limit, lists, which })
    yield { text: page.map(lineOf).join(''), rows: page.length }
    if (page.length < limit) return
    after = page.at(-1)?.id ?? after
  }
}

/** The attributes of the config, and those that people still have though it dropped them; looked for a few thousand at a time. */
async function fieldsOf({ db, config }: Mailshot): Promise<string[]> {
  const found = new Set<string>()
  for (let after = 0; ;) {
    const row = await db.get<{ last: number | null; keys: string }>(sql`
      WITH page AS (SELECT id, attributes FROM subscribers WHERE id > ${after} ORDER BY id LIMIT ${fewThousand})
      SELECT (SELECT max(id) FROM page) AS last, (SELECT json_group_array(DISTINCT a.key)
        FROM page, json_each(page.attributes) AS a) AS keys`)
    const keys: string[] = JSON.parse(row?.keys ?? '[]')
    for (const key of keys) found.add(key)
    if (!row?.last) break
    after = row.last
    await setImmediate()
  }
  return [...new Set([...Object.keys(config.fields), ...[...found].toSorted()])]
}

const fewThousand = 5000

async function* suppressionPages(
  mailshot: Mailshot,
  { format, pageRows = usualRows }: ExportOptions,
): AsyncGenerator<Page> {
  const isCsv = format === 'csv'
  let lines: string[] = isCsv ? [csvLine(['address', 'reason', 'note', 'at'])] : []
  let rows = 0
  for await (const line of exportSuppressions(mailshot, { pageRows })) {
    lines.push(isCsv ? suppressionLine(line) : jsonLine(line))
    rows += 'mailshot' in line ? 0 : 1
    if (lines.length < pageRows) continue
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
  { format, pageRows = usualRows }: ExportOptions,
): AsyncGenerator<Page> {
  const { key, first, pageSize } = exportedTables[table]
  const most = Math.min(pageSize, pageRows)
  const columns = await columnsOf(mailshot, table)
  const last = await lastNumber(mailshot, table)
  const heading = format === 'csv' ? csvLine(columns) : headingLine(mailshot, table, last)
  yield { text: heading, rows: 0 }
  for (let after: string | number | null = first; ;) {
    const page = await pageOfTable(mailshot, table, { columns, after, limit: most })
    const lines = page.map((row) => {
      const value = (name: string) => row[name] ?? null
      if (format === 'csv')
        return csvLine(columns.map((name) => exportedText(table, name, value(name))))
      return jsonLine(
        Object.fromEntries(
          columns.map((name) => [jsonName(name), exportedValue(table, name, value(name))]),
        ),
      )
    })
    yield { text: lines.join(''), rows: page.length }
    if (page.length < most) return
    after = page.at(-1)?.[key] ?? after
  }
}

/** The last number that was given, where none is given again: links in mails hold those of people and recipients who are gone. */
async function lastNumber({ db }: Mailshot, table: ExportKind): Promise<number | undefined> {
  const row = await db.get<{ seq: number }>(
    sql`SELECT seq FROM sqlite_sequence WHERE name = ${table}`,
  )
  return row?.seq || undefined
}

function headingLine(
  { config, now }: Mailshot,
  kind: ExportKind,
  lastId: number | undefined,
): string {
  const exportedAt = new Date(now()).toISOString()
  return jsonLine({ mailshot: kind, version: 1, site: config.site, exportedAt, lastId })
}

function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}
