/**
 * A pattern of SQLite's GLOB for a text of which each letter may be in either case: only those that have one other case, of which they
 * are the only one. `ß` and the Kelvin sign stay what they are. LIKE, `lower` and the collation NOCASE know the letters of ASCII alone.
 */
export function globOf(text: string): string {
  return Array.from(text)
    .map((letter) => {
      const other = otherCase(letter)
      if (other !== undefined) return `[${letter}${other}]`
      return '*?['.includes(letter) ? `[${letter}]` : letter
    })
    .join('')
}

/** Whether the cases of all its letters are known to SQLite. */
export function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text)
}

function otherCase(letter: string): string | undefined {
  const lower = letter.toLowerCase()
  if (lower !== letter) return isOne(lower) && lower.toUpperCase() === letter ? lower : undefined
  const upper = letter.toUpperCase()
  return upper !== letter && isOne(upper) && upper.toLowerCase() === letter ? upper : undefined
}

function isOne(text: string): boolean {
  return Array.from(text).length === 1
}
