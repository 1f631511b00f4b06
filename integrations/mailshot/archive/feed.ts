import { getRssString, type RSSFeedItem } from '@astrojs/rss'
import { archiveUrl, type Letter, listLetters } from '../archive.ts'
import { isLanguageTag } from '../campaign/language-tag.ts'
import { escapeHtml } from '../compile/escape.ts'
import { localize } from '../config.ts'
import type { Mailshot } from '../mailshot.ts'
import { languageOfTexts } from '../reader-language.ts'
import { textsFor } from '../texts.ts'
import { feedLink } from './link.ts'
import { serveFresh } from './serve.ts'

/** The latest letters as RSS 2.0, in the language of `?lang=`, else the site's. */
export async function serveFeed(mailshot: Mailshot, request: Request): Promise<Response> {
  const { config } = mailshot
  const asked = new URL(request.url).searchParams.get('lang') ?? ''
  const lang = isLanguageTag(asked) ? asked : config.lang
  const title = localize(config.title, lang, config.lang)
  const letters = await listLetters(mailshot, { lang, limit: 20 })
  const xml = await getRssString({
    title: wellFormed(title),
    description: wellFormed(
      textsFor(config, languageOfTexts(config, lang)).archive.intro.replace('{title}', title),
    ),
    site: archiveUrl(config),
    trailingSlash: config.trailingSlash,
    items: letters.map((letter) => toItem(letter, archiveUrl(config, `/${letter.slug}`))),
    xmlns: { atom: 'http://www.w3.org/2005/Atom' },
    customData:
      `<language>${lang}</language>` +
      `<atom:link href="${escapeHtml(feedLink(config, lang).href)}" rel="self" type="application/rss+xml"/>`,
  })
  const headers = { 'content-type': 'application/rss+xml; charset=utf-8' }
  return serveFresh(request, { text: xml, headers, varies: false })
}

/** A whole mail has no place in a feed reader: of such a letter the feed has its preheader. */
function toItem({ title, preheader, url, sentAt, lang, body }: Letter, id: string): RSSFeedItem {
  return {
    title: wellFormed(title),
    link: url,
    pubDate: new Date(sentAt),
    ...(preheader !== '' && { description: wellFormed(preheader) }),
    ...(body.kind === 'content' && { content: wellFormed(body.html) }),
    // The same when a correction brings another language, and with it another address.
    customData: `<guid isPermaLink="false">${escapeHtml(`${id}#${lang}`)}</guid>`,
  }
}

/** Without the characters that XML 1.0 §2.2 has no place for. */
function wellFormed(text: string): string {
  return text.toWellFormed().replace(/(?![\t\n\r])[\p{Cc}\ufffe\uffff]/gu, '')
}
