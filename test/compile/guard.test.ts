import { describe, expect, test } from 'vitest'
import { filledBy, filledByWhen } from '../../integrations/mailshot/compile/guard.ts'
import { markdown, problemsOf } from '../campaign-folder.ts'

/** What is wrong with a body of Markdown, which begins at line 5. */
const inMarkdown = (body: string) => problemsOf({ 'a.md': markdown(body) })
const empty = (field: string) => [`a.md:5: {{ ${field} }} may be empty`]

describe('filledBy', () => {
  test('knows which comparisons a field without a value cannot stand', () => {
    const filled = ['a', 'a == "x"', '"x" == a', 'a != ""', 'a != blank', 'a contains "x"', 'a > 0']
    expect(filled.filter((one) => filledBy(one, true).join() !== 'a')).toEqual([])
    const open = [
      'a == blank',
      'a == ""',
      'a != "x"',
      'a != nil',
      'a < 5',
      'a >= b',
      'not a',
      'a == b',
    ]
    expect(open.filter((one) => filledBy(one, true).length > 0)).toEqual([])
    expect(filledBy('a.size > 0', true)).toEqual(['a'])
  })

  test('knows what follows where a condition does not hold', () => {
    expect(filledBy('a == blank', false)).toEqual(['a'])
    expect(filledBy('a != "x"', false)).toEqual(['a'])
    expect(filledBy('not a', false)).toEqual(['a'])
    expect(filledBy('a', false)).toEqual([])
    expect(filledBy('a == blank or b == ""', false)).toEqual(['a', 'b'])
    expect(filledBy('a == blank and b == ""', false)).toEqual([])
  })

  test('joins conditions from the right, as Liquid does', () => {
    expect(filledBy('a and b', true)).toEqual(['a', 'b'])
    expect(filledBy('a or b', true)).toEqual([])
    expect(filledBy('a or a == "x"', true)).toEqual(['a'])
    expect(filledBy('a and b or c', true)).toEqual(['a'])
    expect(filledBy('a or b and c', true)).toEqual([])
  })
})

describe('filledByWhen', () => {
  test('takes a field for filled where all its values are', () => {
    expect(filledByWhen('a', '"x", "y"')).toEqual(['a'])
    expect(filledByWhen('a', '"x" or ""')).toEqual([])
    expect(filledByWhen('a', 'blank')).toEqual([])
  })
})

describe('checkMerge', () => {
  test('does not take every condition for a guard', async () => {
    expect(await inMarkdown('x {% if city == blank %}{{ city }}{% endif %}')).toEqual(empty('city'))
    expect(await inMarkdown('x {% if plan != "pro" %}{{ plan }}{% endif %}')).toEqual(empty('plan'))
    expect(await inMarkdown('x {% if city or plan %}{{ city }}{% endif %}')).toEqual(empty('city'))
    expect(await inMarkdown('x {% case plan %}{% when "" %}{{ plan }}{% endcase %}')).toEqual(
      empty('plan'),
    )
  })

  test('takes what the earlier branches leave for a guard', async () => {
    expect(
      await inMarkdown(
        'x {% if nom == blank %}y{% elsif city == "" %}{{ nom }}{% else %}{{ nom }} {{ city }}{% endif %}',
      ),
    ).toEqual([])
  })

  test('does not know behind a block what only one of its branches says', async () => {
    expect(await inMarkdown('{% if nom %}{% assign x = nom %}{% endif %}Bonjour {{ x }}')).toEqual(
      empty('x'),
    )
    expect(
      await inMarkdown(
        '{% assign x = "a" %}{% for l in lists %}{% assign x = nom %}{% endfor %}Bonjour {{ x }}',
      ),
    ).toEqual(empty('x'))
    expect(await inMarkdown('{% assign x = "" %}Bonjour {{ x }}')).toEqual(empty('x'))
    expect(
      await inMarkdown(
        '{% if nom %}{% assign x = nom %}{% else %}{% assign x = "toi" %}{% endif %}Bonjour {{ x }} {% case plan %}{% when "pro" %}{% assign y = "a" %}{% else %}{% assign y = "b" %}{% endcase %}{{ y }}',
      ),
    ).toEqual([])
  })

  test('forgets a guard when its field is assigned anew', async () => {
    expect(
      await inMarkdown(
        '{% assign x = city %}{% if x %}{% assign x = nom %}Bonjour {{ x }}{% endif %}',
      ),
    ).toEqual(empty('x'))
  })

  test('refuses to hide a field that every mail needs', async () => {
    expect(await inMarkdown('{% assign url_unsubscribe = "https://a.org" %}x')).toEqual([
      'a.md:5: {% assign url_unsubscribe = "https://a.org" %} hides the field "url_unsubscribe"',
    ])
  })
})
