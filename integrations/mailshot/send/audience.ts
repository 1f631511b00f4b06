import { type SQL, sql } from 'drizzle-orm/sql'
import type { EmailAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import type { Send } from './read.ts'

export interface Audience {
  lists: string[]
  /** Subscriptions that became active after this are not in it. */
  until: number
  onlyTo?: string | null
  /** A slice of subscribers by id: greater than `above`, up to `upTo`. */
  slice?: { above: number; upTo: number }
  /** Leaves out whoever got (or may have got) one of these campaigns. */
  except?: { slug: string; hash: string; sendId?: string }
}

/**
 * Each subscriber once, whatever number of the lists they are on, with those lists in the order given; nobody who is
 * suppressed.
 */
export function selectedSubscribers(audience: Audience): SQL {
  const { lists, slice, except, onlyTo, until } = audience
  return sql`
    SELECT s.id, s.email, s.written, json_group_array(l.value ORDER BY l.key) AS lists
    FROM subscribers AS s
      JOIN subscriptions AS p ON p.subscriber_id = s.id AND p.status = 'active' AND p.active_at <= ${until}
      JOIN json_each(${JSON.stringify(lists)}) AS l ON l.value = p.list_id
    WHERE NOT EXISTS (SELECT 1 FROM suppressions WHERE email = s.email)
      ${slice ? withinSlice(slice) : sql``}
      ${onlyTo ? sql`AND s.email = ${onlyTo}` : sql``}
      ${except ? sql`AND NOT EXISTS (${gotIt(except)})` : sql``}
    GROUP BY s.id`
}

/** By the subscriptions' own column: SQLite walks all the rest of the list otherwise, for each slice. */
function withinSlice({ above, upTo }: NonNullable<Audience['slice']>): SQL {
  return sql`AND p.subscriber_id > ${above} AND p.subscriber_id <= ${upTo}`
}

function gotIt({ slug, hash, sendId = '' }: NonNullable<Audience['except']>): SQL {
  return sql`
    SELECT 1 FROM sends AS e JOIN recipients AS r ON r.send_id = e.id AND r.email = s.email
    WHERE (e.slug = ${slug} OR e.content_hash = ${hash}) AND e.id <> ${sendId}
      AND r.status IN ('sent', 'uncertain', 'in-hand')
    UNION ALL
    SELECT 1 FROM sends AS e
    WHERE (e.slug = ${slug} OR e.content_hash = ${hash}) AND e.id <> ${sendId}
      AND e.only_to = s.email AND e.status NOT IN ('done', 'cancelled')`
}

/** How many a send would mail if it started now. */
export async function countAudience(
  mailshot: Mailshot,
  request: {
    lists: string[]
    slug: string
    hash: string
    audience?: Send['audience']
    onlyTo?: string
  },
): Promise<number> {
  const { lists, slug, hash, audience, onlyTo } = request
  const selected = selectedSubscribers({
    lists,
    until: mailshot.now(),
    ...(onlyTo !== undefined && { onlyTo }),
    ...(audience !== 'all' && { except: { slug, hash } }),
  })
  const row = await mailshot.db.get<{ count: number }>(
    sql`SELECT count(*) AS count FROM (${selected})`,
  )
  return row?.count ?? 0
}

/** Whether a subscriber is selected by these lists and not suppressed. */
export async function isSelected(
  mailshot: Mailshot,
  email: EmailAddress,
  lists: string[],
): Promise<boolean> {
  const selected = selectedSubscribers({ lists, until: mailshot.now(), onlyTo: email })
  return (await mailshot.db.get(sql`SELECT 1 FROM (${selected})`)) !== undefined
}
