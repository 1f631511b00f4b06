import { type SQL, sql } from 'drizzle-orm/sql'
import type { AttributeValue } from '../../db/schema.ts'
import type { SuppressionReason } from '../../db/status.ts'
import { auditStatement } from './audit.ts'
import { type ParsedAddress, parseEmailAddress } from './email-address.ts'
import type { Mailshot } from './mailshot.ts'
import { type Profile, readProfile } from './profile.ts'
import { type Consent, activateStatements, askStatements } from './subscriber/ask.ts'
import { type Person, confirmStatements } from './subscriber/confirm.ts'
import { findSuppression, liftableReasons, suppressStatement } from './suppression.ts'
import { verifyToken } from './token.ts'

export interface SubscribeRequest {
  email: string
  name?: string
  lang?: string
  lists: string[]
  attributes?: Record<string, AttributeValue>
  consent: Consent
  /** The operator vouches that the person has confirmed elsewhere: no confirmation is mailed. */
  confirmed?: boolean
}

export interface SubscribeProblem {
  field: 'email' | 'lists' | 'profile'
  text: string
}

export type Subscribed =
  | { status: 'invalid'; problems: SubscribeProblem[] }
  /** Waiting for the click in the one confirmation that covers all lists asked. */
  | { status: 'asked'; subscriberId: number }
  | { status: 'active'; subscriberId: number }
  /** Was active on all of them already. */
  | { status: 'unchanged'; subscriberId: number }
  /** Only the operator can lift it; for somebody the operator vouches for, it must be lifted first. */
  | { status: 'suppressed'; reason: SuppressionReason }

/**
 * Puts a person on lists: at once where none of them asks for double opt-in, else once the mailed link is followed.
 * Asking again mails at most one confirmation in ten minutes and three a day. What an active reader's profile says is
 * never changed by someone who merely knows the address. A page should answer alike whatever this returns.
 */
export async function subscribe(
  mailshot: Mailshot,
  request: SubscribeRequest,
): Promise<Subscribed> {
  const address = parseEmailAddress(request.email)
  const { profile, problems } = readRequest(mailshot, request)
  if (!address || problems.length > 0) {
    const email = `"${request.email}" is not an e-mail address`
    if (!address) problems.unshift({ field: 'email', text: email })
    return { status: 'invalid', problems }
  }
  const suppression = await findSuppression(mailshot, address.identity)
  const isLiftable = !suppression || liftableReasons.includes(suppression.reason)
  if (suppression && (!isLiftable || request.confirmed)) {
    return { status: 'suppressed', reason: suppression.reason }
  }
  const subscriberId = await writePerson(mailshot, address, profile)
  const active = new Set(await listsOf(mailshot, subscriberId, 'active'))
  // A bounced address proves itself again, also on lists where it is still active.
  const lists = suppression ? request.lists : request.lists.filter((list) => !active.has(list))
  if (lists.length === 0) return { status: 'unchanged', subscriberId }
  const ask = { subscriberId, address, profile, lists, consent: request.consent }
  if (request.confirmed || (!suppression && !needsConfirmation(mailshot, lists))) {
    await mailshot.db.write(...activateStatements(mailshot, ask, request.confirmed === true))
    return { status: 'active', subscriberId }
  }
  await mailshot.db.write(...askStatements(mailshot, ask))
  return { status: 'asked', subscriberId }
}

export type Confirmed =
  | { status: 'malformed' | 'forged' | 'expired' | 'suppressed' }
  /** With all lists that are active now. */
  | { status: 'confirmed'; subscriberId: number; lists: string[] }
  /** All that was asked for has been left since. */
  | { status: 'ended'; subscriberId: number }

/**
 * Makes active all that the person had asked for when the confirmation was mailed, and nothing asked for later; lifts
 * a suppression of before that, if the person may. Confirming again changes nothing and answers the same lists.
 */
export async function confirm(mailshot: Mailshot, token: string): Promise<Confirmed> {
  const { config, db } = mailshot
  const verified = verifyToken(config.secrets, 'confirm', token, mailshot.now())
  if ('refused' in verified) return { status: verified.refused }
  const [subscriberId = 0, askedAt = 0] = verified.ids
  const person = await db.get<Person>(
    sql`SELECT email, written, lang FROM subscribers WHERE id = ${subscriberId}`,
  )
  if (!person) return { status: 'ended', subscriberId }
  const suppression = await findSuppression(mailshot, person.email)
  if (suppression && !liftableReasons.includes(suppression.reason)) return { status: 'suppressed' }
  const asked = await listsOf(mailshot, subscriberId, 'pending', askedAt)
  await db.write(...confirmStatements(mailshot, { subscriberId, askedAt, asked, person }))
  const lists = await listsOf(mailshot, subscriberId, 'active')
  if (lists.length === 0) return { status: 'ended', subscriberId }
  return { status: 'confirmed', subscriberId, lists }
}

