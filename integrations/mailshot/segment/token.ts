import { ConditionError } from './fault.ts'

/** A word, a quoted text, a sign, or the end; `at` counts characters from 0. */
export interface Token {
  kind: 'word' | 'text' | 'sign' | 'end'
  /** Of a quoted text, what stands between the quotes. */
  value: string
  at: number
}

/** Nobody writes a longer condition by hand, and parentheses nest no deeper than its length allows. */
export const longest = 4000
export const tooLong = 'say it in fewer words, or put those people on a list of their own'

/**
 * Cuts a condition into tokens. A word ends at a space, a sign, a parenthesis, a comma or a quote; a quote is written twice within its own kind.
 *
 * @throws ConditionError
 */
export function tokensOf(condition: string): Token[] {
  if (condition.length > longest) {
    throw new ConditionError(`it is longer than ${longest} characters`, {
      at: longest,
      cure: tooLong,
    })
  }
  const tokens: Token[] = []
  let at = 0
  while (at < condition.length) {
    const token = tokenAt(condition, at)
    if (token) tokens.push(token)
    at = pattern.lastIndex
  }
  return [...tokens, { kind: 'end', value: '', at: condition.length }]
}

const pattern =
  /\s+|(?!==|<>)(?<sign>!=|<=|>=|[=<>(),])|"(?<double>(?:[^"]|"")*)"|'(?<single>(?:[^']|'')*)'|(?<word>[^\s=<>!(),"'&|“”«»„]+)/y

/** The token there, none for a space; `pattern.lastIndex` is where the next one begins. */
function tokenAt(condition: string, at: number): Token | undefined {
  pattern.lastIndex = at
  const match = pattern.exec(condition)
  if (!match) throw noToken(condition, at)
  const { sign, double, single, word } = match.groups ?? {}
  if (sign !== undefined) return { kind: 'sign', value: sign, at }
  if (double !== undefined) return { kind: 'text', value: tidy(double.replaceAll('""', '"')), at }
  if (single !== undefined) return { kind: 'text', value: tidy(single.replaceAll("''", "'")), at }
  return word === undefined ? undefined : { kind: 'word', value: tidy(word), at }
}

/** As what is known of people is kept. A space at its begin or end stays: it may be the one between two words. */
function tidy(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\s]+/gu, ' ')
}

function noToken(condition: string, at: number): ConditionError {
  const sign = condition.charAt(at)
  if (sign === '"' || sign === "'") {
    const cure = `write ${sign} behind the text; a value with a quote in it goes in quotes of the other kind`
    return new ConditionError('a quote is never closed', { at, cure })
  }
  const two = condition.slice(at, at + 2)
  const found = two in cures ? two : sign
  const cure = cures[found] ?? 'put the whole value in quotes'
  return new ConditionError(`"${found}" has no meaning here`, { at, cure })
}

const straight = 'use straight quotes, " or \''
const cures: Record<string, string> = {
  '&': 'write "and"',
  '|': 'write "or"',
  '==': 'write one "="',
  '<>': 'write !=',
  '!': 'write "not", or != for "is not"',
  '“': straight,
  '”': straight,
  '„': straight,
  '«': straight,
  '»': straight,
}
