/** A text for each number that its language tells apart: `one` message, `other` messages. */
export type Counted = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }

/** The text for so many. */
export function textFor(text: Counted, lang: string, count: number): string {
  return text[new Intl.PluralRules(lang).select(count)] ?? text.other
}

/**
 * Puts values into a text's `{placeholders}`; what a value holds is never filled again. One that is written in the other direction than
 * the words before it keeps to itself, so that the signs around it stay where they belong.
 */
export function fill(text: string, values: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, key: string, at: number) => {
    const value = values[key]
    if (value === undefined || isolate.test(text.charAt(at - 1))) return value ?? placeholder
    const letter = lettersOf(text.slice(0, at)).at(-1) ?? lettersOf(text).at(-1) ?? ''
    return keptApart(value, rightToLeftLetter.test(letter) ? 'rtl' : 'ltr')
  })
}

/**
 * A text between FSI and PDI (UAX #9 §2.4) where it is written in the other direction than what it stands in. A web address never is:
 * who makes a link of it may take the sign for its end.
 */
export function keptApart(text: string, dir: 'ltr' | 'rtl'): string {
  const letters = lettersOf(text)
  const others = letters.filter((one) => rightToLeftLetter.test(one) !== (dir === 'rtl'))
  const isOther = others.length > 0 && others.length === letters.length
  return isOther && !isolate.test(text) && !/^https?:/.test(text) ? `\u2068${text}\u2069` : text
}

/** LRI, RLI and FSI. */
const isolate = /[\u2066-\u2068]/
const rightToLeftLetter =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Nko}\p{Script=Syriac}\p{Script=Thaana}]/u

function lettersOf(text: string): string[] {
  return text.replace(/\{\w+\}/g, '').match(/\p{L}/gu) ?? []
}
