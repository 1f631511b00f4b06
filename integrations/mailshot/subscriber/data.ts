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
  const own = sql`subscriber_id = ${subscriberId}`
  const [person] = await rows(personQuery(subscriberId))
  if (!person) return undefined
  const letters = await rows(letterQuery(subscriberId))
  return {
    site: config.site,
    exportedAt: new Date(mailshot.now()).toISOString(),
    person,
    suppressions: await rows(
      sql`SELECT email, reason, note, at FROM suppressions WHERE email IN ${emailsOf(subscriberId)}`,
    ),
    subscriptions: await rows(sql`
      SELECT list_id AS list, status, asked_at AS askedAt, active_at AS activeAt, ended_at AS endedAt, end_reason AS endReason
      FROM subscriptions WHERE ${own} ORDER BY asked_at, list_id`),
    consents: await rows(sql`
      SELECT list_id AS list, at, source, form, ${wordingOf()} AS wording, lang, ip, user_agent AS userAgent, said,
        confirmed_at AS confirmedAt, confirmed_ip AS confirmedIp, confirmed_user_agent AS confirmedUserAgent, ended_at AS endedAt
      FROM consents WHERE ${own} ORDER BY id`),
    mails: await rows(mailQuery(subscriberId)),
    events: await rows(sql`
      SELECT at, received_at AS receivedAt, type, class, status, reason, url, is_machine AS isMachine, email, send_id AS send, transport,
        word, about, resend, message_id AS messageId, provider_event_id AS providerEventId, matched_by AS matchedBy, raw
      FROM events WHERE ${isEventOf(subscriberId)} ORDER BY id`),
    letters: letters.map(withoutLinks),
    history: await rows(historyQuery(subscriberId)),
  }
}

/** What only says how a mail was queued is left out. */
function mailQuery(subscriberId: number): SQL {
  return sql`
    SELECT s.slug AS campaign, r.send_id AS send, r.email, r.written, r.lists, r.active_lists AS activeLists, r.lang, r.status,
      r.in_hand_at AS at, r.settled_at AS settledAt, r.due_at AS dueAt, r.reason, r.enhanced, r.answer, r.tries, r.resend, r.transport AS sentBy,
      r.message_id AS messageId, r.provider_id AS providerId, r.delivery, r.delivery_class AS deliveryClass,
      r.settled_by AS settledBy, r.redirected
    FROM recipients AS r JOIN sends AS s ON s.id = r.send_id
    WHERE r.email IN ${everyEmailOf(subscriberId)} AND r.subscriber_id = ${subscriberId} ORDER BY r.id`
}

/** Those to them, and those by which another reader asked for an address of theirs. */
function letterQuery(subscriberId: number): SQL {
  return sql`
    SELECT kind, email, lang, status, created_at AS at, settled_at AS settledAt, due_at AS dueAt, tries, reason, answer, transport AS sentBy,
      message_id AS messageId, redirected, "values" FROM letters
    WHERE subscriber_id = ${subscriberId} OR (kind = 'change-address' AND lower(email) IN (
      SELECT email FROM ${emailsOf(subscriberId)} UNION SELECT lower(written) FROM subscribers WHERE id = ${subscriberId}))
    ORDER BY id`
}

/** A file that is handed on must open nothing. */
function withoutLinks({ values, ...letter }: DataRow): DataRow {
  if (!isRecord(values)) return letter
  const said = Object.entries(values).filter(([name]) => !/(?:^|_)url$/.test(name))
  return { ...letter, values: Object.fromEntries(said) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function historyQuery(subscriberId: number): SQL {
  return sql`
    SELECT at, actor, action, subject, detail FROM audit WHERE subject = ${`subscriber:${subscriberId}`}
      OR subject IN (SELECT 'address:' || email FROM ${emailsOf(subscriberId)})
      OR subject IN (SELECT 'recipient:' || id FROM recipients
        WHERE email IN ${everyEmailOf(subscriberId)} AND subscriber_id = ${subscriberId}) ORDER BY id`
}

function personQuery(id: number): SQL {
  return sql`
    SELECT id AS number, written AS email, email AS knownAs, name, lang, time_zone AS timeZone, attributes, tracking_agreed_at AS trackingAgreedAt,
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
  'activeLists',
  'values',
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
