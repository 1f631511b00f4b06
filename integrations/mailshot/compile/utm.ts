import type { Campaign } from '../campaign.ts'
import type { MailshotConfig } from '../config.ts'
import { type UtmOptions, utmOption } from '../tracking/options.ts'
import { escapeHtml } from './escape.ts'
import { webLinks } from './links.ts'

/** How links of one campaign are tagged. */
export interface Utm extends UtmOptions {
  slug: string
  /** The public address of the site, and the one below it where mailshot's own pages are. */
  site: string
  own: string
}

/** How the links of a campaign are tagged, by the config and by what it says itself; undefined for not at all. */
export function utmFor(config: MailshotConfig, { slug, utm }: Campaign): Utm | undefined {
  if (utm === false || (utm === undefined && config.utm === undefined)) return undefined
  const { site, base } = config
  return { ...utmOption.parse({ ...config.utm, ...utm }), slug, site, own: site + base }
}

/**
 * Writes UTM tags into the links of HTML, before the fragment, where the address has none by that name. Links to leave, to the
 * preferences and the like are values of readers, or pages of mailshot, and stay as they are.
 */
export function tagLinks(html: string, utm: Utm): string {
  let result = ''
  let at = 0
  for (const { start, end, url } of webLinks(html)) {
    if (!isTagged(url, utm)) continue
    const tags = missingTags(url, utm)
    if (tags === '') continue
    result += html.slice(at, start) + withTags(html.slice(start, end), tags, escapeHtml)
    at = end
  }
  return result + html.slice(at)
}

/** The same for a plain text, where an address ends with its word. */
export function tagText(text: string, utm: Utm): string {
  return text.replace(/https?:\/\/[^\s<>"]+/gi, (found) => {
    const url = withoutEnd(found)
    const end = found.slice(url.length)
    const tags = isTagged(url, utm) ? missingTags(url, utm) : ''
    return tags === '' ? found : withTags(url, tags, (plain) => plain) + end
  })
}

/** An address without the punctuation behind it. A bracket that closes one of its own belongs to it: `/wiki/A_(b)`. */
function withoutEnd(found: string): string {
  const url = found.replace(/[).,;:!?'’”»…\]]*$/, '')
  const hasOpen = url.lastIndexOf('(') > url.lastIndexOf(')')
  return hasOpen && found.charAt(url.length) === ')' ? `${url})` : url
}

function isTagged(url: string, { hosts, site, own }: Utm): boolean {
  if (url === own || url.startsWith(`${own}/`)) return false
  if (hosts === 'all') return true
  const host = hostOf(url)
  return hosts === 'own' ? host === hostOf(site) : hosts.some((one) => one.toLowerCase() === host)
}

function hostOf(url: string): string {
  const [, host = ''] = /^https?:\/\/(?:[^/?#@]*@)?([^/?#:]+)/i.exec(url) ?? []
  return host.toLowerCase()
}

function missingTags(url: string, utm: Utm): string {
  const [, query = ''] = /\?([^#]*)/.exec(url) ?? []
  const there = new Set(query.split('&').map((pair) => pair.split('=', 1)[0]?.toLowerCase()))
  return names
    .flatMap((name) => {
      const value = utm[name]?.replaceAll('{slug}', utm.slug)
      return value === undefined || there.has(`utm_${name}`)
        ? []
        : `utm_${name}=${encodeURIComponent(value)}`
    })
    .join('&')
}

const names = ['source', 'medium', 'campaign', 'content', 'term'] as const

/** The address stays as the author wrote it. */
function withTags(written: string, tags: string, escape: (text: string) => string): string {
  // A number sign behind an ampersand is an entity's.
  const [, address = '', fragment = ''] =
    /^((?:[^#]|(?<=&)#)*)(#.*)?$/s.exec(written.trimEnd()) ?? []
  return address + escape(jointOf(address) + tags) + fragment
}

function jointOf(address: string): string {
  if (!address.includes('?')) return '?'
  return /(?:[?&]|&amp;)$/.test(address) ? '' : '&'
}
