import { assert, constantFrom, oneof, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  allowedFilters,
  createLiquid,
  delimiters,
} from '../../integrations/mailshot/compile/liquid.ts'

const { outputDelimiterLeft, outputDelimiterRight, tagDelimiterLeft, tagDelimiterRight } =
  delimiters
const render = (output: string, scope: object = {}) =>
  createLiquid('fr').parseAndRenderSync(
    `${outputDelimiterLeft}${output}${outputDelimiterRight}`,
    scope,
  )
const renderTag = (tag: string) => renderTags(tag)
const renderTags = (...tags: string[]) =>
  createLiquid('fr').parseAndRenderSync(
    tags.map((tag) => `${tagDelimiterLeft} ${tag} ${tagDelimiterRight}`).join('.'),
  )

/** Arguments with which a filter is written as it should be. */
const goodArguments: Record<string, string> = {
  append: ': "a"',
  prepend: ': "a"',
  replace: ': "a", "b"',
  remove: ': "a"',
  split: ': ","',
  plus: ': 2',
  minus: ': 2',
  times: ': 2',
  divided_by: ': other',
  modulo: ': other',
  at_least: ': 2',
  at_most: ': 2',
  slice: ': 1',
}

describe('createLiquid', () => {
  test('knows the listed filters only', () => {
    expect(() => render('x | where: "a"')).toThrow('undefined filter: where')
    expect(() => render('x | raw')).toThrow('undefined filter: raw')
    for (const filter of allowedFilters) {
      expect(() => render(`x | ${filter}${goodArguments[filter] ?? ''}`)).not.toThrow()
    }
  })

  test('reads no other template', () => {
    for (const tag of [
      'include "x"',
      'render "x"',
      'layout "x"',
      'raw',
      'capture x',
      'cycle 1, 2',
    ]) {
      expect(() => renderTag(tag)).toThrow('not found')
    }
  })

  test('loops over no range', () => {
    expect(() => renderTags('for i in (1..3)', 'endfor')).toThrow('ranges are not part of it')
  })

  test('ends loops that go round too often, nested ones at once', () => {
    const thousand = `assign many = "${'x,'.repeat(1000)}x" | split: ","`
    const loop = 'for x in many'
    const ends = ['endfor', 'endfor', 'endfor']
    const before = performance.now()
    expect(() => renderTags(thousand, loop, loop, loop, ...ends)).toThrow(
      'its loops go round more than 10000 times',
    )
    expect(performance.now() - before).toBeLessThan(500)
    expect(renderTags(thousand, loop, 'if true', 'endif', 'endfor')).toHaveLength(3 * 1001 + 1)
  })

  test('counts the rounds of each mail alone', () => {
    const liquid = createLiquid('fr')
    const tags = ['for x in many', 'endfor'].map(
      (tag) => `${tagDelimiterLeft} ${tag} ${tagDelimiterRight}`,
    )
    const template = liquid.parse(tags.join('.'))
    const scope = { many: Array.from({ length: 9000 }, String) }
    const mails = Array.from({ length: 3 }, () => String(liquid.renderSync(template, scope)))
    expect(mails.map(({ length }) => length)).toEqual([9000, 9000, 9000])
  })

  test('takes a reader’s own values only, not what objects inherit', () => {
    expect(render('x.constructor', { x: { y: 1 } })).toBe('')
    expect(render('x.y', { x: { y: 1 } })).toBe('1')
  })

  test('throws for no value, whatever the filter', () => {
    const value = oneof(
      string(),
      constantFrom<unknown>('', 0, -1.5, true, false, null, [], ['b', 'a'], Number.NaN),
    )
    assert(
      property(constantFrom(...allowedFilters), value, value, (filter, x, other) => {
        expect(() =>
          render(`x | ${filter}${goodArguments[filter] ?? ''} | mailshot_html`, { x, other }),
        ).not.toThrow()
      }),
      { numRuns: 500 },
    )
  })

  test('cuts between whole characters', () => {
    const name = '👩‍👩‍👧é'.normalize('NFD')
    for (const output of ['x | split: "" | first', 'x | slice: 0', 'x | truncate: 1, ""', 'x[0]']) {
      expect(render(`${output} | mailshot_plain`, { x: name })).not.toMatch(/\uFFFD|\p{Surrogate}/u)
    }
    expect(render('x | split: "" | first', { x: name })).toBe('👩‍👩‍👧')
    expect(render('x | split: "" | size', { x: name })).toBe('2')
    expect(render('x | split: "," | size', { x: 'a,,b,,' })).toBe('3')
    expect(render('x | split: " " | first', { x: 'Camille Martin' })).toBe('Camille')
  })

  test('runs away for no reader, however long a field is', () => {
    const x = 'x,'.repeat(5120)
    for (const output of [
      'x | split: "" | join: x',
      'x | split: "" | join: x | split: "" | join: x',
      'x | replace: "x", x | replace: "x", x | replace: "", x',
      'x | append: x | append: x | append: x | append: x | append: x | prepend: x',
    ]) {
      expect(render(`${output} | mailshot_plain`, { x }).length).toBeLessThan(100_000)
    }
    expect(render('x | split: "," | size', { x })).toBe('1001')
    expect(render('x | join: " – "', { x: ['a', 'b'] })).toBe('a – b')
    expect(() => render('x | append', { x })).toThrow('append')
    expect(() => render('x | append: "a", "b"', { x })).toThrow('append')
  })

  test('divides by nothing without a word', () => {
    expect(render('x | divided_by: 0 | mailshot_plain', { x: 5 })).toBe('')
    expect(render('x | divided_by: 2', { x: 5 })).toBe('2.5')
    expect(render('x | modulo: 2', { x: 5 })).toBe('1')
  })

  test('writes dates in its language', () => {
    expect(render('x | date', { x: '2026-06-05' })).toBe('5 juin 2026')
    expect(render('x | date: "full"', { x: '2026-06-05' })).toBe('vendredi 5 juin 2026')
    expect(render('x | date: "%A %-d %B, %d/%m/%y %%"', { x: '2026-06-05' })).toBe(
      'vendredi 5 juin, 05/06/26 %',
    )
    expect(render('x | date: "%H:%M"', { x: '2026-06-05T09:30:00Z' })).toBe('09:30')
    expect(render('x | date', { x: 'demain' })).toBe('demain')
  })
})
