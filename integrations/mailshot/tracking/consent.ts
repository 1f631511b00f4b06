import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { escapeRegExp } from '../escape-reg-exp.ts'
import type { Fact } from '../event/fact.ts'
import type { Mailshot } from '../mailshot.ts'
import { wordingHash, wordingStatements } from '../privacy/wording.ts'
import type { Consent } from '../subscriber/ask.ts'
import { isEventOf } from '../subscriber/addresses.ts'

/** The statements that note that a person agrees to be counted by name, with the words agreed to. Nothing where they do already. */
export function agreeStatements(
  mailshot: Mailshot,
  {
    subscriberId,
    lang,
    consent,
  }: { subscriberId: number; lang: string | null; consent: Partial<Consent> },
): SQL[] {
  const now = mailshot.now()
  const { source = 'form', form = null, wording = null, ip = null, userAgent = null } = consent
  const isNew = sql`id = ${subscriberId} AND tracking_agreed_at IS NULL`
  return [
    ...wordingStatements([wording], lang, now),
    sql`INSERT INTO consents
        (subscriber_id, list_id, at, source, form, wording, lang, ip, user_agent, confirmed_at)
      SELECT id, '', ${now}, ${source}, ${form}, ${wordingHash(wording)}, ${lang}, ${ip}, ${userAgent}, ${now}
      FROM subscribers WHERE ${isNew}`,
    auditStatement(mailshot, {
      actor: 'subscriber',
      action: 'agree-to-tracking',
      subject: `subscriber:${subscriberId}`,
      detail: { form },
      when: sql`EXISTS (SELECT 1 FROM subscribers WHERE ${isNew})`,
    }),
    sql`UPDATE subscribers SET tracking_agreed_at = ${now} WHERE ${isNew}`,
  ]
}

/**
 * The statements that take that back: what was recorded of this person's opens and clicks loses its name, and goes on counting as
 * what nobody did by name. The consent stays on record, and so does its end.
 */
export function withdrawStatements(
  mailshot: Mailshot,
  {
    subscriberId,
    actor = 'subscriber',
    when = sql`true`,
  }: { subscriberId: number; actor?: string; when?: SQL },
): SQL[] {
  const agreed = sql`SELECT 1 FROM subscribers WHERE id = ${subscriberId} AND tracking_agreed_at IS NOT NULL`
  return [
    auditStatement(mailshot, {
      actor,
      action: 'withdraw-tracking',
      subject: `subscriber:${subscriberId}`,
      detail: {},
      when: sql`EXISTS (${agreed}) AND ${when}`,
    }),
    sql`UPDATE events SET ${nameless}
      WHERE ${isEventOf(subscriberId)} AND type IN ('opened', 'clicked') AND ${when}`,
    sql`UPDATE consents SET ended_at = ${mailshot.now()}
      WHERE subscriber_id = ${subscriberId} AND list_id = '' AND ended_at IS NULL AND ${when}`,
    sql`UPDATE subscribers SET tracking_agreed_at = NULL WHERE id = ${subscriberId} AND ${when}`,
  ]
}

const nameless = sql`url = iif(instr(lower(url), email) OR instr(lower(url), replace(email, '@', '%40')), NULL, url),
  email = NULL, recipient_id = NULL, resend = NULL, message_id = NULL, provider_event_id = NULL, raw = '{}'`

/**
 * The statement that takes the name from opens and clicks whose reader took the consent back since {@link withoutNames} looked at it; to
 * stand behind those that write them.
 */
export function withdrawnStatements(facts: readonly Fact[]): SQL[] {
  const named = facts.filter((fact) => isReading(fact) && fact.subscriberId !== null)
  if (named.length === 0) return []
  const keys = JSON.stringify(named.map(({ key, subscriberId }) => [key, subscriberId]))
  return [
    sql`UPDATE events SET ${nameless} WHERE key IN (SELECT value ->> 0 FROM json_each(${keys})
      WHERE NOT EXISTS (SELECT 1 FROM subscribers WHERE id = value ->> 1 AND tracking_agreed_at IS NOT NULL))`,
  ]
}

/** Whether a person agrees to be counted by name. */
export async function isCountedByName({ db }: Mailshot, subscriberId: number): Promise<boolean> {
  return (
    (await db.get(
      sql`SELECT 1 FROM subscribers WHERE id = ${subscriberId} AND tracking_agreed_at IS NOT NULL`,
    )) !== undefined
  )
}

/**
 * Takes the name from the opens and clicks of those who have not agreed to be counted by it, whoever reports them. What matched no
 * mail of ours is about nobody we know, and stays as it was reported.
 */
export async function withoutNames(mailshot: Mailshot, facts: readonly Fact[]): Promise<Fact[]> {
  const reading = facts.filter(isReading)
  if (reading.length === 0) return [...facts]
  const named = await whoAgreed(mailshot, reading)
  return facts.map((fact) =>
    isReading(fact) && !(fact.subscriberId !== null && named.has(fact.subscriberId))
      ? { ...fact, ...nobody, url: withoutAddress(fact) }
      : fact,
  )
}

/** A link may have the reader's address in it, where the campaign put it there. */
function withoutAddress({ url, email }: Fact): string | null {
  if (url === null || email === null) return url
  return [email, encodeURIComponent(email)].reduce(
    (text, form) => text.replaceAll(new RegExp(escapeRegExp(form), 'gi'), '(address)'),
    url,
  )
}

/**
 * Takes the name from what is reported of mails whose recipient is gone and whose address nobody here has: of somebody who was erased.
 * It still counts for the send.
 */
export async function withoutErased(mailshot: Mailshot, facts: readonly Fact[]): Promise<Fact[]> {
  const isGone = ({ sendId, recipientId, email }: Fact) =>
    sendId !== null && recipientId === null && email !== null
  const emails = facts.filter(isGone).flatMap(({ email }) => email ?? [])
  if (emails.length === 0) return [...facts]
  const rows = await mailshot.db.all<{ email: string }>(sql`
    SELECT email FROM subscribers WHERE email IN (SELECT value FROM json_each(${JSON.stringify(emails)}))`)
  const known = new Set(rows.map(({ email }) => email))
  return facts.map((fact) =>
    isGone(fact) && !known.has(fact.email ?? '')
      ? { ...fact, ...nobody, reason: null, url: null }
      : fact,
  )
}

function isReading({ type, matchedBy }: Fact): boolean {
  return (type === 'opened' || type === 'clicked') && matchedBy !== null
}

const nobody = {
  email: null,
  recipientId: null,
  resend: null,
  subscriberId: null,
  messageId: null,
  ourId: null,
  token: null,
  providerEventId: null,
  raw: '{}',
}

async function whoAgreed(
  { config, db }: Mailshot,
  facts: readonly Fact[],
): Promise<ReadonlySet<number>> {
  const ids = facts.flatMap(({ subscriberId }) => subscriberId ?? [])
  if (!config.tracking.individual || ids.length === 0) return new Set()
  const rows = await db.all<{ id: number }>(sql`
    SELECT id FROM subscribers WHERE tracking_agreed_at IS NOT NULL
      AND id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`)
  return new Set(rows.map(({ id }) => id))
}
