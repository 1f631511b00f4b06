import { type SQL, sql } from 'drizzle-orm/sql'
import type { AttributeValue } from '../../../db/schema.ts'
import { parseEmailAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { wordingOf } from '../privacy/wording.ts'

export interface Subscriber {
  id: number
  /** As written: mail goes to this form. */
  email: string
  name: string
  lang: string | null
  attributes: Record<string, AttributeValue>
  createdAt: number
  subscriptions: Subscription[]
  /** Why the address gets nothing, if it does. */
  suppressed: string | null
}

export interface Subscription {
  list: string
  status: 'pending' | 'active' | 'unsubscribed'
  askedAt: number
  activeAt: number | null
  endedAt: number | null
  endReason: string | null
}

export interface ConsentRow {
  list: string
  at: number
  source: string
  form: string | null
  /** The words themselves. */
  wording: string | null
  lang: string | null
  ip: string | null
  userAgent: string | null
  confirmedAt: number | null
  confirmedIp: string | null
  confirmedUserAgent: string | null
  /** When it was taken back, or its list was left. An answer that leaves a list has no end. */
  endedAt: number | null
}

export interface SubscriberQuery {
  /** Only those on one of these lists, with this status. */
  lists?: string[]
  status?: Subscription['status']
  /** Only those of whom this SQL expression about the row `s` is true. */
  where?: SQL
  /** Keyset paging: those with a greater id. */
  afterId?: number
  limit?: number
}

/** A page of subscribers by ascending id; 1000 unless told. */
export async function listSubscribers(
  mailshot: Mailshot,
  query: SubscriberQuery = {},
): Promise<Subscriber[]> {
  const { lists, status = null, where = sql`true`, afterId = 0, limit = 1000 } = query
  const named = sql`AND p.list_id IN (SELECT value FROM json_each(${JSON.stringify(lists)}))`
  const isOn = sql`EXISTS (SELECT 1 FROM subscriptions AS p WHERE p.subscriber_id = s.id
    ${lists ? named : sql``} AND p.status = ifnull(${status}, p.status))`
  const isAny = lists === undefined && status === null
  return select(
    mailshot,
    sql`s.id > ${afterId} ${isAny ? sql`` : sql`AND ${isOn}`} AND ${where} ORDER BY s.id LIMIT ${limit}`,
  )
}

/** The person of an address; `undefined` when nobody has it. */
export async function findSubscriber(
  mailshot: Mailshot,
  address: string,
): Promise<Subscriber | undefined> {
  const email = parseEmailAddress(address)?.identity ?? null
  const [found] = await select(mailshot, sql`s.email = ${email}`)
  return found
}

/** When, from where and by which form and wording each subscription was asked for, and when that ended, oldest first. */
export async function listConsents(
  mailshot: Mailshot,
  subscriberId: number,
): Promise<ConsentRow[]> {
  return mailshot.db.all<ConsentRow>(
    sql`SELECT list_id AS list, at, source, form, ${wordingOf()} AS wording, lang, ip, user_agent AS userAgent,
          confirmed_at AS confirmedAt, confirmed_ip AS confirmedIp, confirmed_user_agent AS confirmedUserAgent,
          iif(source = 're-consent' AND form = 'leave', NULL, ifnull(ended_at, (SELECT p.ended_at FROM subscriptions AS p
            WHERE p.subscriber_id = consents.subscriber_id AND p.list_id = consents.list_id
              AND p.status = 'unsubscribed' AND p.ended_at >= consents.at))) AS endedAt
        FROM consents WHERE subscriber_id = ${subscriberId} ORDER BY id`,
  )
}

type SubscriberRow = Omit<Subscriber, 'attributes' | 'subscriptions'> & {
  attributes: string
  subscriptions: string
}

async function select(mailshot: Mailshot, condition: SQL): Promise<Subscriber[]> {
  const rows = await mailshot.db.all<SubscriberRow>(sql`
    SELECT s.id, s.written AS email, s.name, s.lang, s.attributes, s.created_at AS createdAt,
      (SELECT json_group_array(json_object('list', p.list_id, 'status', p.status, 'askedAt', p.asked_at,
          'activeAt', p.active_at, 'endedAt', p.ended_at, 'endReason', p.end_reason) ORDER BY p.list_id)
        FROM subscriptions AS p WHERE p.subscriber_id = s.id) AS subscriptions,
      (SELECT reason FROM suppressions AS x WHERE x.email = s.email) AS suppressed
    FROM subscribers AS s WHERE ${condition}`)
  return rows.map((row) => ({
    ...row,
    attributes: JSON.parse(row.attributes),
    subscriptions: JSON.parse(row.subscriptions),
  }))
}
