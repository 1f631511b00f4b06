import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import type { ParsedAddress } from '../email-address.ts'
import type { MailshotConfig } from '../config.ts'
import { queueLetterStatement } from '../letter.ts'
import { letterDate } from '../letter/date.ts'
import { keptTold } from '../letter/values.ts'
import { titlesOf } from '../list.ts'
import type { Mailshot } from '../mailshot.ts'
import { day } from '../pace-limit.ts'
import { wordingHash, wordingStatements } from '../privacy/wording.ts'
import type { Profile } from '../profile.ts'
import { languageOfTexts } from '../reader-language.ts'
import { linkTo, signToken } from '../token.ts'
import { keepEndStatement } from './leave.ts'
import { passUnqueuedStatement } from './numbers.ts'

/** From where, by which form and which wording a subscription was asked for. */
export interface Consent {
  source: 'form' | 'api' | 'command'
  /** Who asked on behalf of the person, for the audit: `api:<token>`, `cli:<account>`. */
  actor?: string
  form?: string
  wording?: string
  ip?: string
  userAgent?: string
  /** Boxes of the form with words of their own, that were ticked. */
  fields?: readonly AgreedField[]
}

/** A field of the config that is a consent, and the words agreed to. */
export interface AgreedField {
  field: string
  wording: string
}

export interface Ask {
  subscriberId: number
  address: ParsedAddress
  profile: Profile
  lists: string[]
  consent: Consent
  /** The reader who named this person: the confirmation is an invitation then. */
  invitedBy?: number | undefined
}

/** What an ask says of the person: kept with it, since anyone may ask, and believed once that ask is confirmed. */
export interface Said extends Profile {
  /** The address as it was written: it is where the confirmation goes. */
  written: string
}

/** Before the name of a field, where a consent has the id of a list otherwise. */
export const fieldPrefix = 'field:'

const minute = 60_000
const askAgainAfter = 10 * minute
const confirmationsADay = 3
export const confirmationLife = 14 * day

/** Makes subscriptions active at once, and notes the consent: as confirmed, where someone vouches for that. */
export function activateStatements(mailshot: Mailshot, ask: Ask, confirmed: boolean): SQL[] {
  const now = mailshot.now()
  const { subscriberId } = ask
  const isActive = sql`EXISTS (SELECT 1 FROM subscriptions
    WHERE subscriber_id = ${subscriberId} AND list_id = value AND status = 'active')`
  const isConfirmed = sql`EXISTS (SELECT 1 FROM consents
    WHERE subscriber_id = ${subscriberId} AND list_id = value AND confirmed_at IS NOT NULL)`
  const confirmedAt = confirmed ? now : null
  const when = sql`NOT ${isActive} OR (${confirmed} AND NOT ${isConfirmed})`
  return [
    noteStatement(mailshot, ask, { action: 'subscribe', when }),
    keepEndStatement(subscriberId, sql`(SELECT value FROM ${each(ask.lists)})`),
    ...agreedWords(ask, now),
    ...fieldConsentStatements(ask, now, { confirmedAt, when }),
    consentStatement(ask, now, { confirmedAt, when }),
    sql`INSERT INTO subscriptions (subscriber_id, list_id, status, asked_at, active_at)
        SELECT ${subscriberId}, value, 'active', ${now}, ${now} FROM ${each(ask.lists)} WHERE true
        ON CONFLICT (subscriber_id, list_id) DO UPDATE
          SET status = 'active', active_at = excluded.active_at, ended_at = NULL, end_reason = NULL,
            asked_at = CASE status WHEN 'unsubscribed' THEN excluded.asked_at ELSE asked_at END
          WHERE subscriptions.status <> 'active'`,
  ]
}

/** Notes the boxes with words of their own that a person has ticked on their own page: nobody else has the link to it. */
export function agreeFieldsStatements(mailshot: Mailshot, ask: Omit<Ask, 'lists'>): SQL[] {
  const now = mailshot.now()
  const { wording: _ofLists, ...consent } = ask.consent
  const own = { ...ask, lists: [''], consent }
  return [
    ...agreedWords(own, now),
    ...fieldConsentStatements(own, now, { confirmedAt: now, when: sql`true` }),
  ]
}

/**
 * Queues the confirmation, notes the consent and makes the subscriptions pending. The order matters: a letter goes, and
 * a consent is noted, only where the same was not asked for minutes ago; a form sent twice is one ask.
 */
export function askStatements(mailshot: Mailshot, ask: Ask): SQL[] {
  const now = mailshot.now()
  return [
    noteStatement(mailshot, ask, {
      action: 'ask',
      when: sql`((${isNewAsk(ask, now)}) OR NOT ${isOpen(ask)})`,
    }),
    confirmationStatement(mailshot, ask, now),
    passUnqueuedStatement(),
    keepEndStatement(ask.subscriberId, sql`(SELECT value FROM ${each(ask.lists)})`),
    ...agreedWords(ask, now),
    ...fieldConsentStatements(ask, now, { when: isNewAsk(ask, now) }),
    consentStatement(ask, now, {
      said: { ...ask.profile, written: ask.address.written },
      when: isNewAsk(ask, now),
    }),
    sql`INSERT INTO subscriptions (subscriber_id, list_id, status, asked_at)
        SELECT ${ask.subscriberId}, value, 'pending', ${now} FROM ${each(ask.lists)} WHERE true
        ON CONFLICT (subscriber_id, list_id) DO UPDATE
          SET status = 'pending', asked_at = excluded.asked_at, ended_at = NULL, end_reason = NULL
          WHERE subscriptions.status = 'unsubscribed'`,
  ]
}

