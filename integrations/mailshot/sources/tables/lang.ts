/**
 * A language as people write it into a field of their own: as a tag (`pt_BR`), or by its name in a language of Europe or its own
 * (`English`, `Allemand`, `Deutsch`). Empty for what is none, which is no reason to leave a person out.
 */
export function langNamed(text: string): string {
  const word = text.trim().replaceAll('_', '-')
  return tagOf(word) ?? names().get(word.toLowerCase()) ?? ''
}

function tagOf(word: string): string | undefined {
  if (!/^[a-z]{2,3}(?:-[a-z\d]+)*$/i.test(word)) return undefined
  try {
    return Intl.getCanonicalLocales(word)[0]
  } catch {
    return undefined
  }
}

let known: Map<string, string> | undefined

function names(): Map<string, string> {
  if (known) return known
  const letters = 'a b c d e f g h i j k l m n o p q r s t u v w x y z'.split(' ')
  const readers = ['en', 'fr', 'de', 'es', 'it', 'nl', 'pt'].map(namesIn)
  known = new Map()
  for (const tag of letters.flatMap((first) => letters.map((second) => first + second))) {
    const own = readers[0]?.of(tag) === undefined ? [] : [...readers, namesIn(tag)]
    for (const reader of own) known.set((reader.of(tag) ?? '').toLowerCase(), tag)
  }
  known.delete('')
  return known
}

function namesIn(lang: string): Intl.DisplayNames {
  return new Intl.DisplayNames(lang, { type: 'language', fallback: 'none' })
}
