import { archiveUrl, findLetter, type Letter } from '../archive.ts'
import { nameOfLanguage } from '../campaign/language-tag.ts'
import { localize, type MailshotConfig } from '../config.ts'
import type { Mailshot } from '../mailshot.ts'
import type { PageLink } from '../pages/link.ts'
import { type Notice, noticeOf } from '../pages/notice.ts'
import type { Page } from '../pages/page.ts'
import { acceptedLanguages, languageOfTexts, readerLanguage } from '../reader-language.ts'
import { languageWithTexts, textsFor } from '../texts.ts'
import { mailPolicy } from '../view.ts'
import { feedLink, type HeadLink, pathOf, signUpLinks, waysOn } from './link.ts'
import { serveFresh, type Served } from './serve.ts'

/** A letter, and what the page around it needs. */
export interface LetterView {
  kind: 'letter'
  letter: Letter
  /** Of the newsletter. */
  title: string
  /** The same letter in its other languages. */
  translations: (PageLink & { lang: string })[]
  /** Where a letter with a design of its own is, without the page. */
  alone: string | undefined
  /** Whether another browser may get another language at the same address. */
  varies: boolean
  signUp: PageLink[]
  head: HeadLink[]
}

/**
 * A letter of the archive, in the language that the address names, else in one that the browser asks for. With `?mail`, one
 * with a design of its own comes without the page around it.
 */
export async function letterPage(
  mailshot: Mailshot,
  { slug = '', lang }: { slug?: string | undefined; lang?: string | undefined },
  request: Request,
): Promise<Page<LetterView | Notice> | Response> {
  const { config } = mailshot
  const fallback = await findLetter(mailshot, { slug })
  const wanted = lang ?? (fallback && bestOf(fallback.langs, request))
  const letter =
    wanted === undefined ? fallback : await findLetter(mailshot, { slug, lang: wanted })
  if (!letter) return unknownLetter(config, request)
  const isMail = letter.body.kind === 'mail'
  const varies = lang === undefined && letter.langs.length > 1
  if (isMail && new URL(request.url).searchParams.has('mail')) {
    return serveFresh(request, { ...mailAlone(letter), varies })
  }
  const texts = textsFor(config, languageOfTexts(config, letter.lang))
  const translations = letter.langs.length > 1 ? translationsOf(config, letter) : []
  return {
    status: 200,
    texts,
    view: {
      kind: 'letter',
      letter,
      title: localize(config.title, letter.lang, config.lang),
      translations: translations.filter((one) => one.lang !== letter.lang),
      alone: isMail ? `${pathOf(letter.url)}?mail` : undefined,
      varies,
      signUp: signUpLinks(config, texts),
      head: [
        { rel: 'canonical', href: letter.url },
        ...translations.map((one) => alternate(config, slug, one.lang)),
        ...(translations.length > 0 ? [alternate(config, slug)] : []),
        feedLink(config, letter.lang),
      ],
    },
  }
}

function unknownLetter(config: MailshotConfig, request: Request): Page<Notice> {
  const texts = textsFor(config, readerLanguage(config, request))
  const view = noticeOf(texts.archive.unknown, {}, { links: waysOn(config, texts) })
  return { status: 404, texts, view }
}

/**
 * A letter with a design of its own, for a frame: it runs no script, and a link in it takes the place of the page around
 * it. Only that page may look into it, to learn how tall it is.
 */
function mailAlone({ body, url }: Letter): Omit<Served, 'varies'> {
  const flags =
    'sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation'
  return {
    text: body.html.replace(/<head\b[^>]*>/i, '$&<base target="_top">'),
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': mailPolicy("frame-ancestors 'self'", flags),
      link: `<${url}>; rel="canonical"`,
    },
  }
}

/** The first language the browser wants that the letter has, be it of another country. */
function bestOf(langs: readonly string[], request: Request): string | undefined {
  const wishes = acceptedLanguages(request.headers.get('accept-language') ?? '')
  const primary = (tag: string) => tag.toLowerCase().split('-')[0]
  const found = wishes.map(
    (wish) =>
      langs.find((lang) => lang.toLowerCase() === wish.toLowerCase()) ??
      langs.find((lang) => primary(lang) === primary(wish)),
  )
  return found.find((lang) => lang !== undefined)
}

/** Each is named in itself; where we have no texts in it, by its own name for itself. */
function translationsOf(
  config: MailshotConfig,
  { slug, langs }: Letter,
): LetterView['translations'] {
  return langs.map((lang) => {
    const isOurs = languageWithTexts(lang) !== undefined
    const label = isOurs ? textsFor(config, lang).archive.read : nameOfLanguage(lang)
    return { lang, label, href: pathOf(archiveUrl(config, `/${slug}/${lang}`)) }
  })
}

/** Without a language it is the address that picks one. */
function alternate(config: MailshotConfig, slug: string, lang?: string): HeadLink {
  const path = lang === undefined ? (`/${slug}` as const) : (`/${slug}/${lang}` as const)
  return { rel: 'alternate', href: archiveUrl(config, path), hreflang: lang ?? 'x-default' }
}
