import type { Texts } from '../texts.ts'

/** Any part of some texts: what is left out stays as it is. */
type Part<T> = T extends string | string[] ? T : { [Key in keyof T]?: Part<T[Key]> }

/** What a site words otherwise, by language: `{ fr: { pages: { form: { button: 'Je m’abonne' } } } }`. */
export type TextChanges = Readonly<Record<string, Part<Omit<Texts, 'lang' | 'dir'>>>>

/** Some texts with changes in them, which `textsOption` has checked. */
export function changed<T extends object>(texts: T, changes: object): T {
  const entries = Object.entries(changes).map(([key, change]) => {
    const text: unknown = Reflect.get(texts, key)
    return [key, isGroup(text) && isGroup(change) ? changed(text, change) : change]
  })
  return { ...texts, ...Object.fromEntries(entries) }
}

/** Whether this holds texts, or is one: several paragraphs are one text. */
export function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
