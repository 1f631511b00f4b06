import { type SQL, sql } from 'drizzle-orm/sql'

/**
 * A text with its letters in lower case, each by itself: only those that have one other case, of which they are the only one. `ß` and
 * the Kelvin sign stay what they are.
 */
export function foldCase(text: string): string {
  return Array.from(text)
    .map((letter) => (isUpper(letter) ? letter.toLowerCase() : letter))
    .join('')
}

/**
 * The same in SQL for the letters beyond ASCII, as far as it matters for a comparison with these folded values: each of theirs is replaced
 * by itself. The rest is done by `lower` or, in half the time, by the collation NOCASE, which both know ASCII alone.
 */
export function foldedFor(text: SQL, values: readonly string[]): SQL {
  const letters = new Set(values.flatMap((value) => Array.from(value).filter(isForeignLower)))
  let folded = text
  for (const letter of letters) {
    folded = sql`replace(${folded}, ${letter.toUpperCase()}, ${letter})`
  }
  return folded
}

function isUpper(letter: string): boolean {
  const lower = letter.toLowerCase()
  return lower !== letter && Array.from(lower).length === 1 && lower.toUpperCase() === letter
}

function isForeignLower(letter: string): boolean {
  const upper = letter.toUpperCase()
  return (
    letter > '\u007f' &&
    Array.from(upper).length === 1 &&
    isUpper(upper) &&
    upper.toLowerCase() === letter
  )
}
