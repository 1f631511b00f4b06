import { describe, expect, test } from 'vitest'
import { fieldsIn } from '../../integrations/mailshot/compile/expression.ts'

describe('fieldsIn', () => {
  test('tells fields from numbers, texts and words of the language', () => {
    expect(fieldsIn('city2 == "Lyon" and plan != 3.5 or not a1b')).toEqual(['city2', 'plan', 'a1b'])
  })
})
