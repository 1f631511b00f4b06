/** Whether a text is a language as a file's name or front matter says it, and Intl takes it: `fr`, `pt-BR`, `zh-Hant`. */
export function isLanguageTag(text: string): boolean {
  return /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/.test(text) && isLocale(text)
}

/** What Intl can write in for a language, whatever was stored as one: itself, else its primary language, else English. */
export function localeOf(lang: string): string {
  return [lang, lang.split(/[-_]/)[0] ?? ''].find(isLocale) ?? 'en'
}

/** A language by its own name for itself, `français`; its tag where it has none. */
export function nameOfLanguage(tag: string): string {
  try {
    return new Intl.DisplayNames(tag, { type: 'language' }).of(tag) ?? tag
  } catch {
    return tag
  }
}

function isLocale(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1
  } catch {
    return false
  }
}
