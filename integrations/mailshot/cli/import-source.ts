import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { closest } from '../closest.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import type { DateOrder } from '../sources/csv/date.ts'
import { csv } from '../sources/csv.ts'
import { jsonl } from '../sources/jsonl.ts'
import { listmonk } from '../sources/listmonk.ts'
import { listmonkCsv } from '../sources/listmonk-csv.ts'
import { mailchimp } from '../sources/mailchimp.ts'
import { isServer, openTables } from '../sources/open-tables.ts'
import { pgDump } from '../sources/pg-dump.ts'
import { phplist } from '../sources/phplist.ts'
import { spip } from '../sources/spip.ts'
import { spipCsv } from '../sources/spip-csv.ts'
import type { SystemSource } from '../sources/tables/source.ts'

export interface SourceRequest {
  /** As it was called: a path, `-` for the standard input, or the address of a database. */
  file: string | undefined
  source: string | undefined
  encoding: string | undefined
  prefix: string | undefined
  /** SPIP's file of keys. */
  keys: string | undefined
  /** Headers of a CSV file by what they hold. */
  columns: Record<string, string> | undefined
  /** What comes first in 03/04/2026. */
  dates: DateOrder | undefined
}

/** A source as it is asked for, once the settings are known. */
interface Opened extends Omit<SourceRequest, 'file' | 'source'> {
  /** A path, or the bytes. */
  input: string | AsyncIterable<Uint8Array>
  /** What messages call it. */
  name: string
  fields: string[]
  timeZone: string
}

const sources: Record<string, (opened: Opened) => SystemSource> = {
  csv: ({ input, columns = {}, encoding, ...opened }) =>
    csv(input, { ...opened, columns, ...(encoding !== undefined && { encoding }) }),
  jsonl: ({ input, name }) => jsonl(input, { name }),
  spip: (opened) => (isCsv(opened) ? spipCsv(opened.input, opened) : spip(tables(opened), opened)),
  phplist: (opened) => phplist(tables(opened), opened),
  listmonk: (opened) =>
    isCsv(opened) ? listmonkCsv(opened.input, opened) : listmonk(pgDump(opened.input, opened)),
  mailchimp: ({ input, ...opened }) => {
    if (typeof input === 'string') return mailchimp(input, opened)
    throw new MailshotError(
      '--source mailchimp reads a zip file, a folder or a CSV file by its name',
    )
  },
}

/** The names that `--source` takes. */
export const sourceNames = Object.keys(sources)

/**
 * Finds the source where the command was called, which is not where the project's root is.
 *
 * @throws MailshotError for a source or a file that there is not
 */
export function sourceNamed(request: SourceRequest): (mailshot: Mailshot) => SystemSource {
  const { file, encoding, prefix, columns, dates } = request
  const keys = request.keys === undefined ? undefined : resolve(request.keys)
  const source = request.source ?? usualSource(file)
  const open = Object.hasOwn(sources, source) ? sources[source] : undefined
  if (!open) {
    const meant = closest(source, sourceNames)
    const hint = meant ? `; did you mean ${meant}?` : ''
    throw new MailshotError(
      `--source ${source}: there is no such source (${sourceNames.join(', ')})${hint}`,
    )
  }
  if (!file) throw new MailshotError('import: which file? For example: mailshot import people.csv')
  const path = isServer(file) ? file : resolve(file)
  const isFile = file !== '-' && !isServer(file)
  if (isFile && !existsSync(path)) throw new MailshotError(`${file}: there is no such file`)
  return ({ config }) =>
    open({
      input: file === '-' ? process.stdin : path,
      name: file === '-' ? 'stdin' : basename(file),
      fields: Object.keys(config.fields),
      timeZone: config.timeZone,
      encoding,
      prefix,
      keys,
      columns,
      dates,
    })
}

function usualSource(file = ''): string {
  return /\.(?:jsonl|ndjson)$/i.test(file) ? 'jsonl' : 'csv'
}

function tables({ input, name }: Opened) {
  return openTables(input, name)
}

function isCsv({ name }: Opened): boolean {
  return /\.(?:csv|txt)$/i.test(name)
}
