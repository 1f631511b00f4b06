import { setImmediate } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import type { SuppressionReason } from '../../../db/status.ts'
import { auditStatement } from '../audit.ts'
import { parseEmailAddress } from '../email-address.ts'
import { MailshotError } from '../error.ts'
import type { Rehearsal } from '../import/rehearsal.ts'
import type { Mailshot } from '../mailshot.ts'
import {
  addKeyStatement,
  adoptKeyStatement,
  hashersInUse,
  knownKinds,
  nameSuppressed,
} from './hash.ts'
import { mergeSuppression, parseReason } from './merge.ts'
import { forgetReturned, hasReturned, isLiftable } from './returned.ts'

/** A reader of a list of suppressed addresses. */
export interface SuppressionSource extends AsyncIterable<SuppressionEntry> {
  /** What messages call it: the file's name. */
  readonly name: string
}

export type SuppressionEntry =
  /**
   * `address` is one, or a hash of one; `reason` in any system's words, empty where it says none; `note` is null where it is known
   * that there is none.
   */
  | { line: number; address: string; reason: string; note: string | null; at?: number }
  /** The keys that keyed hashes were made with. */
  | { keys: string[] }
  | { fault: { line: number; cause: string } }

export interface SuppressionImportOptions {
  actor: string
  /** Of entries that name none; `manual` by default. */
  reason?: SuppressionReason | undefined
  note?: string | undefined
  /** Whether the first key of the list becomes the site's own where it has none yet: for a site that moves here. */
  adoptKey?: boolean | undefined
  onFault?: ((fault: { line: number; cause: string }) => void) | undefined
  /** Whether who signed up here after leaving there stays: it is another system's list, and not the operator's will. */
  sparesReturned?: boolean | undefined
  /** The copy in which a dry run is done. */
  rehearsal?: Rehearsal | undefined
}

export interface SuppressionImportSummary {
  read: number
  /** New here, or suppressed for a stronger reason, or since earlier. */
  changed: number
  unchanged: number
  faultCount: number
}

interface Row {
  kind: string | null
  /** The address, or its hash. */
  name: string
  reason: SuppressionReason
  note: string | null
  at: number
  /** Null where the list says none. */
  givenAt: number | null
}

const sliceRows = 1000

/**
 * Suppresses all addresses of a list. An address that is suppressed already keeps the stronger reason, so that running it again
 * changes nothing. Hashes hold against whoever comes, and are matched with the people who are here at once.
 *
 * @throws MailshotError for a file that holds no key of ours where it has keyed hashes: none is written then
 */
export async function importSuppressions(
  mailshot: Mailshot,
  source: SuppressionSource,
  options: SuppressionImportOptions,
): Promise<SuppressionImportSummary> {
  const { rehearsal } = options
  const target = rehearsal?.mailshot ?? mailshot
  const from = target.now()
  const summary = { read: 0, changed: 0, unchanged: 0, faultCount: 0 }
  const run: Run = { source, options, summary, kinds: undefined }
  const noted = { actor: options.actor, subject: `suppressions:${source.name}` }
  // Who began one that is killed on the way.
  const begin = auditStatement(mailshot, { ...noted, action: 'begin-import', detail: {} })
  if (!rehearsal) await mailshot.db.write(begin)
  let rows: Row[] = []
  for await (const entry of source) {
    const row = await readEntry(target, entry, run)
    if (row) rows.push(row)
    if (rows.length < sliceRows) continue
    await writeSlice(target, rows, run)
    rows = []
  }
  if (rows.length > 0) await writeSlice(target, rows, run)
  await rehearsal?.copyHashed()
  if (options.sparesReturned) summary.changed -= await forgetReturned(target, from)
  await nameAll(target)
  if (rehearsal) return summary
  await mailshot.db.write(
    auditStatement(mailshot, { ...noted, action: 'import', detail: { ...summary } }),
  )
  return summary
}

interface Run {
  source: SuppressionSource
  options: SuppressionImportOptions
  summary: SuppressionImportSummary
  /** The kinds of hashes that can be told whose they are, once one was met. */
  kinds: Set<string> | undefined
}

/** The row of an entry; undefined for a key, which is stored, and for what can be none, which is told and counted. */
async function readEntry(
  mailshot: Mailshot,
  entry: SuppressionEntry,
  run: Run,
): Promise<Row | undefined> {
  const { options, summary } = run
  if ('keys' in entry) {
    await addKeys(mailshot, entry.keys, run)
    run.kinds = undefined
    return undefined
  }
  summary.read += 1
  run.kinds ??= await knownKinds(mailshot)
  const { kinds } = run
  const row = 'fault' in entry ? entry.fault.cause : rowOf(mailshot, entry, { ...run, kinds })
  if (typeof row !== 'string') return row
  summary.faultCount += 1
  options.onFault?.({ line: 'fault' in entry ? entry.fault.line : entry.line, cause: row })
  return undefined
}

