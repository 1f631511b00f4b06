import { sql } from 'drizzle-orm/sql'
import type { LetterKind } from '../letter.ts'
import { titlesOf } from '../list.ts'
import type { Mailshot } from '../mailshot.ts'
import { letterDate } from './date.ts'

/** What a letter tells of lists and time, besides how that is said in its reader's language. */
export interface Told {
  /** In the order in which they are named. */
  lists?: readonly string[]
  /** Until when its link works. */
  until?: number
}

/** The same as a letter keeps it. */
export function keptTold({ lists, until }: Told): Record<string, string> {
  return {
    ...(lists && { listIds: JSON.stringify(lists) }),
    ...(until !== undefined && { until: String(until) }),
  }
}

/**
 * What a letter of the site's own words is filled with, in the language of these words: whoever reads one that it is not written in
 * would else meet titles and a date of theirs in the middle of a foreign sentence.
 */
export async function valuesIn(
  mailshot: Mailshot,
  letter: { kind: LetterKind; email: string; lang: string; values: Record<string, string> },
  lang: string,
): Promise<Record<string, string>> {
  const { email, values } = letter
  const { listIds, until } = values
  return {
    ...values,
    email,
    lang: letter.lang,
    ...(listIds !== undefined && { lists: await titlesIn(mailshot, JSON.parse(listIds), lang) }),
    ...(until !== undefined && {
      date: letterDate(mailshot.config, { ...letter, until: Number(until) }, lang),
    }),
  }
}

async function titlesIn(
  { config, db }: Mailshot,
  ids: readonly string[],
  lang: string,
): Promise<string> {
  const rows = await db.all<{ id: string; title: string }>(
    sql`SELECT id, title FROM lists WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
  )
  const titles = new Map(rows.map(({ id, title }) => [id, JSON.parse(title)]))
  return titlesOf(
    config,
    ids.map((id) => ({ title: titles.get(id) ?? id })),
    lang,
  )
}
