import { describe, expect, test } from 'vitest'
import { closest, didYouMean } from '../integrations/mailshot/closest.ts'

describe('closest', () => {
  test('finds the word that was meant', () => {
    expect(closest('subjet', ['lists', 'subject'])).toBe('subject')
    expect(closest('nmo', ['nom', 'lang'])).toBe('nom')
    expect(closest('Weekly', ['weekly'])).toBe('weekly')
  })

  test('prefers the nearest', () => {
    expect(closest('citi', ['cite', 'city', 'citi'])).toBe('citi')
  })

  test('guesses nothing far off', () => {
    expect(closest('abc', ['xyz', 'subject'])).toBeUndefined()
    expect(closest('prenom', ['plan'])).toBeUndefined()
  })
})

describe('didYouMean', () => {
  test('asks, or lists what there is', () => {
    expect(didYouMean('weeky', ['weekly', 'product'])).toBe('did you mean "weekly"?')
    expect(didYouMean('x', ['weekly', 'product'])).toBe('known: weekly, product')
    expect(didYouMean('x', [])).toBe('there are none')
  })
})
