import type { SQL } from 'drizzle-orm/sql'
import { didYouMean } from './closest.ts'
import { lookUpsOf, reserved } from './segment/condition.ts'
import { ConditionError, excerptOf } from './segment/fault.ts'
import { isOfList } from './segment/happening.ts'
import { parseCondition } from './segment/parse.ts'
import { printCondition } from './segment/print.ts'
import { daysOf, startOfDay, todayIn } from './segment/range.ts'
import { type Asked, conditionSql } from './segment/sql.ts'
import type { Known } from './segment/test.ts'
import { longest, tooLong } from './segment/token.ts'

export type { Asked } from './segment/sql.ts'
export type { Known } from './segment/test.ts'

/** What is wrong with a condition, where (its first character is column 1), and what to do. */
export interface ConditionFault {
  what: string
  column: number
  cure: string
}

export type ReadCondition = { condition: string } | { wrong: ConditionFault }

/**
 * Reads a condition, or the name of a segment, against the config: its names, and the types of its values. What comes back says the
 * same with every segment spelled out, in one way of writing, so that it can be kept with a send and compared.
 */
export function readCondition(text: string, known: Known): ReadCondition {
  try {
    const name = text.trim()
    const isSegment = Object.hasOwn(known.segments, name)
    const parsed = parseCondition(isSegment ? `segment = "${name}"` : oneWord(text, known), known)
    const condition = printCondition(parsed)
    if (condition.length <= longest) return { condition }
    const what = `as it is kept, with its segments spelled out, it is longer than ${longest} characters`
    return { wrong: { what, column: 1, cure: tooLong } }
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error
    const column = Object.hasOwn(known.segments, text.trim()) ? 1 : error.at + 1
    return { wrong: { what: error.message, column, cure: error.cure } }
  }
}

/** The same of what is to be left out: also the name of a list, which stands for those who are on it. */
export function readExcluded(text: string, known: Known): ReadCondition {
  const name = text.trim()
  if (Object.hasOwn(known.lists, name)) return readCondition(`list = "${name}"`, known)
  const isName = /^[\w-]+$/.test(name) && !reserved.includes(name)
  if (!isName || Object.hasOwn(known.segments, name)) return readCondition(text, known)
  const cure = didYouMean(name, [...Object.keys(known.lists), ...Object.keys(known.segments)])
  return { wrong: { what: `"${name}" is neither a list nor a segment`, column: 1, cure } }
}

/** What a condition asks about mails: in its words, of which campaign or send, and in which time (milliseconds since 1970). */
export interface AskedMails {
  words: string
  of?: string | undefined
  from?: number | undefined
  /** The first moment behind it. */
  to?: number | undefined
}

export function mailsAskedIn(
  condition: string,
  known: Known,
  { now, timeZone }: Asked,
): AskedMails[] {
  return lookUpsOf(parseCondition(condition, known)).flatMap((one) => {
    if (one.kind !== 'happening' || isOfList(one.what)) return []
    const { from, to } = one.range ? daysOf(one.range, todayIn(timeZone, now)) : {}
    const [begin, end] = [from, to].map((day) =>
      day === undefined ? undefined : startOfDay(day, timeZone),
    )
    return [{ words: printCondition(one), of: one.of, from: begin, to: end }]
  })
}

/**
 * A condition as an SQL expression about the row `s` of subscribers: true, false, or NULL where nobody may know.
 *
 * @throws ConditionError for one that `readCondition` would not take
 */
export function segmentSql(condition: string, known: Known, asked: Asked): SQL {
  return conditionSql(parseCondition(condition, known), asked)
}

/** What is wrong with the config's own segments, each at its place there. */
export function segmentMistakes(known: Known): { path: string[]; message: string }[] {
  const { segments, lists } = known
  return Object.entries(segments).flatMap(([name, text]) => {
    const path = ['segments', name]
    if (Object.hasOwn(lists, name)) {
      return [{ path, message: `"${name}" is a list too; give one of them another name` }]
    }
    const read = readCondition(text, known)
    return 'wrong' in read ? [{ path, message: explainFault(text, read.wrong) }] : []
  })
}

/** In one line: `unknown field "cty" (column 15 of: lang = fr and cty = Lyon); did you mean "city"?` */
export function explainFault(text: string, { what, column, cure }: ConditionFault): string {
  return `${what} (${whereIn(text, column)}); ${cure}`
}

/** `column 15 of: lang = fr and cty = Lyon` */
export function whereIn(text: string, column: number): string {
  return `column ${column} of: ${text.trim() === '' ? '(nothing)' : excerptOf(text, column)}`
}

/** A single word is a name, and no condition begun. */
function oneWord(text: string, { segments, fields }: Known): string {
  const word = text.trim()
  if (!/^[\w-]+$/.test(word) || Object.hasOwn(fields, word)) return text
  if (reserved.includes(word)) return text
  const cure = didYouMean(word, Object.keys(segments))
  throw new ConditionError(`unknown segment "${word}"`, { at: text.indexOf(word), cure })
}
