import { describe, expect, test } from 'vitest'
import { ownTexts, textLanguages, textsFor } from '../integrations/mailshot/texts.ts'
import { textsOption } from '../integrations/mailshot/texts/option.ts'

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
    expect(ownTexts('fr').mail.unsubscribe).toBe('Se désinscrire')
    expect(ownTexts('fr-CA').mail.unsubscribe).toBe('Se désinscrire')
    expect(ownTexts('EN').mail.unsubscribe).toBe('Unsubscribe')
  })

  test('speaks English where it does not know the language, in that language’s direction', () => {
    expect(ownTexts('xx')).toMatchObject({ lang: 'en', dir: 'ltr' })
    expect(ownTexts('he')).toMatchObject({ lang: 'en', dir: 'rtl' })
    expect(ownTexts('ar-EG').dir).toBe('rtl')
  })

  test('has the same texts with the same placeholders in every language', () => {
    const english = leaves(ownTexts('en'))
    for (const lang of textLanguages) {
      const texts = new Map(leaves(ownTexts(lang)))
      expect([...texts.keys()]).toEqual(english.map(([path]) => path))
      for (const [path, text] of english) {
        expect(texts.get(path)).not.toBe('')
        expect([path, placeholders(texts.get(path) ?? '')]).toEqual([path, placeholders(text)])
      }
    }
  })

  test('writes French with its own spaces, quotes and apostrophes', () => {
    const wrong = leaves(ownTexts('fr')).filter(
      ([, text]) => / [:;!?»]|« |[^\s:](?<!\u202f)[;!?]|'|\.\.\./.test(text) || /\w:/.test(text),
    )
    expect(wrong).toEqual([])
  })

  test('writes English with its own quotes and apostrophes', () => {
    const wrong = leaves(ownTexts('en')).filter(([, text]) => /['"]|\.\.\.| [:;!?]/.test(text))
    expect(wrong).toEqual([])
  })
})

describe('the site’s own wording', () => {
  const changes = { fr: { pages: { form: { button: 'Je m’abonne' } } } }

  test('takes the place of ours, and leaves the rest', () => {
    const texts = textsFor({ texts: textsOption.parse(changes) }, 'fr-CA')
    expect(texts.pages.form).toEqual({ ...ownTexts('fr').pages.form, button: 'Je m’abonne' })
    expect(texts.letters).toEqual(ownTexts('fr').letters)
    expect(textsFor({ texts: changes }, 'en')).toEqual(ownTexts('en'))
  })

  test('is refused where no text of ours stands, with the nearest one', () => {
    const wrong = {
      fr: {
        lang: 'de',
        pages: {
          form: { buton: 'Oui', note: '', email: ['Adresse'] },
          lost: { paragraphs: 'Non' },
        },
        letters: { welcome: { subject: 'Bienvenue chez {titel}' } },
        archive: 'Archives',
      },
      xx: {},
    }
    const found = textsOption.safeParse(wrong).error?.issues
    expect(found?.map(({ path, message }) => `${path.join('.')} ${message}`)).toEqual([
      'fr.lang is no text of ours; known: mail, letters, alarms, resting, burst, guard, givenUp, endedUnstarted, pages, archive',
      'fr.pages.form.buton is no text of ours; did you mean "button"?',
      'fr.pages.form.note must be a text, and not empty',
      'fr.pages.form.email must be one text: "…"',
      'fr.pages.lost.paragraphs must be a list of paragraphs: ["…"]',
      'fr.letters.welcome.subject {titel} is never filled in here; did you mean "title"?',
      'fr.archive holds several texts, by name',
      'xx has no texts of ours; known: en, fr',
    ])
  })
})
