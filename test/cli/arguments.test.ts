import { describe, expect, test } from 'vitest'
import {
  parseAddress,
  parseLists,
  requireSlug,
  slugOf,
} from '../../integrations/mailshot/cli/arguments.ts'

describe('slugOf', () => {
  test('takes a slug as it is', () => {
    expect(slugOf('2026-06-launch')).toBe('2026-06-launch')
  })

  test('takes the path of a file, as a shell completes it', () => {
    expect(slugOf('campaigns/2026-06-launch.md')).toBe('2026-06-launch')
    expect(slugOf('./campaigns/2026-06-launch.mjml')).toBe('2026-06-launch')
  })

  test('takes the path of a folder, or of one language in it', () => {
    expect(slugOf('campaigns/2026-06-launch/')).toBe('2026-06-launch')
    expect(slugOf('campaigns/2026-06-launch/pt-BR.md')).toBe('2026-06-launch')
  })
})

describe('requireSlug', () => {
  test('asks for a campaign where none is named', () => {
    expect(() => requireSlug('send', [])).toThrow(
      'send: which campaign? For example: mailshot send 2026-06-launch',
    )
  })
})

describe('parseAddress', () => {
  test('answers the identity, and refuses what is no address', () => {
    expect(parseAddress(' Bob@Example.ORG ')).toBe('bob@example.org')
    expect(() => parseAddress('bob')).toThrow('"bob" is not an e-mail address')
  })
})

describe('parseLists', () => {
  const known = ['weekly', 'product']

  test('takes lists repeated or with commas, each once, in their order', () => {
    expect(parseLists(['product,weekly', ' product '], known)).toEqual(['product', 'weekly'])
    expect(parseLists(undefined, known)).toBeUndefined()
  })

  test('refuses a list that is not known, and tells what was meant', () => {
    expect(() => parseLists(['product,weeky'], known)).toThrow(
      '--list weeky: there is no such list; did you mean "weekly"?',
    )
    expect(() => parseLists([''], known)).toThrow('known: weekly, product')
  })
})
