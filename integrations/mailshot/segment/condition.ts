import type { Range } from './range.ts'

/** What a condition says of a person, names and types checked against the config. Plain data. */
export type Condition =
  | { kind: 'and' | 'or'; parts: Condition[] }
  | { kind: 'not'; of: Condition }
  /** Any of the values; letters are compared without their case. */
  | { kind: 'text'; subject: Subject; op: TextOp; values: string[] }
  /** Of several values with `=` any; with an order there is one. */
  | { kind: 'number'; field: string; op: NumberOp; values: number[] }
  | { kind: 'flag'; field: string; value: boolean }
  | { kind: 'days'; field: string; range: Range }
  | { kind: 'set'; subject: Subject }
  /** A language also stands for its regions: `pt` for `pt-BR`. */
  | { kind: 'lang'; values: string[] }
  /** Active on any of the lists. */
  | { kind: 'list'; values: string[] }
  /** It happened at least once: by that list, campaign or send, to a link like that, and in those days, where they are named. */
  | {
      kind: 'happening'
      what: Happening
      of: string | undefined
      /** A part of its address. */
      link: string | undefined
      range: Range | undefined
    }

/** What a text is read from: a column of ours, or an attribute of the config's `fields`. */
export type Subject = 'email' | 'domain' | 'name' | 'lang' | { field: string }
export type TextOp = 'is' | 'contains' | 'starts' | 'ends'
export type NumberOp = '=' | '<' | '<=' | '>' | '>='

export const happenings = ['subscribed', 'confirmed', 'received', 'opened', 'clicked'] as const
export type Happening = (typeof happenings)[number]

/** What a condition may speak of besides the config's `fields`. */
export const reserved: readonly string[] = [
  'email',
  'domain',
  'name',
  'lang',
  'list',
  'segment',
  'not',
  ...happenings,
]

/** Negates; twice is not at all. */
export function negated(condition: Condition): Condition {
  return condition.kind === 'not' ? condition.of : { kind: 'not', of: condition }
}

/** The conditions that one is made of, or none. */
export function partsOf(condition: Condition): readonly Condition[] {
  if (condition.kind === 'not') return [condition.of]
  return condition.kind === 'and' || condition.kind === 'or' ? condition.parts : []
}

/** How many levels of `and` and `or` stand within each other. */
export function depthOf(condition: Condition): number {
  const own = condition.kind === 'and' || condition.kind === 'or' ? 1 : 0
  return own + Math.max(0, ...partsOf(condition).map(depthOf))
}

/** Those that another table than that of the people is asked for. */
export function lookUpsOf(condition: Condition): Condition[] {
  const { kind } = condition
  return kind === 'list' || kind === 'happening'
    ? [condition]
    : partsOf(condition).flatMap(lookUpsOf)
}
