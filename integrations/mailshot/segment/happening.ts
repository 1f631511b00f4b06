import type { Happening } from './condition.ts'
import { type Cursor, takeValue } from './cursor.ts'
import { ConditionError } from './fault.ts'
import { rangeWords } from './range.ts'
import type { Token } from './token.ts'

/** What may stand behind a happening and is no name of a list or a campaign, unless it is in quotes. */
export const follows: readonly string[] = ['and', 'or', 'link', 'within', ...rangeWords]

/** The name behind a happening, if there is one. */
export function takeName(cursor: Cursor): Token | undefined {
  const { kind, value } = cursor.peek()
  const isNamed = kind === 'text' || (kind === 'word' && !follows.includes(value.toLowerCase()))
  return isNamed ? takeValue(cursor, 'a name') : undefined
}

/** A part of the address of a link that was clicked, if one is named. @throws ConditionError for what else happened */
export function takeLink(cursor: Cursor, what: Happening): string | undefined {
  const { at } = cursor.peek()
  if (!cursor.takes('link')) return undefined
  if (what === 'clicked') return takeValue(cursor, 'a part of its address, like "/shop"').value
  throw new ConditionError('"link" cannot stand here', { at, cure: 'write it behind "clicked"' })
}

/** Whether it is about a list, and not about a campaign. */
export function isOfList(what: Happening): boolean {
  return what === 'subscribed' || what === 'confirmed'
}
