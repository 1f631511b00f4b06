import type { Range } from './range.ts'

/** What a condition says of a person, names and types checked against the config. Plain data. */
export type Condition =
  | { kind: 'and' | 'or'; parts: Condition[] }
  | { kind: 'not'; of: Condition }
  /** Any of the values; letters are compared without their case. */
  | { kind: 'text'; subject: Subject; op: TextOp; values: string[] }
  | { kind: 'number'; field: string; op: NumberOp; value: number }
  | { kind: 'flag'; field: string; value: boolean }
  | { kind: 'days'; field: string; range: Range }
  | { kind: 'set'; subject: Subject }
  /** A language also stands for its regions: `pt` for `pt-BR`. */
  | { kind: 'lang'; values: string[] }
  /** Active on any of the lists. */
  | { kind: 'list'; values: string[] }
  /** It happened at least once: by that list, campaign or send, and in those days, where they are named. */
  | { kind: 'happening'; what: Happening; of: string | undefined; range: Range | undefined }

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
