import { assert, constantFrom, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Template } from '../../integrations/mailshot/compile/template.ts'
import { prepareMerge } from '../../integrations/mailshot/message/merge.ts'

const merge = (template: Template, scope: Record<string, unknown> = {}) =>
  prepareMerge(template, 'fr')(scope)

describe('prepareMerge', () => {
  test('joins literals and outputs, in any arrangement', () => {
    const nom = { output: 'nom', escape: 'plain' } as const
    expect(merge([], {})).toBe('')
    expect(merge(['a'], {})).toBe('a')
    expect(merge([nom], { nom: 'x' })).toBe('x')
    expect(merge([nom, nom, 'b', nom], { nom: 'x' })).toBe('xxbx')
    expect(merge(['a', nom, 'b'], { nom: 'x' })).toBe('axb')
  })

  test('escapes the same value differently by its place', () => {
    const template: Template = [
      { output: 'nom', escape: 'html' },
      '|',
      { output: 'nom', escape: 'url-part' },
      '|',
      { output: 'nom', escape: 'plain' },
    ]
    expect(merge(template, { nom: '<é>' })).toBe('&lt;é&gt;|%3C%C3%A9%3E|<é>')
  })

  test('escapes in a template with block tags too, and a default as well', () => {
    const template: Template = [
      { tag: 'if nom' },
      { output: 'nom', escape: 'html' },
      { tag: 'else' },
      { output: 'nom | default: "<b>"', escape: 'html' },
      { tag: 'endif' },
    ]
    expect(merge(template, { nom: '<i>' })).toBe('&lt;i&gt;')
    expect(merge(template, { nom: '' })).toBe('&lt;b&gt;')
  })

  test('takes literals literally, whatever they hold', () => {
    const braces = '{{ x }}{% if %}$& \\ ${x}'
    expect(merge([braces, { output: 'nom', escape: 'plain' }], { nom: 'y' })).toBe(`${braces}y`)
    expect(merge([{ tag: 'if nom' }, braces, { tag: 'endif' }], { nom: 'y' })).toBe(braces)
  })

  test('takes a missing value for an empty one, and inherited ones for missing', () => {
    expect(merge([{ output: 'toString', escape: 'plain' }], {})).toBe('')
    expect(merge([{ output: 'x | default: "y"', escape: 'plain' }], {})).toBe('y')
  })

  test('merges plain outputs as Liquid would', () => {
    const outputs = constantFrom(
      'nom',
      'nom | default: "d"',
      "nom|default:'d'",
      'nom | default: ""',
    )
    const escapes = constantFrom('html', 'url', 'url-part', 'plain', 'header')
    assert(
      property(outputs, escapes, string({ unit: 'binary' }), (output, escape, nom) => {
        const plain = merge(['a', { output, escape }, 'b'], { nom })
        const beside = [{ tag: 'if x' }, { tag: 'endif' }]
        expect(merge(['a', { output, escape }, 'b', ...beside], { nom })).toBe(plain)
        // Only Liquid knows what a name of the template's own holds.
        expect(merge([{ tag: 'assign nom = nom' }, 'a', { output, escape }, 'b'], { nom })).toBe(
          plain,
        )
      }),
    )
  })

  test('refuses loops that would make a text nobody could hold', () => {
    const template: Template = [
      { tag: 'assign all = nom | split: ""' },
      { tag: 'for one in all' },
      'x'.repeat(50_000),
      { tag: 'endfor' },
    ]
    expect(merge(template, { nom: 'abc' })).toHaveLength(150_000)
    expect(() => merge(template, { nom: 'a'.repeat(900) })).toThrow('45000000 characters long')
  })

  test('takes a name that the template makes for what the template made it', () => {
    const nom = { output: 'nom', escape: 'plain' } as const
    const values = { nom: 'x', lists: ['a', 'b'] }
    expect(merge([nom, { tag: 'assign nom = "y"' }, nom], values)).toBe('xy')
    expect(merge([{ tag: 'for nom in lists' }, nom, { tag: 'endfor' }, nom], values)).toBe('abx')
  })
})
