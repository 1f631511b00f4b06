import * as fc from 'fast-check'
import { type Condition, happenings } from '../../integrations/mailshot/segment/condition.ts'
import {
  type Moment,
  type Range,
  rangeWords,
  units,
} from '../../integrations/mailshot/segment/range.ts'
import { days, sends, texts } from './people.ts'

const count = fc.integer({ min: 1, max: 15 })
const unit = fc.constantFrom(...units)

const moment: fc.Arbitrary<Moment> = fc.oneof(
  fc.record({ day: fc.constantFrom(...days) }),
  fc.record({ count, unit }),
  fc.record({ count: count.map((one) => -one), unit }),
  fc.constant({ count: 0, unit: 'day' as const }),
)

const range: fc.Arbitrary<Range> = fc.oneof(
  fc.record({ op: fc.constant('within' as const), count, unit }),
  fc.record({ op: fc.constantFrom(...rangeWords), moment }),
)

const text = fc
  .oneof(
    fc.constantFrom(...texts, 'and', 'é', 'ÿ', 'ё', '*', '[', 'ЁЛКИНО', 'ly', 'St-Étienne'),
    fc
      .string({ minLength: 1, maxLength: 5, unit: 'binary' })
      // As a profile keeps what people say.
      .map((value) => value.normalize('NFC').replace(/[\p{Cc}\s]+/gu, ' ')),
  )
  .filter((value) => value.trim() !== '')
const number = fc.constantFrom(17, 18, 18.5, -3, 0)
const subject = fc.constantFrom('email' as const, 'domain' as const, 'name' as const, {
  field: 'city',
})

const test: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    kind: fc.constant('text' as const),
    subject,
    op: fc.constant('is' as const),
    values: fc.array(text, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('text' as const),
    subject,
    op: fc.constantFrom('contains' as const, 'starts' as const, 'ends' as const),
    values: fc.tuple(text),
  }),
  fc.record({
    kind: fc.constant('number' as const),
    field: fc.constant('age'),
    op: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
    values: fc.tuple(number),
  }),
  fc.record({
    kind: fc.constant('number' as const),
    field: fc.constant('age'),
    op: fc.constant('=' as const),
    values: fc.array(number, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('flag' as const),
    field: fc.constant('member'),
    value: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('days' as const), field: fc.constant('renewal'), range }),
  fc.record({
    kind: fc.constant('set' as const),
    subject: fc.constantFrom(
      'name' as const,
      'lang' as const,
      { field: 'city' },
      { field: 'member' },
    ),
  }),
  fc.record({
    kind: fc.constant('lang' as const),
    values: fc.array(fc.constantFrom('fr', 'fr-CA', 'pt', 'pt-BR', 'de'), {
      minLength: 1,
      maxLength: 2,
    }),
  }),
  fc.record({
    kind: fc.constant('list' as const),
    values: fc.subarray(['weekly', 'product'], { minLength: 1 }),
  }),
  fc
    .record({
      what: fc.constantFrom(...happenings),
      list: fc.constantFrom(undefined, 'weekly', 'product'),
      send: fc.constantFrom(undefined, 'june', 's2', 'within', ...sends.map(({ slug }) => slug)),
      link: fc.option(text, { nil: undefined }),
      range: fc.option(range, { nil: undefined }),
    })
    .map(({ list, send, what, link, ...within }) => ({
      kind: 'happening' as const,
      what,
      of: what === 'subscribed' || what === 'confirmed' ? list : send,
      link: what === 'clicked' ? link : undefined,
      range: within.range,
    })),
)

/** Any condition on the fields and lists of the property's config. */
export const conditions: fc.Arbitrary<Condition> = fc.letrec<{ any: Condition; not: Condition }>(
  (tie) => ({
    any: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      test,
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        parts: fc.array(tie('any'), { minLength: 2, maxLength: 3 }),
      }),
      tie('not'),
    ),
    // Twice not is not at all.
    not: tie('any').map((of): Condition => (of.kind === 'not' ? of : { kind: 'not', of })),
  }),
).any
