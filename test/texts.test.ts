import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
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

/** A language's own file, without the English that would stand in for what it lacks. */
function fileOf(lang: string): object {
  const file = new URL(`../integrations/mailshot/texts/${lang}.json`, import.meta.url)
  return z.looseObject({}).parse(JSON.parse(readFileSync(file, 'utf8')))
}

/** The paths that a language has in place of an English one: of a text by number, the forms of its own grammar. */
function pathsIn(lang: string, path: string, english: Map<string, string>): string[] {
  const [, text = ''] = /^(.*)\.(?:zero|one|two|few|many|other)$/.exec(path) ?? []
  if (!english.has(`${text}.one`) || !english.has(`${text}.other`)) return [path]
  const rules = new Intl.PluralRules(lang)
  const picked = Array.from({ length: 200 }, (_, number) => rules.select(number))
  return ['other', ...picked].map((form) => `${text}.${form}`)
}

/** What one language does not write, and another may. */
const wrongIn = {
  de: /['"«»”]|\.\.\.| [:;!?…]|\b(?:du|dein\w*|dich|dir)\b/i,
  es: /['"“”„]|\.\.\.| [:;!?…]|\busted/i,
  it: /['"“”„]|\.\.\.| [:;!?…]|\w’ /,
  nl: /['"«»„]|\.\.\.| [:;!?…]|\b(?:u|uw)\b/i,
  'pt-BR': /['"«»„]|\.\.\.| [:;!?…]/,
  // A dash stays with the word before it, and no Latin letter stands in a Russian word.
  ru: /['"“”„]|\.\.\.| [:;!?…—]|[a-z][а-яё]|[а-яё][a-z]/i,
  ja: /['"“”]|\.\.\.|[、。：？！]\s|[ぁ-んァ-ヶー一-龠][,.!?:;()]/,
  ar: /['"“”,;?]|\.\.\.| [:،؛؟!]/,
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

  test('lacks no text in any language, and fills the same placeholders', () => {
    const english = new Map(leaves(fileOf('en')))
    for (const lang of textLanguages) {
      const own = new Map(leaves(fileOf(lang)))
      const expected = [...english.keys()].flatMap((path) => pathsIn(lang, path, english))
      expect([lang, ...own.keys()].toSorted()).toEqual([lang, ...new Set(expected)].toSorted())
      for (const [path, text] of [...english].filter(([one]) => own.has(one))) {
        const said = own.get(path) ?? ''
        expect([path, said.trim()]).not.toEqual([path, ''])
        expect([lang, path, ...placeholders(said)]).toEqual([lang, path, ...placeholders(text)])
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

  test('writes each other language with its own quotes, spaces and apostrophes', () => {
    for (const [lang, pattern] of Object.entries(wrongIn)) {
      const wrong = leaves(fileOf(lang)).filter(([, text]) => pattern.test(text))
      expect([lang, ...wrong]).toEqual([lang])
    }
  })

  test('opens in Spanish what it asks and exclaims', () => {
    const count = (text: string, sign: string) => text.split(sign).length
    const wrong = leaves(fileOf('es')).filter(
      ([, text]) => count(text, '¿') !== count(text, '?') || count(text, '¡') !== count(text, '!'),
    )
    expect(wrong).toEqual([])
  })

  test('keeps what is written from left to right apart from the Arabic around it', () => {
    const wrong = leaves(fileOf('ar')).filter(([, text]) =>
      /(?<!\u2066)\{(?:address|allow|domain|email|inviter|site|slug|suggestion)\}/.test(
        text.replace(/\u2066[^\u2069]*\u2069/g, ''),
      ),
    )
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
      'xx has no texts of ours; known: ar, de, en, es, fr, it, ja, nl, pt-BR, ru',
    ])
  })
})
