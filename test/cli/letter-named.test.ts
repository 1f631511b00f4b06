import { describe, expect, test } from 'vitest'
import { letterNamed } from '../../integrations/mailshot/cli/letter-named.ts'

const site = { campaigns: '/site/campaigns' }
const named = (name: string) => letterNamed(site, name)

describe('letterNamed', () => {
  test('takes a letter by its name, its file, its folder, or one language in it', () => {
    expect(named('letters/welcome')).toBe('welcome')
    expect(named('campaigns/letters/change-address.mjml')).toBe('change-address')
    expect(named('./campaigns/letters/re-consent/')).toBe('re-consent')
    expect(named('/site/campaigns/letters/confirmation/pt-BR.md')).toBe('confirmation')
  })

  test('leaves campaigns alone, also where their folder has that name', () => {
    expect(named('2026-06-letters')).toBeUndefined()
    expect(named('campaigns/love-letters/fr.md')).toBeUndefined()
    expect(letterNamed({ campaigns: '/site/letters' }, 'letters/2026-06.md')).toBeUndefined()
  })

  test('names the nearest where there is no such letter', () => {
    expect(() => named('letters/confimation.md')).toThrow(
      'there is no letter "confimation"; did you mean "confirmation"?',
    )
  })
})
