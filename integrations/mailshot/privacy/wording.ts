import { hash } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm/sql'

/** By what a consent names the words agreed to; they stand in `wordings`, once. */
export function wordingHash(text: string | undefined | null): string | null {
  return text === undefined || text === null ? null : hash('sha256', text, 'base64url')
}

/** The statements that keep words that somebody agreed to, to stand beside the consent; those that are kept stay as they are. */
export function wordingStatements(
  texts: readonly (string | undefined | null)[],
  lang: string | null,
  now: number,
): SQL[] {
  const given = [...new Set(texts)].flatMap((text) => {
    const key = wordingHash(text)
    return key === null ? [] : [[key, text]]
  })
  if (given.length === 0) return []
  return [
    sql`INSERT INTO wordings (hash, text, lang, first_used_at)
      SELECT value ->> 0, value ->> 1, ${lang}, ${now} FROM json_each(${JSON.stringify(given)}) WHERE true
      ON CONFLICT DO NOTHING`,
  ]
}

/** The words themselves, of a row of consents by that name. */
export function wordingOf(consents = 'consents'): SQL {
  return sql.raw(`(SELECT w.text FROM wordings AS w WHERE w.hash = ${consents}.wording)`)
}
