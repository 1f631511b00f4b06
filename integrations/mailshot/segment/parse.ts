import { type Condition, depthOf, lookUpsOf, negated } from './condition.ts'
import { type Cursor, isWord, openCursor, unexpected } from './cursor.ts'
import { ConditionError } from './fault.ts'
import { type Known, takeTest } from './test.ts'
import { type Token, tokensOf } from './token.ts'

/**
 * Reads a condition by precedence climbing (Pratt): `or` binds least, then `and`, then `not`. The segments that it names are put in
 * their place.
 *
 * @throws ConditionError where it cannot be read, or says what the config does not know
 */
export function parseCondition(text: string, known: Known): Condition {
  const cursor = openCursor(tokensOf(text))
  const condition = takeExpression(cursor, known, 0)
  const rest = cursor.peek()
  if (rest.kind === 'end') return withinLimits(condition)
  throw unexpected(rest, rest.kind === 'word' ? severalWords : '"and" or "or"')
}

/** SQLite reads no deeper one, and plans a query of more of them for seconds. */
const deepest = 12
const mostLookUps = 50

function withinLimits(condition: Condition): Condition {
  if (depthOf(condition) > deepest) {
    const cure = 'say it with fewer parentheses'
    throw new ConditionError(`it is nested more than ${deepest} deep`, { at: 0, cure })
  }
  if (lookUpsOf(condition).length > mostLookUps) {
    const what = `it asks about lists and mails more than ${mostLookUps} times`
    throw new ConditionError(what, { at: 0, cure: 'say it with fewer tests' })
  }
  return condition
}

const severalWords = '"and" or "or"; a value of several words goes in quotes: "Saint Étienne"'

/** From the loosest to the tightest. */
const operators = ['or', 'and'] as const

function takeExpression(cursor: Cursor, known: Known, tightness: number): Condition {
  const operator = operators[tightness]
  if (operator === undefined) return takeOperand(cursor, known)
  const first = takeExpression(cursor, known, tightness + 1)
  const parts = [first]
  while (cursor.takes(operator)) parts.push(takeExpression(cursor, known, tightness + 1))
  return parts.length === 1 ? first : { kind: operator, parts }
}

function takeOperand(cursor: Cursor, known: Known): Condition {
  if (cursor.takes('not')) return negated(takeOperand(cursor, known))
  if (!cursor.takes('(')) return takeTest(cursor, known, parseCondition)
  const inner = takeExpression(cursor, known, 0)
  if (cursor.takes(')')) return inner
  throw unclosed(cursor.peek())
}

function unclosed(token: Token) {
  return unexpected(token, isWord(token, ',') ? '"and", "or" or ")"' : '")", "and" or "or"')
}
