import { languageWithTexts } from './texts.ts'

/**
 * The language of a page, of those we have texts in: the first of the `known` ones (what the subscriber chose, what the
 * form was in), else the address's `?lang=`, else what the browser asks for, else the site's own.
 */
export function readerLanguage(
  site: { lang: string },
  request: Request,
  known: (string | null | undefined)[] = [],
): string {
  const asked = new URL(request.url).searchParams.get('lang')
  const accepted = acceptedLanguages(request.headers.get('accept-language') ?? '')
  const wishes = [...known, asked, ...accepted, site.lang].map((tag) => languageWithTexts(tag))
  return wishes.find((lang) => lang !== undefined) ?? 'en'
}

/** The language that we write to a reader in: theirs where we have texts in it, else the site's. */
export function languageOfTexts(site: { lang: string }, lang: string | null | undefined): string {
  return languageWithTexts(lang) ?? languageWithTexts(site.lang) ?? 'en'
}

/** The tags of RFC 9110 §12.5.4, the most wanted first; `q=0` says "not this one". */
export function acceptedLanguages(header: string): string[] {
  return header
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';').map((one) => one.trim())
      const quality = parameters.find((one) => /^q=/i.test(one))?.slice(2)
      return { tag, quality: quality === undefined ? 1 : Number(quality) }
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag)
}
