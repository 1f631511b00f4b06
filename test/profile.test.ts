import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FieldConfig } from '../integrations/mailshot/config.ts'
import { readProfile } from '../integrations/mailshot/profile.ts'

const fields: Record<string, FieldConfig> = {
  city: { type: 'text' },
  plan: { type: 'choice', choices: ['free', 'Pro'] },
  age: { type: 'number' },
  member: { type: 'boolean' },
  joined: { type: 'date' },
}

describe('readProfile', () => {
  it('reads each attribute as its type', () => {
    const attributes = {
      city: ' Aix ',
      plan: 'pro',
      age: '1,5',
      member: 'Oui',
      joined: '2024-02-29',
    }
    expect(readProfile(fields, { attributes })).toEqual({
      profile: {
        name: '',
        lang: null,
        attributes: { city: 'Aix', plan: 'Pro', age: 1.5, member: true, joined: '2024-02-29' },
      },
      problems: [],
      unknown: [],
    })
  })

  it('takes values that are typed already', () => {
    const { profile } = readProfile(fields, { attributes: { age: -3, member: false } })
    expect(profile.attributes).toEqual({ age: -3, member: false })
  })

  it('leaves empty values out', () => {
    const attributes = { city: '  ', plan: '', age: null, member: undefined }
    expect(readProfile(fields, { attributes })).toMatchObject({
      profile: { attributes: {} },
      problems: [],
    })
  })

  it('says what is wrong and how to write it, and keeps the rest', () => {
    const attributes = { city: 'Aix', plan: 'gold', age: '1e3', member: 'si', joined: '2023-02-29' }
    expect(readProfile(fields, { lang: 'français', attributes })).toMatchObject({
      profile: { lang: null, attributes: { city: 'Aix' } },
      problems: [
        'plan: "gold" is not one of free, Pro',
        'age: "1e3" is not a number, like 12 or 1.5',
        'member: "si" is not yes or no',
        'joined: "2023-02-29" is not a date, like 2026-12-31',
        'lang: "français" is not a language code; write it like fr or pt-BR',
      ],
    })
  })

  it('names attributes that the config does not declare', () => {
    const attributes = { shoe: '44', constructor: 'x', city: 'Aix' }
    expect(readProfile(fields, { attributes }).unknown).toEqual(['shoe', 'constructor'])
  })

  it.each([
    ['fr', 'fr'],
    ['FR', 'fr'],
    ['pt_br', 'pt-BR'],
    [' en-us ', 'en-US'],
    ['', null],
  ])('reads the language %j as %j', (text, lang) => {
    expect(readProfile(fields, { lang: text })).toMatchObject({ profile: { lang }, problems: [] })
  })

  it.each(['french', 'f', '1', 'fr-', 'fr fr', 'x-klingon'])('refuses the language %j', (lang) => {
    expect(readProfile(fields, { lang }).problems).toHaveLength(1)
  })

  it('keeps a name on one line, at most 200 characters long', () => {
    expect(readProfile({}, { name: ' Zoé\r\nBcc:\tx\u0000y ' }).profile.name).toBe('Zoé Bcc: x y')
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
        const { name } = readProfile({}, { name: text }).profile
        expect(name).not.toMatch(/\p{Cc}|^\s|\s\s|[^\S ]/u)
        expect(name.length).toBeLessThanOrEqual(200)
        expect(name.isWellFormed()).toBe(true)
      }),
    )
  })
})
