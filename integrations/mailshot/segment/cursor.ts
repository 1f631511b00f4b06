import { didYouMean } from '../closest.ts'
import { ConditionError } from './fault.ts'
import { isDay, type Moment, type Range, rangeWords, type Unit, units } from './range.ts'
import type { Token } from './token.ts'

/** The tokens of a condition, read one after the other. */
export interface Cursor {
  /** The next one, which stays. */
  peek(): Token
  next(): Token
  /** Takes the next one if it is this word, in any case, or this sign. */
  takes(value: string): boolean
}

export function openCursor(tokens: readonly Token[]): Cursor {
  const end: Token = tokens.at(-1) ?? { kind: 'end', value: '', at: 0 }
  let place = 0
  const peek = () => tokens[place] ?? end
  const next = () => {
    const token = peek()
    place += 1
    return token
  }
  const takes = (value: string) => {
    const isNext = isWord(peek(), value)
    if (isNext) place += 1
    return isNext
  }
  return { peek, next, takes }
}

/** Whether a token is this word or sign, and no text in quotes. */
export function isWord({ kind, value }: Token, word: string): boolean {
  return kind !== 'text' && kind !== 'end' && value.toLowerCase() === word
}

/** A word or a text in quotes. @throws ConditionError where there is none */
export function takeValue(cursor: Cursor, expected: string): Token {
  const token = cursor.next()
  if ((token.kind === 'word' || token.kind === 'text') && token.value.trim() !== '') return token
  throw unexpected(token, expected)
}

/** `(a, b, c)` */
export function takeValues(cursor: Cursor, expected: string): Token[] {
  if (!cursor.takes('(')) throw unexpected(cursor.peek(), `the values in parentheses: (a, b)`)
  const values = [takeValue(cursor, expected)]
  while (cursor.takes(',')) values.push(takeValue(cursor, expected))
  if (cursor.takes(')')) return values
  throw unexpected(cursor.peek(), 'a comma or ")"')
}

/** `within 90 days`, `before 2026-12-31`, `since 2 weeks ago`; undefined where none begins. */
export function takeRange(cursor: Cursor): Range | undefined {
  if (cursor.takes('within')) return { op: 'within', ...takeSpan(cursor) }
  const op = rangeWords.find((word) => cursor.takes(word))
  return op && { op, moment: takeMoment(cursor) }
}

/** `2026-12-31`, `today`, `90 days ago`, `2 weeks ahead`. */
export function takeMoment(cursor: Cursor): Moment {
  if (cursor.takes('today')) return { count: 0, unit: 'day' }
  const { value } = cursor.peek()
  if (isDay(value)) return { day: cursor.next().value }
  if (!/^\d+$/.test(value))
    throw unexpected(cursor.peek(), 'a day, like 2026-12-31, today or 90 days ago')
  const { count, unit } = takeSpan(cursor)
  const today: Moment = { count: 0, unit: 'day' }
  if (cursor.takes('ahead')) return count === 0 ? today : { count, unit }
  if (cursor.takes('ago')) return count === 0 ? today : { count: -count, unit }
  throw unexpected(cursor.peek(), '"ago" or "ahead"')
}

/** That something else stands here than it must. */
export function unexpected({ kind, value, at }: Token, expected: string): ConditionError {
  const found = kind === 'end' ? 'it ends too early' : `"${value}" cannot stand here`
  return new ConditionError(found, { at, cure: `write ${expected}` })
}

const longestSpan = 9999
const longestYears = 1000

function takeSpan(cursor: Cursor): { count: number; unit: Unit } {
  const number = cursor.next()
  const count = Number(number.value)
  if (!/^\d+$/.test(number.value))
    throw unexpected(number, 'a number of days, weeks, months or years')
  const word = cursor.next()
  if (word.kind === 'end') throw unexpected(word, `days, weeks, months or years behind ${count}`)
  const unit = units.find((one) => isWord(word, one) || isWord(word, `${one}s`))
  if (!unit) {
    const known = units.map((one) => `${one}s`)
    const cure = didYouMean(word.value, known)
    throw new ConditionError(`"${word.value}" is no unit of time`, { at: word.at, cure })
  }
  if (count <= (unit === 'year' ? longestYears : longestSpan)) return { count, unit }
  throw new ConditionError(`${number.value} ${word.value} is too long a time`, {
    at: number.at,
    cure: 'leave the time out, or name a day',
  })
}
