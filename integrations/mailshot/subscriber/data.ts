import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { wordingOf } from '../privacy/wording.ts'
import { emailsOf, everyEmailOf, isEventOf } from './addresses.ts'

/** A row of what is held: text, numbers and null, or lists of these; times in ISO 8601. */
export type DataRow = Record<string, unknown>

/** All that is held about a person, oldest first. Promises, to which fields may be added. */
export interface PersonalData {
  site: string
  exportedAt: string
  person: DataRow
  /** Why an address of theirs gets nothing. */
  suppressions: DataRow[]
  subscriptions: DataRow[]
  consents: DataRow[]
  mails: DataRow[]
  /** What was reported of those mails, or done with them by name. */
  events: DataRow[]
  letters: DataRow[]
  /** Who changed what of them. */
  history: DataRow[]
}

/** Gathers it, under all addresses that they have had. Changes nothing; undefined when there is nobody of that number. */
export async function readPersonalData(
  mailshot: Mailshot,
  subscriberId: number,
): Promise<PersonalData | undefined> {
  const { db, config } = mailshot
  const rows = async (query: SQL) => (await db.all<DataRow>(query)).map(withTimes)
  const emails = emailsOf(subscriberId)
  const own = sql`subscriber_id = ${subscriberId}`
  const [person] = await rows(personQuery(subscriberId))
  if (!person) return undefined
  return {
    site: config.site,
    exportedAt: new Date(mailshot.now()).toISOString(),
    person,
    suppressions: await rows(
      sql`SELECT email, reason, note, at FROM suppressions WHERE email IN ${emails}`,
    ),
    subscriptions: await rows(sql`
      SELECT list_id AS list, status, asked_at AS askedAt, active_at AS activeAt, ended_at AS endedAt, end_reason AS endReason
      FROM subscriptions WHERE ${own} ORDER BY asked_at, list_id`),
    consents: await rows(sql`
      SELECT list_id AS list, at, source, form, ${wordingOf()} AS wording, lang, ip, user_agent AS userAgent, said,
        confirmed_at AS confirmedAt, confirmed_ip AS confirmedIp, confirmed_user_agent AS confirmedUserAgent
      FROM consents WHERE ${own} ORDER BY id`),
    mails: await rows(sql`
      SELECT s.slug AS campaign, r.send_id AS send, r.email, r.lists, r.lang, r.status, r.in_hand_at AS at, r.reason, r.answer,
        r.message_id AS messageId, r.delivery, r.delivery_class AS deliveryClass
      FROM recipients AS r JOIN sends AS s ON s.id = r.send_id WHERE r.email IN ${everyEmailOf(subscriberId)} AND r.${own} ORDER BY r.id`),
    events: await rows(sql`
      SELECT at, received_at AS receivedAt, type, class, status, reason, url, is_machine AS isMachine, email, send_id AS send, transport,
        raw FROM events WHERE ${isEventOf(subscriberId)} ORDER BY id`),
    letters: await rows(sql`
      SELECT kind, email, lang, status, created_at AS at, settled_at AS settledAt, reason, answer FROM letters
      WHERE ${own} OR (kind = 'change-address' AND lower(email) IN (
        SELECT email FROM ${emails} UNION SELECT lower(written) FROM subscribers WHERE id = ${subscriberId})) ORDER BY id`),
    history: await rows(sql`
      SELECT at, actor, action, detail FROM audit WHERE subject = ${`subscriber:${subscriberId}`}
        OR subject IN (SELECT 'address:' || email FROM ${emails})
        OR subject IN (SELECT 'recipient:' || id FROM recipients WHERE email IN ${everyEmailOf(subscriberId)} AND ${own}) ORDER BY id`),
  }
}

function personQuery(id: number): SQL {
  return sql`
    SELECT written AS email, email AS knownAs, name, lang, time_zone AS timeZone, attributes, tracking_agreed_at AS trackingAgreedAt,
      paused_until AS pausedUntil, created_at AS createdAt, updated_at AS updatedAt,
      (SELECT json_group_array(json_object('source', source, 'id', id)) FROM former_ids
        WHERE subscriber_id = subscribers.id) AS formerIds,
      (SELECT json_group_array(detail ->> 'from') FROM audit
        WHERE subject = 'subscriber:' || subscribers.id AND action = 'change-address') AS formerAddresses
    FROM subscribers WHERE id = ${id}`
}

const json = new Set([
  'attributes',
  'lists',
  'said',
  'detail',
  'raw',
  'formerIds',
  'formerAddresses',
])

function withTimes(row: DataRow): DataRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === 'number' && /^at$|At$|Until$/.test(name)) {
        return [name, new Date(value).toISOString()]
      }
      return [name, typeof value === 'string' && json.has(name) ? parsed(value) : value]
    }),
  )
}

/** What a provider reported was kept as it came. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
