import { archiveUrl } from '../archive.ts'
import { localize, type MailshotConfig } from '../config.ts'
import { type PageLink, subscribeLink } from '../pages/link.ts'
import { publicListsOf } from '../pages/sign-up.ts'
import type { Texts } from '../texts.ts'

/** A `<link>` of a page's head. */
export interface HeadLink {
  rel: 'canonical' | 'alternate'
  href: string
  hreflang?: string
  type?: string
  title?: string
}

/**
 * Says of a page what its head says too (RFC 8288), for the sites whose layout leaves no room in it, and that a copy of it
 * is to be asked for again: tomorrow it may be hidden.
 */
export function announce(
  headers: Headers,
  page: { head: readonly HeadLink[]; varies: boolean },
): void {
  headers.set('link', page.head.map(linkValue).join(', '))
  headers.set('cache-control', 'no-cache')
  if (page.varies) headers.append('vary', 'Accept-Language')
}

function linkValue({ rel, href, hreflang, type }: HeadLink): string {
  const more = Object.entries({ hreflang, type }).filter(([, value]) => value !== undefined)
  return [`<${href}>`, `rel="${rel}"`, ...more.map(([key, value]) => `${key}="${value}"`)].join(
    '; ',
  )
}

/** The feed of a language, for browsers and feed readers to find. */
export function feedLink(config: MailshotConfig, lang: string): HeadLink {
  return {
    rel: 'alternate',
    href: `${archiveUrl(config, '/rss.xml')}?lang=${lang}`,
    type: 'application/rss+xml',
    title: localize(config.title, lang, config.lang),
  }
}

/** Where a page that has nothing to show leads on to: the archive, where there is one, and the sign-up page. */
export function waysOn(config: MailshotConfig, texts: Texts): PageLink[] {
  const all = { label: texts.archive.all, href: pathOf(archiveUrl(config)) }
  return [...(config.archive === false ? [] : [all]), ...signUpLinks(config, texts)]
}

/** The sign-up page; none for a site that has no list to sign up to. */
export function signUpLinks(config: MailshotConfig, texts: Texts): PageLink[] {
  const label = texts.archive.next.button
  return publicListsOf(config).length > 0 ? [subscribeLink(config, texts, { label })] : []
}

/** An address without its site: pages lead to each other wherever they are looked at. */
export function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}
