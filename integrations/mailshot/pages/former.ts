import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { signToken } from '../token.ts'
import { pagePath } from './link.ts'
import { lostPage } from './notice.ts'
import { type Page, redirectTo } from './page.ts'
import { unsubscribePage, type UnsubscribeView } from './unsubscribe.ts'

/**
 * Where the unsubscribe links in the old mails of another system lead, once its addresses are sent on to here: to the person's own
 * unsubscribe page, by the id that their links have carried and that was kept when they came. GET changes nothing; the one-click POST
 * of a mail service (RFC 8058 §3.2) leaves, as on that page. Whom nobody knows by such an id is told nothing of anybody.
 *
 * @param path the system, and what its link had behind it: `phplist`, `listmonk/<campaign>/<subscriber>`
 */
export async function formerPage(
  mailshot: Mailshot,
  request: Request,
  path = '',
): Promise<Page<UnsubscribeView> | Response> {
  const [source = '', ...rest] = path.split('/')
  const { search } = new URL(request.url)
  const subscriberId = await findFormer(mailshot, source, idsIn(`${rest.join(' ')} ${search}`))
  if (subscriberId === undefined) return lostPage(mailshot.config, request)
  const token = signToken(mailshot.config.secrets, 'unsubscribe', [subscriberId, 0])
  if (request.method === 'POST') return unsubscribePage(mailshot, request, token)
  return redirectTo(pagePath(mailshot.config, `unsubscribe/${token}`))
}

/** What may be an id, wherever it stands, also where a mail service has escaped its link once more: a UUID, or a digest. */
function idsIn(text: string): string[] {
  // `arg%3Dc0ffee…`: two digits of an escaped sign would be two of the id.
  const unescaped = text.replaceAll('%25', '%').replace(/[%=]3D/gi, '=')
  const found = unescaped
    .slice(0, longest)
    .match(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{32,64}/gi)
  return [...new Set((found ?? []).map((id) => id.toLowerCase()))]
}

const longest = 2000

async function findFormer(
  { db }: Mailshot,
  source: string,
  ids: readonly string[],
): Promise<number | undefined> {
  if (ids.length === 0) return undefined
  const row = await db.get<{ id: number }>(sql`
    SELECT subscriber_id AS id FROM former_ids
    WHERE source = ${source} AND id IN (SELECT value FROM json_each(${JSON.stringify(ids)})) LIMIT 1`)
  return row?.id
}
