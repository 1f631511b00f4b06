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
 * The same in SQL, as far as it matters for a comparison with these folded values. SQLite's `lower` knows the letters of ASCII alone, so
 * every other letter of the values is replaced by itself.
 */
export function foldedFor(text: SQL, values: readonly string[]): SQL {
  const letters = new Set(values.flatMap((value) => Array.from(value).filter(isForeignLower)))
  let folded = sql`lower(${text})`
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
