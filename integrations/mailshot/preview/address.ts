import type { MailshotConfig } from '../config.ts'

type Site = Pick<MailshotConfig, 'base' | 'trailingSlash'>

/** The preview of all campaigns, from the root of whatever host shows it. */
export function listPath(site: Site, query?: URLSearchParams): string {
  return pathOf(site, [], query)
}

/** One campaign's page; the query says as which reader, and in light or dark. */
export function campaignPath(site: Site, slug: string, query?: URLSearchParams): string {
  return pathOf(site, [slug], query)
}

/** A part of one campaign: `mail.html`, `mail.txt`, `mail.eml`, or an image. */
export function partPath(site: Site, slug: string, part: string, query?: URLSearchParams): string {
  return pathOf(site, [slug, part], query)
}

/** The page of a letter; no campaign is called `letters`. */
export function letterPath(site: Site, kind: string, query?: URLSearchParams): string {
  return pathOf(site, ['letters', kind], query)
}

/** A part of a letter, as of a campaign. */
export function letterPartPath(
  site: Site,
  { kind, part }: { kind: string; part: string },
  query?: URLSearchParams,
): string {
  return pathOf(site, ['letters', kind, part], query)
}

/** The query with some of it changed; undefined takes a key out. */
export function changed(
  query: URLSearchParams,
  changes: Record<string, string | undefined>,
): URLSearchParams {
  const copy = new URLSearchParams(query)
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) copy.delete(key)
    else copy.set(key, value)
  }
  return copy
}

function pathOf({ base, trailingSlash }: Site, segments: string[], query?: URLSearchParams) {
  const path = [`${base}/preview`, ...segments.map(encodeURIComponent)].join('/')
  const asked = query?.toString() ?? ''
  return path + (trailingSlash ? '/' : '') + (asked && `?${asked}`)
}
