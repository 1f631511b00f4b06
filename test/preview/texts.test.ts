import { describe, expect, it } from 'vitest'
import { previewTexts } from '../../integrations/mailshot/preview/texts.ts'
import { wordsFor } from '../../integrations/mailshot/preview/words.ts'

function leaves(value: object, path = ''): [path: string, text: string][] {
  return Object.entries(value).flatMap(([key, one]: [string, unknown]) =>
    typeof one === 'object' && one !== null
      ? leaves(one, `${path}${key}.`)
      : [[path + key, String(one)] satisfies [string, string]],
  )
}

const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).toSorted()

describe('previewTexts', () => {
  it('has the same texts with the same placeholders in both languages', () => {
    const { en = {}, fr = {} } = previewTexts
    const shape = (texts: object) => leaves(texts).map(([path, text]) => [path, placeholders(text)])
    expect(shape(fr)).toEqual(shape(en))
    expect(leaves(fr).filter(([, text]) => text === '')).toEqual([])
  })
})

describe('wordsFor', () => {
  it('speaks the language of the browser, the most wanted one that it knows', () => {
    expect(wordsFor({ lang: 'fr' }, asking('en-GB')).text.campaigns).toBe('Campaigns')
    expect(wordsFor({ lang: 'en' }, asking('ja, en;q=0.5, fr-FR;q=0.8')).lang).toBe('fr')
  })

  it('speaks the language of the site, where it knows none of the browser’s', () => {
    expect(wordsFor({ lang: 'fr-CA' }, asking('ja, *')).text.campaigns).toBe('Campagnes')
    expect(wordsFor({ lang: 'de' }, asking('constructor')).lang).toBe('en')
  })

  it('names sizes and languages', () => {
    const words = wordsFor({ lang: 'en' }, asking(''))
    expect(words.size(33 * 1024 + 1)).toBe('34 kB')
    expect(words.language('pt-BR')).toBe('Brazilian Portuguese')
    expect(words.language('no language')).toBe('no language')
  })
})

function asking(languages: string): Request {
  return new Request('http://localhost/', { headers: { 'accept-language': languages } })
}
