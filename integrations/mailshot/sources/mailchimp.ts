import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ImportEntry, ImportRow, ImportSource } from '../import.ts'
import { isTimeZone } from '../pace/options.ts'
import { type Fields, systemCsv } from './csv/system.ts'
import { csvFiles, type NamedFile } from './mailchimp/file.ts'
import { langNamed } from './tables/lang.ts'
import { zonedTime } from './tables/zoned-time.ts'

export interface MailchimpOptions {
  /** The attributes that the config declares; columns of these names are read. */
  fields?: readonly string[] | undefined
  /** What messages call it; its own name by default. */
  name?: string | undefined
  /** As `TextDecoder` calls it; told by itself. */
  encoding?: string | undefined
}

/**
 * An audience as Mailchimp exports it: a zip file, the folder it was unpacked to, or one of its CSV files. The names of these files
 * say what their people are: `subscribed…`, `unsubscribed…`, `cleaned…` (their mails came back, so they are suppressed) and
 * `nonsubscribed…` (customers who never asked for mail, and are left out). An audience is one list, so the import names it.
 */
export function mailchimp(path: string, options: MailchimpOptions = {}): ImportSource {
  const { name = basename(path), fields = [], encoding } = options
  return {
    name,
    rereadable: true,
    [Symbol.asyncIterator]: () => readAudience(path, { name, fields, encoding }),
  }
}

interface Reading {
  name: string
  encoding: string | undefined
  fields: readonly string[]
}

async function* readAudience(path: string, reading: Reading): AsyncGenerator<ImportEntry> {
  const isFolder = (await stat(path)).isDirectory()
  let before = 0
  for await (const file of csvFiles(path, { ...reading, isFolder })) {
    const kind = kindOf(file.name)
    if (kind === undefined) {
      yield { notice: `${file.name} is left out: ${whyLeftOut(file.name)}` }
      continue
    }
    let last = before
    for await (const entry of readFile(file, kind, reading)) {
      if ('notice' in entry || 'lastId' in entry) yield entry
      else {
        const numbered = renumbered(entry, { before, file: file.name })
        last = 'row' in numbered ? numbered.line : numbered.fault.line
        yield numbered
      }
    }
    before = last
  }
}

type Kind = 'active' | 'unsubscribed' | 'cleaned'

function kindOf(name: string): Kind | undefined {
  const word = /^(un|non)?subscribed|^cleaned/i.exec(basename(name))?.[0].toLowerCase()
  if (word === 'cleaned' || word === 'unsubscribed') return word
  return word === 'subscribed' ? 'active' : undefined
}

function whyLeftOut(name: string): string {
  return /^nonsubscribed/i.test(basename(name))
    ? 'its people never asked for mail'
    : 'its name begins with none of subscribed, unsubscribed, cleaned'
}

type Numbered = Exclude<ImportEntry, { notice: string } | { lastId: number }>

/** Lines are counted on from file to file, so that they only go up; a fault says its own. */
function renumbered(entry: Numbered, { before, file }: { before: number; file: string }): Numbered {
  if ('row' in entry) return { ...entry, line: before + entry.line }
  const { line, cause } = entry.fault
  return {
    fault: { ...entry.fault, line: before + line, cause: `${file}:${line}: ${cause}` },
  }
}

function readFile(file: NamedFile, kind: Kind, reading: Reading): AsyncIterable<ImportEntry> {
  return systemCsv(file.bytes, {
    name: file.name,
    encoding: reading.encoding,
    needs: ['email address'],
    rowOf: (fields) => rowOf(fields, kind, reading),
  })
}

function rowOf(fields: Fields, kind: Kind, { name, fields: declared }: Reading): ImportRow {
  const value = (column: string) => fields.get(column) ?? ''
  const askedAt = zonedTime(value('optin_time'))
  const confirmedAt = zonedTime(value('confirm_time')) ?? askedAt
  const endedAt = zonedTime(value(kind === 'cleaned' ? 'clean_time' : 'unsub_time'))
  const since = askedAt ?? confirmedAt
  const timeZone = value('timezone')
  return {
    email: value('email address'),
    name: [value('first name'), value('last name')].filter(Boolean).join(' '),
    lang: langNamed(value('language')),
    ...(isTimeZone(timeZone) && { timeZone }),
    status: kind === 'active' ? 'active' : 'unsubscribed',
    ...(since !== undefined && { createdAt: since, consentAt: since }),
    ...(kind === 'active' ? confirmedAt !== undefined && { confirmedAt } : { endedAt }),
    ...(kind === 'cleaned' && {
      suppressed: 'hard-bounce',
      suppressionNote: `cleaned, as ${name} says`,
      ...(endedAt !== undefined && { suppressedAt: endedAt }),
    }),
    attributes: Object.fromEntries(
      [...fields]
        .map(([column, text]) => [wordOf(column), text])
        .filter(([word = '']) => declared.includes(word)),
    ),
  }
}

function wordOf(column: string): string {
  return column
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
}
