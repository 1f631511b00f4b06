/**
 * What mail systems write, by what it means. `…` stands for up to 60 characters of anything, `‥` for up to 30 within a sentence, `·` for
 * up to 15 without a comma, `@` for an address, `/` for a link. `|` parts words of which either may stand there (a blank before it ends
 * a word). Each stands at the beginning of a word, and may end within one. Case, accents, line breaks, underscores and typographic
 * quotes do not count, "e-mail" is "email", and "don't" is "do not".
 */
export type Phrases = readonly string[]

/** Finds one of some phrases in a text that `plainWords` has made. Linear in the text, whatever it holds. */
export function findPhrase(text: string, phrases: Phrases): string | undefined {
  return findFirstOf(text, indexOf([phrases]))?.phrase
}

/** Whether one of some phrases stands in a text that `plainWords` has made. */
export function hasPhrase(text: string, phrases: Phrases): boolean {
  return findPhrase(text, phrases) !== undefined
}

/** Makes a search for the first of several groups that has a phrase in a text; -1 where none has. */
export function rankPhrases(groups: readonly Phrases[]): (text: string) => number {
  return (text) => findFirstOf(text, indexOf(groups))?.rank ?? -1
}

/** A text as phrases are compared with it: lower case, without accents, each run of white space one blank. */
export function plainWords(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[łøđıßæœ]/g, (letter) => undecomposed[letter] ?? letter)
    .replace(/[\u2018\u2019\u02bc\u00b4`]/g, "'")
    .replace(/[\s\u00a0_]+/g, ' ')
    .replace(/n't\b/g, ' not')
    .replace(/\bcannot\b/g, 'can not')
    .replace(/\be-mail/g, 'email')
    .replace(/\bmail[ -]box/g, 'mailbox')
}

const undecomposed: Readonly<Record<string, string>> = {
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ı: 'i',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
}

interface Entry {
  phrase: string
  first: string
  rest: readonly Segment[]
  /** Of its group. */
  rank: number
}

interface Segment {
  /** Either of them. */
  words: readonly string[]
  /** How far behind the one before it may stand. */
  gap: number
}

/** By the first two characters, or the only one. */
type Index = ReadonlyMap<string, readonly Entry[]>

const indexes = new WeakMap<readonly Phrases[] | Phrases, Index>()
const longestWords = 80
/** What may not stand between. */
const gapEnds: Readonly<Record<number, RegExp>> = {
  30: /(?:[.;!?] |[。！？]).*$/,
  15: /(?:[.;!?,] |[。！？，]).*$/,
}
const gaps: Readonly<Record<string, number>> = { '…': 60, '‥': 30, '·': 15 }

function indexOf(groups: readonly Phrases[]): Index {
  const key = groups.length === 1 ? (groups[0] ?? groups) : groups
  const known = indexes.get(key)
  if (known) return known
  const index = new Map<string, Entry[]>()
  for (const [rank, phrases] of groups.entries()) {
    for (const phrase of phrases) {
      const [firsts = '', ...others] = plainWords(phrase).split(/ ?([…‥·]) ?/)
      const rest = others.flatMap((words, at) =>
        at % 2 === 1 ? [{ words: words.split('|'), gap: gaps[others[at - 1] ?? ''] ?? 0 }] : [],
      )
      for (const first of firsts.split('|')) {
        const start = first.slice(0, 2)
        const entries = index.get(start) ?? []
        entries.push({ phrase, first, rest, rank })
        index.set(start, entries)
      }
    }
  }
  indexes.set(key, index)
  return index
}

function findFirstOf(text: string, index: Index): Entry | undefined {
  let best: Entry | undefined
  for (let at = 0; at < text.length - 1; at += 1) {
    if (isInsideWord(text, at)) continue
    for (const entry of entriesAt(text, at, index)) {
      if ((best === undefined || entry.rank < best.rank) && stands(text, at, entry)) best = entry
    }
    if (best?.rank === 0) return best
  }
  return best
}

/** Most phrases begin with a word; some with a single character. */
function entriesAt(text: string, at: number, index: Index): readonly Entry[] {
  const long = index.get(text.slice(at, at + 2)) ?? []
  const short = index.get(text.charAt(at))
  return short ? [...long, ...short] : long
}

function stands(text: string, at: number, { first, rest }: Entry): boolean {
  if (!text.startsWith(first, at)) return false
  let from = at + first.length
  for (const { words, gap } of rest) {
    const near = text.slice(from, from + gap + longestWords)
    const end = endOfAny(near.replace(gapEnds[gap] ?? '', ''), words, gap)
    if (end < 0) return false
    from += end
  }
  return true
}

/** Where the first of some words ends that begins within the gap; -1 where none does. */
function endOfAny(near: string, words: readonly string[], gap: number): number {
  let end = -1
  for (const one of words) {
    const at = wordAt(near, one, gap)
    if (at >= 0 && (end < 0 || at + one.length < end)) end = at + one.length
  }
  return end
}

function wordAt(near: string, words: string, gap: number): number {
  let at = near.indexOf(words)
  while (at >= 0 && at <= gap) {
    if (!isInsideWord(near, at)) return at
    at = near.indexOf(words, at + 1)
  }
  return -1
}

/** `uce` is not in "reduce". Scripts without blanks have no such bounds. */
function isInsideWord(text: string, at: number): boolean {
  return at > 0 && isLatin(text.charCodeAt(at)) && isLatin(text.charCodeAt(at - 1))
}

function isLatin(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39)
}
