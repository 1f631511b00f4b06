import { localize, type MailshotConfig } from '../config.ts'
import type { Place } from '../subscriber.ts'
import { placesAmong } from '../subscriber/person.ts'
import { fill, type Texts } from '../texts.ts'
import { keptApart } from '../texts/fill.ts'

/** The title of a place in a page's language. */
export function titleOf(
  config: MailshotConfig,
  { lang }: Texts,
  { title }: Pick<Place, 'title'>,
): string {
  return localize(title, lang, config.lang)
}

/** Titles within a sentence: `“Weekly” and “Products”`. */
export function quotedTitles({ lang, dir, pages }: Texts, titles: string[]): string {
  const quoted = titles.map((title) => fill(pages.quote, { title: keptApart(title, dir) }))
  return new Intl.ListFormat(lang, { type: 'conjunction' }).format(quoted)
}

/** What the sentences of a person's page are filled with: the address, and the lists among these ids. */
export function valuesOf(
  config: MailshotConfig,
  texts: Texts,
  { written, places, lists }: { written: string; places: Place[]; lists: string[] },
): { email: string; lists: string } {
  const titles = placesAmong({ places }, lists).map((place) => titleOf(config, texts, place))
  return { email: written, lists: quotedTitles(texts, titles) }
}