/** Who asked, by which form, where `when` holds for any of the lists. */
function noteStatement(
  mailshot: Mailshot,
  { subscriberId, lists, consent, invitedBy }: Ask,
  { action, when }: { action: 'ask' | 'subscribe'; when: SQL },
): SQL {
  return auditStatement(mailshot, {
    actor: consent.actor ?? actors[consent.source],
    action,
    subject: `subscriber:${subscriberId}`,
    detail: {
      lists,
      ...(consent.form !== undefined && { form: consent.form }),
      ...(invitedBy !== undefined && { invitedBy }),
    },
    when: sql`EXISTS (SELECT 1 FROM ${each(lists)} WHERE ${when})`,
  })
}

const actors = { form: 'page', api: 'api', command: 'command' } as const

function confirmationStatement(mailshot: Mailshot, ask: Ask, now: number): SQL {
  const { config } = mailshot
  const { subscriberId, address, lists, invitedBy } = ask
  const lang = languageOfTexts(config, ask.profile.lang)
  // The time of asking is signed too: what somebody else asks for later is not confirmed by this link.
  const expiresAt = now + confirmationLife
  const token = signToken(config.secrets, 'confirm', [subscriberId, now], expiresAt)
  const kind = invitedBy === undefined ? 'confirmation' : 'invitation'
  return queueLetterStatement(mailshot, {
    kind,
    subscriberId,
    email: address.written,
    lang: ask.profile.lang ?? config.lang,
    values: {
      lists: titlesOf(config, settingsOf(config, lists), lang),
      ...keptTold({ lists: idsOf(config, lists), until: expiresAt }),
      url: linkTo(config, 'confirm', token),
      date: letterDate(config, { kind, until: expiresAt }, lang),
      ...(invitedBy !== undefined && { invitedBy: String(invitedBy) }),
    },
    when: sql`EXISTS (SELECT 1 FROM ${each(lists)} WHERE ${isNewAsk(ask, now)})`,
  })
}

/** In the config's order, as every page names them. */
function idsOf({ lists }: MailshotConfig, ids: readonly string[]): string[] {
  return Object.keys(lists).filter((id) => ids.includes(id))
}

function settingsOf({ lists }: MailshotConfig, ids: readonly string[]) {
  return Object.entries(lists).flatMap(([id, list]) => (ids.includes(id) ? [list] : []))
}

function consentStatement(
  ask: Ask,
  now: number,
  { confirmedAt = null, said, when }: { confirmedAt?: number | null; said?: Said; when: SQL },
): SQL {
  const { subscriberId, profile, consent, lists } = ask
  return sql`
    INSERT INTO consents
      (subscriber_id, list_id, at, source, form, wording, lang, ip, user_agent, said, confirmed_at)
    SELECT ${subscriberId}, value, ${now}, ${consent.source}, ${consent.form ?? null},
      ${wordingHash(consent.wording)}, ${profile.lang}, ${consent.ip ?? null},
      ${consent.userAgent ?? null}, ${said ? JSON.stringify(said) : null}, ${confirmedAt}
    FROM ${each(lists)} WHERE ${when}`
}

function agreedWords({ profile, consent }: Ask, now: number): SQL[] {
  const { wording, fields = [] } = consent
  return wordingStatements([wording, ...fields.map((one) => one.wording)], profile.lang, now)
}

/** What was agreed to beside the lists, in the place of whose id it stands: where `when` holds for any of these. */
function fieldConsentStatements(
  ask: Ask,
  now: number,
  { confirmedAt = null, when }: { confirmedAt?: number | null; when: SQL },
): SQL[] {
  const isAsked = sql`EXISTS (SELECT 1 FROM ${each(ask.lists)} WHERE ${when})`
  return (ask.consent.fields ?? []).map(({ field, wording }) => {
    const own = { ...ask, lists: [fieldPrefix + field], consent: { ...ask.consent, wording } }
    return consentStatement(own, now, { confirmedAt, when: isAsked })
  })
}

/**
 * Whether the list `value` was not asked for just now, and the person was not mailed too often: three times a day, and once
 * as long as the link lives after they left everything or their mail came back.
 */
function isNewAsk({ subscriberId, address, consent }: Ask, now: number): SQL {
  return sql`
    NOT EXISTS (
      SELECT 1 FROM consents c
      JOIN subscriptions s ON s.subscriber_id = c.subscriber_id AND s.list_id = c.list_id
      WHERE c.subscriber_id = ${subscriberId} AND c.list_id = value
        AND c.source = ${consent.source} AND c.at > ${now - askAgainAfter}
        AND s.status <> 'unsubscribed' AND s.asked_at <= c.at)
    AND (
      SELECT count(DISTINCT c.at) FROM consents c
      WHERE c.subscriber_id = ${subscriberId} AND ${isUnconfirmedAsk}
        AND c.at > ${now - day} AND c.at < ${now}) < ${confirmationsADay}
    AND NOT EXISTS (
      SELECT 1 FROM suppressions x
      JOIN consents c ON c.subscriber_id = ${subscriberId} AND c.at > x.at
      WHERE x.email = ${address.identity} AND ${isUnconfirmedAsk}
        AND c.at > ${now - confirmationLife} AND c.at < ${now})`
}

/** A box alone is no ask: one that was not confirmed stays so. */
const isUnconfirmedAsk = sql`c.source <> 'import' AND c.confirmed_at IS NULL
  AND c.list_id NOT LIKE ${`${fieldPrefix}%`}`

/** Whether the list `value` waits already, or is active. */
function isOpen({ subscriberId }: Ask): SQL {
  return sql`EXISTS (SELECT 1 FROM subscriptions
    WHERE subscriber_id = ${subscriberId} AND list_id = value AND status <> 'unsubscribed')`
}

function each(values: readonly string[]): SQL {
  return sql`json_each(${JSON.stringify(values)})`
}
