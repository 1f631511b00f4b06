/**
 * What mail systems write, by what it means. `…` stands for up to 60 characters of anything; `@` for an address; `/` for a link.
 * Case, accents, line breaks and typographic quotes do not count.
 */
export type Phrases = readonly string[]

/** Finds the first of some phrases in a text that `plainWords` has made. Linear in the text, whatever it holds. */
export function findPhrase(text: string, phrases: Phrases): string | undefined {
  return phrases.find((phrase) => occurs(text, segmentsOf(phrase)))
}

/** Whether one of some phrases stands in a text that `plainWords` has made. */
export function hasPhrase(text: string, phrases: Phrases): boolean {
  return findPhrase(text, phrases) !== undefined
}

/** A text as phrases are compared with it: lower case, without accents, each run of white space one blank. */
export function plainWords(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[\u2018\u2019\u02bc\u00b4`]/g, "'")
    .replace(/[\s\u00a0]+/g, ' ')
}

const gap = 60
const known = new Map<string, string[]>()

function segmentsOf(phrase: string): string[] {
  const found = known.get(phrase)
  if (found) return found
  const segments = plainWords(phrase)
    .split('…')
    .map((words) => words.trim())
  known.set(phrase, segments)
  return segments
}

function occurs(text: string, [first = '', ...rest]: readonly string[]): boolean {
  for (let at = wordAt(text, first, 0); at >= 0; at = wordAt(text, first, at + 1)) {
    if (follows(text, at + first.length, rest)) return true
  }
  return false
}

function follows(text: string, start: number, segments: readonly string[]): boolean {
  let from = start
  for (const segment of segments) {
    const at = wordAt(text.slice(from, from + gap + segment.length), segment, 0)
    if (at < 0) return false
    from += at + segment.length
  }
  return true
}

/** Where it stands at the beginning of a word: `uce` is not in "reduce". */
function wordAt(text: string, words: string, start: number): number {
  const isWord = /^[a-z0-9]/.test(words)
  for (let at = text.indexOf(words, start); at >= 0; at = text.indexOf(words, at + 1)) {
    if (!isWord || at === 0 || !/[a-z0-9]/.test(text.charAt(at - 1))) return at
  }
  return -1
}
