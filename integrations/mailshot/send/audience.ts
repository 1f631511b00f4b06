import { setImmediate } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm/sql'
import type { EmailAddress } from '../email-address.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import type { Send } from './read.ts'
import { requireSelection, type SaidSelection, type Selection, selectedSql } from './selection.ts'

export interface Audience {
  lists: string[]
  /** Subscriptions that became active after this are not in it. */
  until: number
  onlyTo?: string | null
  /** A slice of subscribers by id: greater than `above`, up to `upTo`. */
  slice?: { above: number; upTo: number }
  /** A condition on the row `s` of subscribers. */
  where?: SQL
  /** Leaves out whoever got (or may have got) one of these campaigns. */
  except?: { slug: string; hash: string; sendId?: string }
}

/**
 * Each subscriber once, whatever number of the lists they are on, with those lists in the order given; nobody who is
 * suppressed.
 */
export function selectedSubscribers(audience: Audience): SQL {
  const { where, except, onlyTo } = audience
  return sql`
    SELECT s.id, s.email, s.written, json_group_array(l.value ORDER BY l.key) AS lists
    ${reachable(audience)}
      ${onlyTo ? sql`AND s.email = ${onlyTo}` : sql``}
      ${where ? sql`AND ${where}` : sql``}
      ${except ? sql`AND NOT EXISTS (${gotIt(except)})` : sql``}
    GROUP BY s.id`
}

/** Subscribers, once for each of the lists they are on, unless they are suppressed. */
function reachable({ lists, slice, until }: Pick<Audience, 'lists' | 'slice' | 'until'>): SQL {
  return sql`FROM subscribers AS s
      JOIN subscriptions AS p ON p.subscriber_id = s.id AND p.status = 'active' AND p.active_at <= ${until}
      JOIN json_each(${JSON.stringify(lists)}) AS l ON l.value = p.list_id
    WHERE NOT EXISTS (SELECT 1 FROM suppressions WHERE email = s.email)
      ${slice ? withinSlice(slice) : sql``}`
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

/** How many a send would mail, how many it would skip who take a break, and how many its lists reach without its conditions. */
export interface AudienceCount {
  readers: number
  paused: number
  of: number
}

/**
 * Counts whom a send would mail if it started now; whether they take a break, `at` its time. Of many it is done in slices, so that others
 * get their turns meanwhile.
 *
 * @throws MailshotError when a condition cannot be read
 */
export async function countAudience(
  mailshot: Mailshot,
  request: SaidSelection & {
    slug: string
    hash: string
    audience?: Send['audience'] | undefined
    onlyTo?: string | undefined
    /** When it is to start, in ms; by default now. */
    at?: number | undefined
  },
): Promise<AudienceCount> {
  const { slug, hash, audience, onlyTo, at } = request
  const isNamed = onlyTo !== undefined
  const { lists } = request
  const selection = await requireSelection(mailshot, slug, isNamed ? { lists } : request)
  const where = [
    requireSql(mailshot, selection),
    ...(audience === 'all' || !(await wasSent(mailshot, { slug, hash }))
      ? []
      : [sql`NOT EXISTS (${gotIt({ slug, hash })})`]),
    ...(isNamed ? [sql`s.email = ${onlyTo}`] : []),
  ]
  return countPeople(mailshot, lists, { where: sql.join(where, sql` AND `), at })
}

/**
 * How many people of these lists a condition on the row `s` of subscribers holds for, those apart who take a break `at` that time, and how
 * many there are.
 */
export async function countPeople(
  { db, now }: Mailshot,
  lists: string[],
  { where, at = now() }: { where: SQL; at?: number | undefined },
): Promise<AudienceCount> {
  const last = await db.get<{ id: number | null }>(sql`SELECT max(id) AS id FROM subscribers`)
  const until = now()
  const total = { readers: 0, paused: 0, of: 0 }
  for (let above = 0; above < (last?.id ?? 0); above += countedAtOnce) {
    const slice = { above, upTo: above + countedAtOnce }
    const row = await db.get<AudienceCount>(
      sql`SELECT count(*) AS "of", count(*) FILTER (WHERE fits AND NOT rests) AS readers, count(*) FILTER (WHERE fits AND rests) AS paused
          FROM (SELECT s.id, ${where} AS fits, ifnull(s.paused_until > ${at}, 0) AS rests
            ${reachable({ lists, until, slice })} GROUP BY s.id)`,
    )
    total.readers += row?.readers ?? 0
    total.paused += row?.paused ?? 0
    total.of += row?.of ?? 0
    await setImmediate()
  }
  return total
}

/** A database file is read where it is asked: some 10 ms a slice. */
const countedAtOnce = 10_000

/** Whether anybody may have got it: to ask that of each reader takes longer than to count them. */
async function wasSent(
  { db }: Mailshot,
  { slug, hash }: { slug: string; hash: string },
): Promise<boolean> {
  const found = await db.get(
    sql`SELECT 1 FROM sends WHERE slug = ${slug} OR content_hash = ${hash} LIMIT 1`,
  )
  return found !== undefined
}

function requireSql({ config, now }: Mailshot, selection: Selection): SQL {
  const selected = selectedSql(config, selection, now())
  if ('where' in selected) return selected.where
  throw new MailshotError(selected.wrong, { code: 'invalid' })
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
