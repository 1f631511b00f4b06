import { sql } from 'drizzle-orm/sql'
import { hasAlready } from './etag.ts'
import type { Mailshot } from './mailshot.ts'

/**
 * Answers with an image of a campaign that a send froze, by the end of its address, `media/<hash>.<ext>`. What is behind a name never changes, so
 * whoever has it once need not ask again.
 */
export async function serveMedia(mailshot: Mailshot, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  const [, hash, ext = ''] = /\/media\/([0-9a-f]{32})\.([a-z]+)$/.exec(pathname) ?? []
  const type = types.get(ext)
  if (hash === undefined || type === undefined) return notFound()
  const row = await mailshot.db.get<{ bytes: ArrayBuffer }>(
    sql`SELECT bytes FROM media WHERE hash = ${hash} AND type = ${type}`,
  )
  if (!row) return notFound()
  const etag = `"${hash}"`
  const headers = { ...kept, etag }
  if (hasAlready(request, etag)) return new Response(null, { status: 304, headers })
  return new Response(request.method === 'HEAD' ? null : row.bytes, {
    headers: { ...headers, 'content-type': type, 'content-length': String(row.bytes.byteLength) },
  })
}

/** All that campaigns hold; the name says which. */
const types = new Map([
  ['jpg', 'image/jpeg'],
  ['png', 'image/png'],
  ['gif', 'image/gif'],
])

const kept = {
  'cache-control': 'public, max-age=31536000, immutable',
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  // Webmail shows it on pages of its own.
  'cross-origin-resource-policy': 'cross-origin',
}

function notFound(): Response {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  return new Response('There is no such image.\n', { status: 404, headers })
}
