import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from './mailshot.ts'
import { lostPage, type Notice } from './pages/notice.ts'
import type { Page } from './pages/page.ts'
import { refusalPage } from './pages/refusal.ts'
import { type Hit, noteHit, noteLook } from './tracking/hits.ts'
import { readTrackedLink, type TrackedLink } from './tracking/link.ts'
import { machineBy, visitorOf } from './tracking/visitor.ts'

/** What a request to a pixel or a link carries. */
export interface TrackedRequest {
  request: Request
  token: string
  /** The address of whoever connected to this server, where it is known. */
  peer: string | undefined
}

/** Answers with a pixel, and counts an open. A HEAD counts nothing, nor does a token that was not made here. */
export function openPixel(mailshot: Mailshot, tracked: TrackedRequest): Response {
  const link = readTrackedLink(mailshot.config, 'open', tracked.token)
  if (link) note(mailshot, tracked, { link, type: 'opened', url: undefined, links: 0 })
  return new Response(tracked.request.method === 'HEAD' ? null : pixel, {
    status: link ? 200 : 404,
    headers: {
      'content-type': 'image/gif',
      'content-length': String(pixel.length),
      'cache-control': 'no-store, private',
    },
  })
}

/**
 * Leads to where a link of a mail leads, and counts a click. It leads nowhere but to a link of the campaign that the token's send
 * froze, however old that is. What is counted is written afterwards: a reader never waits for it.
 */
export async function clickPage(
  mailshot: Mailshot,
  tracked: TrackedRequest,
): Promise<Page<Notice> | Response> {
  const { config } = mailshot
  const { request } = tracked
  const link = readTrackedLink(config, 'click', tracked.token)
  if (!link) return lostPage(config, request)
  const links = await findLinks(mailshot, link.sendId)
  if (links === 'unreadable') return refusalPage(config, request, { status: 503 })
  const url = links[link.link]
  if (url === undefined) return lostPage(config, request)
  note(mailshot, tracked, { link, type: 'clicked', url, links: links.length })
  const location = /^[\x21-\x7e]+$/.test(url) ? url : new URL(url).href
  return new Response(null, {
    status: 302,
    headers: { location, 'cache-control': 'no-store, private', 'x-robots-tag': 'noindex' },
  })
}

function note(
  mailshot: Mailshot,
  { request, peer }: TrackedRequest,
  { link, ...what }: Pick<Hit, 'type' | 'url' | 'links'> & { link: TrackedLink },
): void {
  const visitor = visitorOf(request, peer, mailshot.config)
  const machine = machineBy(request, visitor)
  const hit = { ...link, ...what, at: mailshot.now(), machine, visitor }
  if (request.method === 'HEAD') noteLook(mailshot, hit)
  else noteHit(mailshot, hit)
}

/** By send, since what it froze never changes. */
const known = new WeakMap<Mailshot['config'], Map<string, string[]>>()
const mostKnown = 200

/** The links of the campaign that a send froze; none where there is no such send. */
async function findLinks(
  { config, db, log }: Mailshot,
  sendId: string,
): Promise<string[] | 'unreadable'> {
  const ofSite = known.get(config) ?? new Map<string, string[]>()
  known.set(config, ofSite)
  const links = ofSite.get(sendId)
  if (links) return links
  try {
    const row = await db.get<{ links: string | null }>(sql`
      SELECT p.compiled -> '$.links' AS links FROM sends AS s JOIN snapshots AS p ON p.hash = s.snapshot
      WHERE s.id = ${sendId}`)
    const read: string[] = JSON.parse(row?.links ?? '[]')
    if (ofSite.size >= mostKnown) ofSite.clear()
    if (row) ofSite.set(sendId, read)
    return read
  } catch (error) {
    log.error({ err: error, send: sendId }, 'where a link leads could not be read')
    return 'unreadable'
  }
}

/** One transparent pixel (GIF89a). */
const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
