import { isLanguageTag } from '../campaign/language-tag.ts'
import { didYouMean } from '../closest.ts'
import type { FieldConfig, MailshotConfig } from '../config.ts'
import { anyOf, type Compared, takeComparison } from './comparison.ts'
import { type Condition, type Happening, happenings, reserved, type Subject } from './condition.ts'
import { type Cursor, takeRange, unexpected } from './cursor.ts'
import { ConditionError } from './fault.ts'
import { isOfList, takeLink, takeName } from './happening.ts'
import { rangeWords } from './range.ts'
import type { Token } from './token.ts'

/** What a condition may speak of. */
export type Known = Pick<MailshotConfig, 'fields' | 'lists' | 'tracking'> & {
  segments: Readonly<Record<string, string>>
  /** The segments whose conditions are being read, the outermost first. */
  within?: readonly string[] | undefined
}

type Parse = (text: string, known: Known) => Condition

/**
 * Reads one test: `city = Lyon`, `list in (weekly, product)`, `opened within 90 days`.
 *
 * @throws ConditionError
 */
export function takeTest(cursor: Cursor, known: Known, parse: Parse): Condition {
  const token = cursor.next()
  if (token.kind !== 'word') throw unexpected(token, 'a test, like city = Lyon')
  const name = token.value.toLowerCase()
  const happening = happenings.find((one) => one === name)
  if (happening) return takeHappening(cursor, known, { what: happening, at: token.at })
  const column = columns.find((one) => one === name)
  if (column) return takeComparison(cursor, token, textOf(column))
  switch (name) {
    case 'lang':
      return takeComparison(cursor, token, {
        ...textOf('lang'),
        of: (values) => ({ kind: 'lang', values: values.map(languageOf) }),
      })
    case 'list':
      return takeComparison(cursor, token, {
        expected: 'the name of a list',
        of: (values) => ({ kind: 'list', values: values.map((one) => listOf(one, known)) }),
      })
    case 'segment':
      return takeComparison(cursor, token, {
        expected: 'the name of a segment',
        of: (values) => anyOf(values.map((one) => segmentOf(one, known, parse))),
      })
    default:
      return takeComparison(cursor, token, fieldOf(token, known))
  }
}

const columns = ['email', 'domain', 'name'] as const

function textOf(subject: Subject): Compared {
  return { expected: 'a text', subject }
}

/** By its own name, or `fields.domain` where that is also a word of ours. */
function fieldOf(token: Token, { fields, segments, lists }: Known): Compared {
  const name = token.value.replace(/^fields\./, '')
  const field: FieldConfig | undefined = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (field) return { expected: expectations[field.type], subject: { field: name }, field }
  const kind = Object.hasOwn(segments, name) ? 'segment' : Object.hasOwn(lists, name) && 'list'
  const cure = kind
    ? `write ${kind} = ${name}`
    : didYouMean(name, [...new Set([...Object.keys(fields), ...reserved])])
  throw new ConditionError(`unknown field "${token.value}"`, { at: token.at, cure })
}

const expectations: Record<FieldConfig['type'], string> = {
  text: 'a text',
  choice: 'one of its choices',
  number: 'a number',
  boolean: 'yes or no',
  consent: 'yes or no',
  date: 'a day, like 2026-12-31, today or 90 days ago',
}

function takeHappening(
  cursor: Cursor,
  known: Known,
  { what, at }: { what: Happening; at: number },
): Condition {
  if ((what === 'opened' || what === 'clicked') && !known.tracking.individual) {
    const cure =
      'set tracking: { individual: true }, which asks readers if they agree; whoever does not never matches'
    throw new ConditionError(`nobody is known by name to have ${what} anything`, { at, cure })
  }
  const named = takeName(cursor)
  const link = takeLink(cursor, what)
  const range = takeRange(cursor)
  if (named && !range) refuseMistyped(named, cursor.peek())
  const of = named && (isOfList(what) ? listOf(named, known) : named.value)
  return { kind: 'happening', what, of, link, range }
}

/** What stands where a name may, and is none if a number follows, or it is one: `opened withn 90 days`, `opened 90 days`. */
function refuseMistyped({ kind, value, at }: Token, next: Token): void {
  const isNumber = /^\d+$/.test(value)
  if (kind !== 'word' || next.kind !== 'word' || !(isNumber || /^\d/.test(next.value))) return
  const cure = isNumber
    ? `write "within ${value} ${next.value}"`
    : didYouMean(value, ['link', 'within', ...rangeWords])
  throw new ConditionError(`"${value}" cannot stand here`, { at, cure })
}

function languageOf({ value, at }: Token): string {
  const tag = /^[a-z0-9-]+$/i.test(value) ? canonical(value) : undefined
  if (tag !== undefined && isLanguageTag(tag)) return tag
  const cure = 'write it like fr or pt-BR'
  throw new ConditionError(`"${value}" is not a language`, { at, cure })
}

function canonical(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0]
  } catch {
    return undefined
  }
}

function listOf({ value, at }: Token, { lists }: Known): string {
  if (Object.hasOwn(lists, value)) return value
  const cure = didYouMean(value, Object.keys(lists))
  throw new ConditionError(`unknown list "${value}"`, { at, cure })
}

function segmentOf({ value, at }: Token, known: Known, parse: Parse): Condition {
  const { segments, within = [] } = known
  const text = Object.hasOwn(segments, value) ? segments[value] : undefined
  if (text === undefined) {
    const cure = didYouMean(value, Object.keys(segments))
    throw new ConditionError(`unknown segment "${value}"`, { at, cure })
  }
  if (within.includes(value)) {
    const way = [...within.slice(within.indexOf(value)), value].join(' → ')
    const cure = 'take one of these names out of the other'
    throw new ConditionError(`a segment is made of itself: ${way}`, { at, cure })
  }
  try {
    return parse(text, { ...known, within: [...within, value] })
  } catch (error) {
    if (!(error instanceof ConditionError) || isAboutCycle(error)) throw error
    const cure = `mend it in mailshot.config.ts (${error.cure})`
    throw new ConditionError(`segment ${value}: ${error.message}`, { at, cure })
  }
}

function isAboutCycle({ message }: ConditionError): boolean {
  return message.startsWith('a segment is made of itself')
}
