import { type SQL, sql } from 'drizzle-orm/sql'
import { type SuppressionReason, suppressionReasons } from '../../../db/status.ts'

/** From weak to strong: what a person may undo alone, then what the operator decided, then the law. */
const strength: readonly SuppressionReason[] = ['unsubscribe', 'hard-bounce', 'manual', 'complaint']

/** The reasons that give way to another. */
export function weakerThan(reason: SuppressionReason): SuppressionReason[] {
  return strength.slice(0, strength.indexOf(reason))
}

/** What an INSERT does where the address is suppressed already: the stronger reason stands, of the same one the earlier. */
export function mergeSuppression(table: 'suppressions' | 'suppressed_hashes'): SQL {
  const rank = (row: string) =>
    sql.raw(
      `CASE ${row}.reason ${strength.map((reason, n) => `WHEN '${reason}' THEN ${n}`).join(' ')} END`,
    )
  const [given, kept] = [rank('excluded'), rank(table)]
  return sql`DO UPDATE SET reason = excluded.reason, note = excluded.note, at = excluded.at
    WHERE ${given} > ${kept} OR (${given} = ${kept} AND excluded.at < ${sql.raw(table)}.at)`
}

/**
 * Reads a reason in the words of other systems too; `undefined` for none that is known, or what denies one: a refusal for now, or what
 * is "not spam".
 */
export function parseReason(text: string): SuppressionReason | undefined {
  const word = text.trim().toLowerCase()
  const own = suppressionReasons.find((reason) => reason === word)
  if (own !== undefined) return own
  return isForNow.test(word) || isDenied.test(word)
    ? undefined
    : words.find(([pattern]) => pattern.test(word))?.[1]
}

const words: [RegExp, SuppressionReason][] = [
  [/complain|complaint|spam|abuse|plainte|ind[ée]sirable/, 'complaint'],
  [/bounce|invalid|undeliver|cleaned|rebond|erreur/, 'hard-bounce'],
  [/unsub|opt.?out|d[ée]sinscri|d[ée]sabonn|resili/, 'unsubscribe'],
  [/manual|suppress|block|blacklist|manuel|bloqu/, 'manual'],
]

const isForNow =
  /soft.?bounce|(?<!\p{L})(?:soft(?!\p{L})|temp(?!\p{L})|temporar|temporair|transient|provisoire)/u

/** A denial just before any of those words: "no such user" denies nothing. */
const isDenied = new RegExp(
  String.raw`(?:n['’]t|(?<!\p{L})(?:not|no|non|never|false|pas|aucune?|jamais|faux|fausse))[^\p{L}]+(?:(?:an?|as|de|d|une?)[^\p{L}]+)?` +
    `(?:${words.map(([{ source }]) => source).join('|')})`,
  'u',
)