export interface UnsubscribeRequest {
  subscriberId: number
  /** From `all`, the address is suppressed too, so that no list added later reaches it. */
  lists: string[] | 'all'
  /** What ended it: `one-click`, `page`, `operator`, `hard-bounce`, … */
  reason: string
  actor?: string
}

/** Ends subscriptions, active or pending. Doing it again changes nothing. Answers the lists that were left by it. */
export async function unsubscribe(
  mailshot: Mailshot,
  { subscriberId, lists, reason, actor = 'subscriber' }: UnsubscribeRequest,
): Promise<{ ended: string[] }> {
  const open = openOn(subscriberId, lists)
  const email = sql`(SELECT email FROM subscribers WHERE id = ${subscriberId})`
  const [, , ended = []] = await mailshot.db.write<{ listId: string }>(
    auditStatement(mailshot, {
      actor,
      action: 'unsubscribe',
      subject: `subscriber:${subscriberId}`,
      detail: { lists, reason },
      when: sql`EXISTS (SELECT 1 FROM subscriptions WHERE ${open})
        OR EXISTS (SELECT 1 FROM subscribers WHERE id = ${subscriberId} AND ${lists === 'all'}
          AND email NOT IN (SELECT email FROM suppressions))`,
    }),
    suppressStatement(mailshot, {
      email: lists === 'all' ? email : sql`NULL`,
      reason: 'unsubscribe',
      note: reason,
    }),
    sql`UPDATE subscriptions
        SET status = 'unsubscribed', ended_at = ${mailshot.now()}, end_reason = ${reason}
        WHERE ${open} RETURNING list_id AS listId`,
  )
  return { ended: ended.map((row) => row.listId) }
}

function openOn(subscriberId: number, lists: string[] | 'all'): SQL {
  const chosen =
    lists === 'all'
      ? sql`true`
      : sql`list_id IN (SELECT value FROM json_each(${JSON.stringify(lists)}))`
  return sql`subscriber_id = ${subscriberId} AND status <> 'unsubscribed' AND ${chosen}`
}

function readRequest(
  { config }: Mailshot,
  request: SubscribeRequest,
): { profile: Profile; problems: SubscribeProblem[] } {
  const { profile, problems, unknown } = readProfile(config.fields, request)
  const isOffered = (list: string) =>
    Object.hasOwn(config.lists, list) &&
    (request.consent.source !== 'form' || config.lists[list]?.public === true)
  const missing = request.lists.filter((list) => !isOffered(list))
  const lists = request.lists.length === 0 ? ['no list is chosen'] : missing.map(noList)
  return {
    profile,
    problems: [
      ...lists.map((text) => ({ field: 'lists' as const, text })),
      ...[...problems, ...unknown.map(noField)].map((text) => ({
        field: 'profile' as const,
        text,
      })),
    ],
  }
}

const noList = (list: string) => `there is no list "${list}"`
const noField = (field: string) => `${field}: there is no such field`

function needsConfirmation(mailshot: Mailshot, lists: string[]): boolean {
  return lists.some((list) => mailshot.config.lists[list]?.doubleOptIn !== false)
}

async function writePerson(
  mailshot: Mailshot,
  { identity, written }: ParsedAddress,
  { name, lang, attributes }: Profile,
): Promise<number> {
  const now = mailshot.now()
  const [, rows = []] = await mailshot.db.write<{ id: number }>(
    sql`INSERT INTO subscribers (email, written, name, lang, attributes, created_at, updated_at)
        VALUES (${identity}, ${written}, ${name}, ${lang}, ${JSON.stringify(attributes)}, ${now}, ${now})
        ON CONFLICT (email) DO UPDATE
          SET written = excluded.written, updated_at = excluded.updated_at,
            name = CASE excluded.name WHEN '' THEN name ELSE excluded.name END,
            lang = ifnull(excluded.lang, lang),
            attributes = json_patch(attributes, excluded.attributes)
          WHERE NOT EXISTS (SELECT 1 FROM subscriptions s
            WHERE s.subscriber_id = subscribers.id AND s.status = 'active')`,
    sql`SELECT id FROM subscribers WHERE email = ${identity}`,
  )
  return rows[0]?.id ?? 0
}

async function listsOf(
  mailshot: Mailshot,
  subscriberId: number,
  status: 'active' | 'pending',
  askedUntil = Number.MAX_SAFE_INTEGER,
): Promise<string[]> {
  const rows = await mailshot.db.all<{ listId: string }>(
    sql`SELECT list_id AS listId FROM subscriptions
        WHERE subscriber_id = ${subscriberId} AND status = ${status} AND asked_at <= ${askedUntil}
        ORDER BY list_id`,
  )
  return rows.map((row) => row.listId)
}
