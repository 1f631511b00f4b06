import { type SQL, sql } from 'drizzle-orm/sql'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { explainFault, readCondition, readExcluded, segmentSql } from '../segment.ts'
import { unknownMails } from './known-mails.ts'

/** Whom of its lists a send goes to: conditions in the one way of writing that `readCondition` answers. */
export interface Selection {
  lists: string[]
  /** Only those of whom it is true; null for all. */
  segment: string | null
  /** Nobody of whom one of these is true. */
  exclude: string[]
}

/** What a campaign or a request says of it: conditions, names of segments, and to exclude also lists. */
export interface SaidSelection {
  lists: string[]
  segment?: string | undefined
  exclude?: string[] | undefined
}

/**
 * Reads the conditions of a send against the config and what was sent.
 *
 * @throws MailshotError when one cannot be read, or asks who got a campaign of which that is not known
 */
export async function requireSelection(
  mailshot: Mailshot,
  slug: string,
  said: SaidSelection,
): Promise<Selection> {
  const selection = readSelection(mailshot.config, said)
  if ('wrong' in selection) {
    throw new MailshotError(`campaign ${slug}: ${selection.wrong}`, { code: 'invalid' })
  }
  const conditions = [
    ...(selection.segment === null ? [] : [selection.segment]),
    ...selection.exclude,
  ]
  const wrong = await unknownMails(mailshot, conditions, slug)
  if (wrong === undefined) return selection
  throw new MailshotError(`campaign ${slug}: ${wrong}`, { code: 'invalid' })
}

/** Reads the conditions; what is wrong with the first wrong one is answered. */
export function readSelection(
  config: MailshotConfig,
  { lists, segment, exclude = [] }: SaidSelection,
): Selection | { wrong: string } {
  const read = segment === undefined ? undefined : readCondition(segment, config)
  if (read && 'wrong' in read)
    return { wrong: `segment: ${explainFault(segment ?? '', read.wrong)}` }
  const excluded: string[] = []
  for (const text of exclude) {
    const one = readExcluded(text, config)
    if ('wrong' in one) return { wrong: `exclude: ${explainFault(text, one.wrong)}` }
    excluded.push(one.condition)
  }
  return { lists, segment: read?.condition ?? null, exclude: [...new Set(excluded)].toSorted() }
}

/** What a compiled campaign says of itself, whose conditions were read when it was. */
export function selectionOf({ lists, segment = null, exclude = [] }: CompiledSelection): Selection {
  return { lists, segment, exclude }
}

interface CompiledSelection {
  lists: string[]
  segment?: string | null | undefined
  exclude?: string[] | undefined
}

/** Whether the row `s` of subscribers is selected, or what is wrong with a condition since the config was changed. */
export function selectedSql(
  config: MailshotConfig,
  selection: Pick<Selection, 'segment' | 'exclude'>,
  now: number,
): { where: SQL } | { wrong: string } {
  const { segment, exclude } = selection
  const read = readSelection(config, { lists: [], segment: segment ?? undefined, exclude })
  if ('wrong' in read) return read
  const asked = { now, timeZone: config.timeZone, lang: config.lang }
  const fits = segment === null ? sql`true` : segmentSql(segment, config, asked)
  // Of whom it is not known, nobody may say that they are to be left out.
  const isKept = exclude.map((one) => sql`AND (${segmentSql(one, config, asked)}) IS NOT TRUE`)
  return { where: sql`(${fits} ${sql.join(isKept, sql` `)})` }
}

/** Says the same of two selections that select the same, in whatever order they name it. */
export function selectionKey({ lists, segment, exclude }: Selection): string {
  const conditions = segment === null && exclude.length === 0 ? [] : [segment, exclude]
  return [lists.toSorted().join(','), ...conditions.map((one) => JSON.stringify(one))].join('\n')
}

export function isSameSelection(one: Selection, other: Selection): boolean {
  return selectionKey(one) === selectionKey(other)
}

/** The conditions, where there are some. */
export function conditionsOf({ segment, exclude }: Selection): Partial<Selection> {
  return { ...(segment !== null && { segment }), ...(exclude.length > 0 && { exclude }) }
}

/** `weekly, product (lang = fr; not: city = Lyon)` */
export function whereTo({ lists, segment, exclude }: Selection): string {
  const conditions = [
    ...(segment === null ? [] : [segment]),
    ...exclude.map((one) => `not: ${one}`),
  ]
  return conditions.length === 0
    ? lists.join(', ')
    : `${lists.join(', ')} (${conditions.join('; ')})`
}
