import { type SQL, sql } from 'drizzle-orm/sql'
import type { AttributeValue } from '../../../db/schema.ts'
import type { SuppressionReason } from '../../../db/status.ts'
import type { Mailshot } from '../mailshot.ts'
import { wordingOf } from '../privacy/wording.ts'
import type { SubscriptionStatus } from '../import/row.ts'

/** A subscriber as an export has it: all times are ISO 8601. What is not known is null. */
export interface ExportedSubscriber {
  id: number
  /** As written. */
  email: string
  name: string
  lang: string | null
  timeZone: string | null
  attributes: Record<string, AttributeValue>
  createdAt: string
  pausedUntil: string | null
  trackingAgreedAt: string | null
  suppressed: { reason: SuppressionReason; at: string; note: string | null } | null
  subscriptions: ExportedSubscription[]
  consents: ExportedConsent[]
  formerIds: { source: string; id: string }[]
}

export interface ExportedSubscription {
  list: string
  status: SubscriptionStatus
  askedAt: string
  activeAt: string | null
  endedAt: string | null
  endReason: string | null
}

export interface ExportedConsent {
  list: string
  at: string
  source: string
  form: string | null
  wording: string | null
  lang: string | null
  ip: string | null
  userAgent: string | null
  said: string | null
  confirmedAt: string | null
  confirmedIp: string | null
  confirmedUserAgent: string | null
  endedAt: string | null
}

type Row = Record<
  'attributes' | 'suppressed' | 'subscriptions' | 'consents' | 'formerIds',
  string
> & {
  id: number
  email: string
  name: string
  lang: string | null
  timeZone: string | null
  createdAt: number
  pausedUntil: number | null
  trackingAgreedAt: number | null
}

/** A page of subscribers by ascending id: all, or those on one of these lists and of whom an expression about the row `s` is true. */
export async function pageOfSubscribers(
  { db }: Pick<Mailshot, 'db'>,
  page: {
    after: number
    limit: number
    lists?: readonly string[] | undefined
    which?: SQL | undefined
  },
): Promise<ExportedSubscriber[]> {
  const isOn = page.lists
    ? sql`AND EXISTS (SELECT 1 FROM subscriptions AS p WHERE p.subscriber_id = s.id
        AND p.list_id IN (SELECT value FROM json_each(${JSON.stringify(page.lists)})))`
    : sql``
  const fits = page.which ? sql`AND (${page.which})` : sql``
  const rows = await db.all<Row>(sql`
    SELECT s.id, s.written AS email, s.name, s.lang, s.time_zone AS timeZone, s.attributes,
      s.created_at AS createdAt, s.paused_until AS pausedUntil,
      s.tracking_agreed_at AS trackingAgreedAt,
      (SELECT json_object('reason', reason, 'at', at, 'note', note)
        FROM suppressions WHERE email = s.email) AS suppressed,
      (SELECT json_group_array(json_object('list', list_id, 'status', status, 'askedAt', asked_at,
          'activeAt', active_at, 'endedAt', ended_at, 'endReason', end_reason) ORDER BY list_id)
        FROM subscriptions WHERE subscriber_id = s.id) AS subscriptions,
      (SELECT json_group_array(json_object('list', list_id, 'at', at, 'source', source, 'form', form,
          'wording', ${wordingOf()}, 'lang', lang, 'ip', ip, 'userAgent', user_agent, 'said', said,
          'confirmedAt', confirmed_at, 'confirmedIp', confirmed_ip,
          'confirmedUserAgent', confirmed_user_agent, 'endedAt', ended_at) ORDER BY id)
        FROM consents WHERE subscriber_id = s.id) AS consents,
      (SELECT json_group_array(json_object('source', source, 'id', id) ORDER BY source, id)
        FROM former_ids WHERE subscriber_id = s.id) AS formerIds
    FROM subscribers AS s WHERE s.id > ${page.after} ${isOn} ${fits} ORDER BY s.id LIMIT ${page.limit}`)
  return rows.map(subscriberOf)
}

function subscriberOf(row: Row): ExportedSubscriber {
  return {
    ...row,
    attributes: JSON.parse(row.attributes),
    createdAt: timeText(row.createdAt) ?? '',
    pausedUntil: timeText(row.pausedUntil),
    trackingAgreedAt: timeText(row.trackingAgreedAt),
    suppressed: parse(row.suppressed),
    subscriptions: parse(row.subscriptions),
    consents: parse(row.consents),
    formerIds: parse(row.formerIds),
  }
}

/** Reads JSON that SQLite has made, with its times as text. */
function parse(json: string | null) {
  return JSON.parse(json ?? 'null', (key, value: unknown) =>
    (key === 'at' || key.endsWith('At')) && typeof value === 'number' ? timeText(value) : value,
  )
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

/** The columns of an export as CSV, to be read in a spreadsheet; what has parts of its own is in JSON. */
export function subscriberColumns(fields: readonly string[]): string[] {
  return [
    ...'id email name lang time_zone'.split(' '),
    ...fields.map((field) => `attributes.${field}`),
    ...'active pending unsubscribed suppressed suppressed_at suppression_note'.split(' '),
    ...'paused_until tracking_agreed_at created_at subscriptions consents former_ids'.split(' '),
  ]
}

/** The values of a subscriber in those columns. */
export function subscriberValues(one: ExportedSubscriber, fields: readonly string[]): unknown[] {
  const on = (status: SubscriptionStatus) =>
    one.subscriptions.flatMap((place) => (place.status === status ? [place.list] : [])).join(' ')
  const { suppressed } = one
  const who: unknown[] = [one.id, one.email, one.name || null, one.lang, one.timeZone]
  return who.concat(
    fields.map((field) => one.attributes[field]),
    [on('active'), on('pending'), on('unsubscribed')].map((lists) => lists || null),
    [suppressed?.reason, suppressed?.at, suppressed?.note],
    [one.pausedUntil, one.trackingAgreedAt, one.createdAt],
    [one.subscriptions, one.consents, one.formerIds].map((part) => JSON.stringify(part)),
  )
}