async function addKeys(
  mailshot: Mailshot,
  keys: string[],
  { source, options }: Run,
): Promise<void> {
  const isKey = (key: string) => Buffer.from(key, 'base64url').length === 32
  if (!keys.every(isKey)) {
    throw new MailshotError(
      `${source.name}: the key in its first line is damaged; export the list again, and copy the file whole`,
    )
  }
  const [own] = options.adoptKey ? keys : []
  await mailshot.db.write(
    ...(own === undefined ? [] : [adoptKeyStatement(own)]),
    ...keys.map(addKeyStatement),
  )
}

/** A row to be written, or why it cannot be one. */
function rowOf(
  mailshot: Mailshot,
  entry: Extract<SuppressionEntry, { address: string }>,
  { kinds, source, options }: Run & { kinds: Set<string> },
): Row | string {
  const named = nameOf(entry.address, kinds)
  if (typeof named === 'string') return named
  const said = entry.reason === '' ? undefined : parseReason(entry.reason)
  if (entry.reason !== '' && said === undefined) {
    return `reason "${entry.reason}" is none of hard-bounce, complaint, unsubscribe, manual`
  }
  return {
    ...named,
    reason: said ?? options.reason ?? 'manual',
    note: entry.note === null ? null : entry.note || (options.note ?? `from ${source.name}`),
    at: Math.min(entry.at ?? Infinity, mailshot.now()),
    givenAt: entry.at ?? null,
  }
}

function nameOf(text: string, kinds: Set<string>): Pick<Row, 'kind' | 'name'> | string {
  const email = parseEmailAddress(text)?.identity
  if (email !== undefined) return { kind: null, name: email }
  const [, kind, hex = ''] = /^\s*(?:([\da-z]+):)?([\da-f]{32,64})\s*$/i.exec(text) ?? []
  const name = hex.toLowerCase()
  const of = kind ?? { 64: 'sha256', 32: 'md5' }[name.length]
  if (of === undefined) return `"${text}" is neither an e-mail address nor a hash of one`
  if (kinds.has(of)) return { kind: of, name }
  return `the key of the hash ${of}:… is not here; import the whole export, with its first line`
}

async function writeSlice(
  mailshot: Mailshot,
  rows: Row[],
  { options, summary }: Run,
): Promise<void> {
  const named = rows.filter(({ kind }) => kind === null)
  const hashed = rows.filter(({ kind }) => kind !== null)
  const emails = named.map(({ name }) => name)
  const hashes = hashed.map(({ kind, name }): [string, string] => [kind ?? '', name])
  await options.rehearsal?.copySuppressed(emails, hashes)
  await nameSuppressed(mailshot, emails)
  const values = sql`value ->> 'reason', value ->> 'note', value ->> 'at'`
  const results = await mailshot.db.write(
    sql`INSERT INTO suppressions (email, reason, note, at)
      SELECT value ->> 'name', ${values} FROM json_each(${JSON.stringify(named)})
      WHERE ${options.sparesReturned ? hasStayedAway : sql`true`}
      ON CONFLICT (email) ${mergeSuppression('suppressions')} RETURNING 1`,
    sql`INSERT INTO suppressed_hashes (kind, hash, reason, note, at)
      SELECT value ->> 'kind', value ->> 'name', ${values} FROM json_each(${JSON.stringify(hashed)}) WHERE true
      ON CONFLICT (kind, hash) ${mergeSuppression('suppressed_hashes')} RETURNING 1`,
  )
  const changed = results.flat().length
  summary.changed += changed
  summary.unchanged += rows.length - changed
  // Deliveries of the same process get their turn.
  await setImmediate()
}

const hasStayedAway = sql`NOT (${isLiftable(sql`value ->> 'reason'`)} AND EXISTS (SELECT 1 FROM subscribers AS s
  WHERE s.email = value ->> 'name' AND ${hasReturned(sql`s.id`, sql`value ->> 'givenAt'`)}))`

/** Whoever is here and among the hashes is suppressed by their address from now on. */
async function nameAll(mailshot: Mailshot): Promise<void> {
  if ((await hashersInUse(mailshot)).length === 0) return
  for (let afterId = 0; ;) {
    const page = await mailshot.db.all<{ id: number; email: string }>(
      sql`SELECT id, email FROM subscribers WHERE id > ${afterId} ORDER BY id LIMIT ${sliceRows}`,
    )
    await nameSuppressed(
      mailshot,
      page.map(({ email }) => email),
    )
    afterId = page.at(-1)?.id ?? afterId
    if (page.length < sliceRows) return
    await setImmediate()
  }
}
