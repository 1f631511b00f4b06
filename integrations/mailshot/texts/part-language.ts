import type { MailshotConfig } from '../config.ts'

/** The site's own words beside ours: the language of each, where it is another than the page's (WCAG 3.1.2). */
export type PartLanguages<Part extends string> = Partial<Record<Part, string>>

/**
 * The languages in which `localize` finds words of the site for a page. One whose words are in no language of their own has them in the
 * site's.
 */
export function partLanguages<Part extends string>(
  site: Pick<MailshotConfig, 'lang'>,
  lang: string,
  parts: Partial<Record<Part, string | Record<string, string> | undefined>>,
): PartLanguages<Part> | undefined {
  const others: PartLanguages<Part> = {}
  for (const [part, text] of Object.entries(parts)) {
    const own = text === undefined ? lang : languageOf(text, [lang, primaryOf(lang), site.lang])
    if (primaryOf(own) !== primaryOf(lang)) Object.assign(others, { [part]: own })
  }
  return Object.keys(others).length > 0 ? others : undefined
}

function languageOf(text: unknown, wanted: string[]): string {
  const site = wanted.at(-1) ?? ''
  if (typeof text !== 'object' || text === null) return site
  return wanted.find((one) => Object.hasOwn(text, one)) ?? Object.keys(text)[0] ?? site
}

function primaryOf(lang: string): string {
  return lang.split('-')[0] ?? lang
}
