import { didYouMean } from '../closest.ts'
import type { FieldConfig } from '../config.ts'
import { type Condition, negated, type NumberOp, type Subject, type TextOp } from './condition.ts'
import { type Cursor, takeMoment, takeRange, takeValue, takeValues, unexpected } from './cursor.ts'
import { ConditionError } from './fault.ts'
import type { Range } from './range.ts'
import type { Token } from './token.ts'

/** What is compared. */
export interface Compared {
  /** What must be written behind the operator. */
  expected: string
  /** Absent for what is no value of a person: a list, a segment. */
  subject?: Subject
  /** An attribute of the config's. */
  field?: FieldConfig
  /** Reads values that are names of something. */
  of?: (values: Token[]) => Condition
}

/**
 * Reads what follows a name: an operator and what it takes.
 *
 * @throws ConditionError where the operator does not go with the name, or the value not with the field
 */
export function takeComparison(cursor: Cursor, name: Token, compared: Compared): Condition {
  const { subject, field } = compared
  if (subject && cursor.takes('is')) return takeSet(cursor, name, subject)
  if (field?.type === 'date') return takeDays(cursor, name, fieldName(compared))
  const operator = takeOperator(cursor, name)
  const condition = takeOperand(cursor, operator, compared)
  return operator.isNegated ? negated(condition) : condition
}

function takeSet(cursor: Cursor, name: Token, subject: Subject): Condition {
  const isNegated = cursor.takes('not')
  if (!cursor.takes('set')) {
    throw unexpected(
      cursor.peek(),
      `"${name.value} is set", "${name.value} is not set", or = for "is"`,
    )
  }
  const condition: Condition = { kind: 'set', subject }
  return isNegated ? negated(condition) : condition
}

/** A sign also says which days are meant: `birthday < 2000-01-01`. */
const signsOfDays: Partial<Record<string, Exclude<Range['op'], 'within'>>> = {
  '=': 'on',
  '!=': 'on',
  '<': 'before',
  '<=': 'until',
  '>': 'after',
  '>=': 'since',
}

function takeDays(cursor: Cursor, name: Token, field: string): Condition {
  const range = takeRange(cursor)
  if (range) return { kind: 'days', field, range }
  const sign = cursor.next()
  const op = sign.kind === 'sign' ? signsOfDays[sign.value] : undefined
  if (!op) {
    throw unexpected(
      sign,
      `a test of days, like "${name.value} before 2026-12-31" or "${name.value} within 90 days"`,
    )
  }
  const condition: Condition = { kind: 'days', field, range: { op, moment: takeMoment(cursor) } }
  return sign.value === '!=' ? negated(condition) : condition
}

interface Operator {
  name: '=' | 'in' | Exclude<NumberOp, '='> | Exclude<TextOp, 'is'>
  isNegated: boolean
  at: number
}

const orders = ['<', '<=', '>', '>='] as const
const ofTexts = ['contains', 'starts', 'ends'] as const

function takeOperator(cursor: Cursor, name: Token): Operator {
  const { at } = cursor.peek()
  if (cursor.takes('!=')) return { name: '=', isNegated: true, at }
  if (cursor.takes('=')) return { name: '=', isNegated: false, at }
  const order = orders.find((sign) => cursor.takes(sign))
  if (order) return { name: order, isNegated: false, at }
  const isNegated = cursor.takes('not')
  if (cursor.takes('in')) return { name: 'in', isNegated, at }
  const word = ofTexts.find((one) => cursor.takes(one))
  if (!word)
    throw unexpected(cursor.peek(), `an operator behind ${name.value}: =, !=, in, is set …`)
  if (word !== 'contains' && !cursor.takes('with')) throw unexpected(cursor.peek(), '"with"')
  return { name: word, isNegated, at }
}

function takeOperand(cursor: Cursor, operator: Operator, compared: Compared): Condition {
  const { expected, subject, field, of } = compared
  switch (operator.name) {
    case 'contains':
    case 'starts':
    case 'ends': {
      const isText = subject && !of && (!field || field.type === 'text' || field.type === 'choice')
      if (!isText) throw misplaced(operator, 'it goes with texts; use = or in here')
      return textTest(subject, operator.name, [takeValue(cursor, 'a text')])
    }
    case '<':
    case '<=':
    case '>':
    case '>=': {
      if (field?.type !== 'number')
        throw misplaced(operator, 'it goes with numbers and days; use = or in here')
      const values = [numberOf(takeValue(cursor, expected))]
      return { kind: 'number', field: fieldName(compared), op: operator.name, values }
    }
    case '=':
      return equality(compared, [takeValue(cursor, expected)])
    case 'in':
      return equality(compared, takeValues(cursor, expected))
  }
}

function equality(compared: Compared, values: Token[]): Condition {
  const { subject, field, of } = compared
  if (of) return of(values)
  if (!subject) throw new Error('it is neither a name nor a value')
  const name = typeof subject === 'object' ? subject.field : subject
  switch (field?.type) {
    case 'number':
      return { kind: 'number', field: name, op: '=', values: values.map(numberOf) }
    case 'boolean':
    case 'consent': {
      const flags = [...new Set(values.map(flagOf))]
      return anyOf(flags.map((value) => ({ kind: 'flag', field: name, value })))
    }
    case 'choice':
      return { kind: 'text', subject, op: 'is', values: values.map((one) => choiceOf(one, field)) }
    case 'text':
    case 'date':
    case undefined:
      return textTest(subject, 'is', values)
  }
}

function textTest(subject: Subject, op: TextOp, values: Token[]): Condition {
  return { kind: 'text', subject, op, values: values.map(({ value }) => value) }
}

/** One of several conditions. */
export function anyOf(parts: Condition[]): Condition {
  const [first] = parts
  return parts.length === 1 && first ? first : { kind: 'or', parts }
}

function numberOf({ value, at }: Token): number {
  if (/^[+-]?\d{1,15}(?:\.\d{1,6})?$/.test(value)) return Number(value) + 0
  throw new ConditionError(`"${value}" is not a number`, { at, cure: 'write it like 12 or 1.5' })
}

function flagOf({ value, at }: Token): boolean {
  const word = value.toLowerCase()
  if (word === 'yes' || word === 'true') return true
  if (word === 'no' || word === 'false') return false
  throw new ConditionError(`"${value}" is neither yes nor no`, { at, cure: 'write yes or no' })
}

function choiceOf({ value, at }: Token, { choices = [] }: FieldConfig): string {
  const choice = choices.find((one) => one.toLowerCase() === value.toLowerCase())
  if (choice !== undefined) return choice
  throw new ConditionError(`"${value}" is none of the choices`, {
    at,
    cure: didYouMean(value, choices),
  })
}

function misplaced({ name, at }: Operator, cure: string): ConditionError {
  return new ConditionError(`"${name}" cannot stand here`, { at, cure })
}

function fieldName({ subject }: Compared): string {
  if (typeof subject === 'object') return subject.field
  throw new Error('it is no attribute')
}
