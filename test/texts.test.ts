import { describe, expect, test } from 'vitest'
import { textLanguages, textsFor } from '../integrations/mailshot/texts.ts'

/** Every text with its path, so that two languages can be compared. */
function leaves(value: object, path = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, one]): [string, string][] =>
    typeof one === 'object' && one !== null
      ? leaves(one, `${path}${key}.`)
      : [[path + key, String(one)]],
  )
}

const placeholders = (text: string) => (text.match(/\{\{? ?\w+ ?\}?\}/g) ?? []).toSorted()

describe('textsFor', () => {
  test('speaks the language asked for, whatever its region or case', () => {
    expect(textsFor('fr').mail.unsubscribe).toBe('Se désinscrire')
    expect(textsFor('fr-CA').mail.unsubscribe).toBe('Se désinscrire')
    expect(textsFor('EN').mail.unsubscribe).toBe('Unsubscribe')
  })

  test('speaks English where it does not know the language, in that language’s direction', () => {
    expect(textsFor('xx')).toMatchObject({ lang: 'en', dir: 'ltr' })
    expect(textsFor('he')).toMatchObject({ lang: 'en', dir: 'rtl' })
    expect(textsFor('ar-EG').dir).toBe('rtl')
  })

  test('has the same texts with the same placeholders in every language', () => {
    const english = leaves(textsFor('en'))
    for (const lang of textLanguages) {
      const texts = new Map(leaves(textsFor(lang)))
      expect([...texts.keys()]).toEqual(english.map(([path]) => path))
      for (const [path, text] of english) {
        expect(texts.get(path)).not.toBe('')
        expect([path, placeholders(texts.get(path) ?? '')]).toEqual([path, placeholders(text)])
      }
    }
  })

  test('writes French with its own spaces, quotes and apostrophes', () => {
    const wrong = leaves(textsFor('fr')).filter(
      ([, text]) => / [:;!?»]|« |[^\s:](?<!\u202f)[;!?]|'|\.\.\./.test(text) || /\w:/.test(text),
    )
    expect(wrong).toEqual([])
  })

  test('writes English with its own quotes and apostrophes', () => {
    const wrong = leaves(textsFor('en')).filter(([, text]) => /['"]|\.\.\.| [:;!?]/.test(text))
    expect(wrong).toEqual([])
  })
})
