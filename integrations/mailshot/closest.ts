/** The known word that a mistyped one most likely means, if any is near. */
export function closest(word: string, known: Iterable<string>): string | undefined {
  const reach = Math.max(1, Math.floor(word.length / 3))
  let best: string | undefined
  let least = reach + 1
  for (const candidate of known) {
    const steps = distance(word.toLowerCase(), candidate.toLowerCase())
    if (steps < least) [best, least] = [candidate, steps]
  }
  return best
}

/** `did you mean "weekly"?`, else the known words. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = closest(word, known)
  if (near !== undefined) return `did you mean "${near}"?`
  return known.length > 0 ? `known: ${known.join(', ')}` : 'there are none'
}

/** Edits between two words, two letters swapped counting as one. */
export function distance(from: string, to: string): number {
  let before: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1] ? 0 : 1
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        (current[column - 1] ?? 0) + 1,
        (last[column] ?? 0) + 1,
        (last[column - 1] ?? 0) + same,
        swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      )
    }
    before = last
    last = current
  }
  return last[to.length] ?? 0
}
