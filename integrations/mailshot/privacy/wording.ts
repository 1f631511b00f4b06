import { hash } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm/sql'

/** By what a consent names the words agreed to; they stand in `wordings`, once. */
export function wordingHash(text: string | undefined | null): string | null {
  return text === undefined || text === null ? null : hash('sha256', text, 'base64url')
}

/** The statements that keep words that somebody agrees to now, to stand beside the consent; those that are kept stay as they are. */
export function wordingStatements(
  texts: readonly (string | undefined | null)[],
  lang: string | null,
  now: number,
): SQL[] {
  return usedWordingStatements(texts.map((text) => ({ text, lang, at: now })))
}

/** The same for words that were agreed to at other times: kept is when they were first. */
export function usedWordingStatements(
  used: readonly { text: string | undefined | null; lang: string | null; at: number }[],
): SQL[] {
  const first = new Map<
    string,
    readonly [string, string | undefined | null, string | null, number]
  >()
  for (const { text, lang, at } of used) {
    const key = wordingHash(text)
    if (key !== null && at < (first.get(key)?.[3] ?? Infinity))
      first.set(key, [key, text, lang, at])
  }
  if (first.size === 0) return []
  return [
    sql`INSERT INTO wordings (hash, text, lang, first_used_at)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(${JSON.stringify([...first.values()])}) WHERE true
      ON CONFLICT DO UPDATE SET lang = excluded.lang, first_used_at = excluded.first_used_at
      WHERE excluded.first_used_at < first_used_at`,
  ]
}

/** The words themselves, of a row of consents by that name. */
export function wordingOf(consents = 'consents'): SQL {
  return sql.raw(`(SELECT w.text FROM wordings AS w WHERE w.hash = ${consents}.wording)`)
}
