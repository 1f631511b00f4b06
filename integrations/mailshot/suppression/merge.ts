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

/** Reads a reason in the words of other systems too; `undefined` for none that is known. */
export function parseReason(text: string): SuppressionReason | undefined {
  const word = text.trim().toLowerCase()
  const own = suppressionReasons.find((reason) => reason === word)
  return own ?? words.find(([pattern]) => pattern.test(word))?.[1]
}

const words: [RegExp, SuppressionReason][] = [
  [/complain|complaint|spam|abuse|plainte|ind[ée]sirable/, 'complaint'],
  [/bounce|invalid|undeliver|cleaned|rebond|erreur/, 'hard-bounce'],
  [/unsub|opt.?out|d[ée]sinscri|d[ée]sabonn|resili/, 'unsubscribe'],
  [/manual|suppress|block|blacklist|manuel|bloqu/, 'manual'],
]
