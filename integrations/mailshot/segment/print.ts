import { type Condition, reserved, type Subject } from './condition.ts'
import { follows } from './happening.ts'
import type { Moment, Range } from './range.ts'

/** A condition in words that are read as the same condition; two ways of writing one give the same words. */
export function printCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.parts.map(inParentheses).join(` ${condition.kind} `)
    case 'not':
      return `not ${inParentheses(condition.of)}`
    case 'text':
      return `${nameOf(condition.subject)} ${textTest(condition)}`
    case 'number':
      return `${fieldName(condition.field)} ${numberTest(condition)}`
    case 'flag':
      return `${fieldName(condition.field)} = ${condition.value ? 'yes' : 'no'}`
    case 'days':
      return `${fieldName(condition.field)} ${printRange(condition.range)}`
    case 'set':
      return `${nameOf(condition.subject)} is set`
    case 'lang':
    case 'list':
      return `${condition.kind} ${equals(condition.values)}`
    case 'happening': {
      const { what, of, link, range } = condition
      const name = of === undefined ? [] : [printName(of)]
      const clicked = link === undefined ? [] : ['link', printValue(link)]
      return [what, ...name, ...clicked, ...(range ? [printRange(range)] : [])].join(' ')
    }
  }
}

function inParentheses(condition: Condition): string {
  const text = printCondition(condition)
  return condition.kind === 'and' || condition.kind === 'or' ? `(${text})` : text
}

function nameOf(subject: Subject): string {
  return typeof subject === 'string' ? subject : fieldName(subject.field)
}

/** One that is called as a word of ours is told apart. */
function fieldName(field: string): string {
  return reserved.includes(field) ? `fields.${field}` : field
}

function textTest({ op, values }: Extract<Condition, { kind: 'text' }>): string {
  if (op === 'is') return equals(values)
  const word = op === 'contains' ? op : `${op} with`
  return `${word} ${values.map(printValue).join(' ')}`
}

function numberTest({ op, values }: Extract<Condition, { kind: 'number' }>): string {
  return op === '=' ? equals(values.map(String)) : `${op} ${values.join()}`
}

function equals(values: readonly string[]): string {
  const [first = ''] = values
  return values.length === 1
    ? `= ${printValue(first)}`
    : `in (${values.map(printValue).join(', ')})`
}

/** In quotes unless it is one plain word. */
function printValue(value: string): string {
  return /^[\p{L}\p{N}_.@+:/-]+$/u.test(value) ? value : `"${value.replaceAll('"', '""')}"`
}

function printName(name: string): string {
  return follows.includes(name.toLowerCase()) ? `"${name}"` : printValue(name)
}

function printRange(range: Range): string {
  if (range.op === 'within') return `within ${range.count} ${range.unit}s`
  return `${range.op} ${printMoment(range.moment)}`
}

function printMoment(moment: Moment): string {
  if ('day' in moment) return moment.day
  if (moment.count === 0) return 'today'
  return `${Math.abs(moment.count)} ${moment.unit}s ${moment.count < 0 ? 'ago' : 'ahead'}`
}
