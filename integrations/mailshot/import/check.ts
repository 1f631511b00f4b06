import { MailshotError } from '../error.ts'
import type { ImportOptions, ImportSource } from '../import.ts'
import type { Mailshot } from '../mailshot.ts'
import { type ImportedPlace, onePerList, placesOf } from './person.ts'
import type { ImportRow } from './row.ts'

/** Which lists an import is about. */
export interface WantedLists {
  /** The lists of rows that name none. */
  lists?: string[] | undefined
  /** Ours, by their names in the source. */
  map?: Readonly<Record<string, string>> | undefined
  /** Lists of the source that are left out, by their names there. */
  skipLists?: readonly string[] | undefined
  /** Ours that are closed, onto which whoever is said to be on one comes as another mailshot had them. */
  closedLists?: readonly string[] | undefined
}

/** @throws MailshotError for a list of the options that the config does not know */
export function checkWanted(mailshot: Mailshot, { lists = [], map = {} }: WantedLists): void {
  for (const list of lists)
    if (!isKnown(mailshot, list)) throw unknownList(mailshot, '--list', list)
  for (const [theirs, ours] of Object.entries(map)) {
    if (!isKnown(mailshot, ours)) throw unknownList(mailshot, `--map ${theirs}=${ours}`, ours)
  }
}

/**
 * Where a row puts its person, in our lists; `undefined` for one that is on none but those to be left out.
 *
 * @throws MailshotError for a list that the config does not know
 */
export function wantedPlaces(
  mailshot: Mailshot,
  row: ImportRow,
  wanted: WantedLists,
  where: string,
): ImportedPlace[] | undefined {
  const places = namedPlaces(row, wanted)
  const unknown = places?.find(
    ({ list }) => !isKnown(mailshot, list) && !isClosed(row, list, wanted),
  )
  if (unknown) throw unknownList(mailshot, where, unknown.list)
  return places
}

function namedPlaces(
  row: ImportRow,
  { lists, map, skipLists }: WantedLists,
): ImportedPlace[] | undefined {
  const places = placesOf(row, lists)
  if (map === undefined && skipLists === undefined) return places
  const kept = places.filter(({ list }) => !skipLists?.includes(list))
  if (places.length > 0 && kept.length === 0) return undefined
  const mapped = kept.map((place) => ({ ...place, list: map?.[place.list] ?? place.list }))
  return onePerList(mapped)
}

/** Reads it all without writing: how many rows there are, and that every list is known. */
export async function checkSource(
  mailshot: Mailshot,
  source: ImportSource,
  options: ImportOptions,
): Promise<number> {
  let total = 0
  let isOnList = options.lists !== undefined
  const unknown = new Map<string, { line: number; rows: number }>()
  for await (const entry of source) {
    if ('notice' in entry || 'lastId' in entry) continue
    total += 1
    if ('fault' in entry) continue
    const places = namedPlaces(entry.row, options)
    for (const { list } of places ?? []) {
      if (isKnown(mailshot, list) || isClosed(entry.row, list, options)) continue
      const { line, rows } = unknown.get(list) ?? { line: entry.line, rows: 0 }
      unknown.set(list, { line, rows: rows + 1 })
    }
    isOnList ||= !places || places.length > 0 || entry.row.subscriptions !== undefined
    if (options.signal?.aborted) break
  }
  if (unknown.size > 0) throw unknownLists(mailshot, source, unknown)
  if (total > 0 && !isOnList) throw nobodyOnList(mailshot, source)
  return total
}

function isKnown({ config }: Mailshot, list: string): boolean {
  return Object.hasOwn(config.lists, list)
}

function isClosed(
  { subscriptions }: ImportRow,
  list: string,
  { closedLists }: WantedLists,
): boolean {
  return subscriptions !== undefined && closedLists?.includes(list) === true
}

function knownLists({ config }: Mailshot): string {
  return `(known: ${Object.keys(config.lists).join(', ')})`
}

function unknownList(mailshot: Mailshot, where: string, list: string): MailshotError {
  const cure = where.startsWith('--') ? 'or correct the name' : cureFor(list)
  return new MailshotError(
    `${where}: list "${list}" is not in mailshot.config.ts ${knownLists(mailshot)}; add it there, ${cure}`,
  )
}

/** All of them at once, so that one further call is enough. */
function unknownLists(
  mailshot: Mailshot,
  { name }: ImportSource,
  unknown: ReadonlyMap<string, { line: number; rows: number }>,
): MailshotError {
  const [[first, { line }] = ['', { line: 0 }]] = unknown
  if (unknown.size === 1) return unknownList(mailshot, `${name}:${line}`, first)
  const each = [...unknown].map(
    ([list, found]) => `"${list}" (line ${found.line}, rows in all: ${found.rows})`,
  )
  return new MailshotError(
    `${name}: ${unknown.size} lists are not in mailshot.config.ts: ${each.join(', ')} ` +
      `${knownLists(mailshot)}; for each, add it there, ${cureFor(first)}`,
  )
}

function cureFor(list: string): string {
  const quoted = /^[\w.-]+$/.test(list) ? list : `"${list}"`
  return `or say which list of ours it is, --map ${quoted}=ID, or leave it out, --skip-list ${quoted}`
}

function nobodyOnList(mailshot: Mailshot, { name }: ImportSource): MailshotError {
  return new MailshotError(
    `${name}: no row names a list; say which one with --list ID ${knownLists(mailshot)}, or add a column "lists"`,
  )
}
