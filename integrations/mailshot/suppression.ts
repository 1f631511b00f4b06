import { type SQL, sql } from 'drizzle-orm/sql'
import type { SuppressionReason } from '../../db/status.ts'
import { auditStatement } from './audit.ts'
import { type EmailAddress, parseEmailAddress } from './email-address.ts'
import { MailshotError } from './error.ts'
import type { Mailshot } from './mailshot.ts'
import { findByHash, forgetHashesStatements, nameSuppressed } from './suppression/hash.ts'
import { weakerThan } from './suppression/merge.ts'

export interface Suppression {
  email: string
  reason: SuppressionReason
  note: string | null
  at: number
}

/**
 * Keeps every mail from an address, whatever its subscriptions say. A stronger reason replaces a weaker one, never the
 * other way round.
 *
 * @returns whether this changed anything
 * @throws MailshotError when it is not an address
 */
export async function suppress(
  mailshot: Mailshot,
  address: string,
  cause: { reason: SuppressionReason; note?: string; actor: string },
): Promise<{ changed: boolean; suppression: Suppression }> {
  const email = identityOf(address)
  const { reason, note = null } = cause
  await nameSuppressed(mailshot, [email])
  const before = await findSuppression(mailshot, email)
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor: cause.actor,
      action: 'suppress',
      subject: `address:${email}`,
      detail: { reason, ...(note !== null && { note }) },
      when: isWeakerThan(email, reason),
    }),
    suppressStatement(mailshot, { email: sql`${email}`, reason, note }),
  )
  const stored = await findSuppression(mailshot, email)
  return {
    changed: before?.reason !== stored?.reason || before?.at !== stored?.at,
    suppression: stored ?? { email, reason, note, at: mailshot.now() },
  }
}

/** Suppresses in the same write as another change. `email` is an expression; where it yields NULL, nothing happens. */
export function suppressStatement(
  mailshot: Mailshot,
  { email, reason, note = null }: { email: SQL; reason: SuppressionReason; note?: string | null },
): SQL {
  return sql`
    INSERT INTO suppressions (email, reason, note, at)
    SELECT address, ${reason}, ${note}, ${mailshot.now()} FROM (SELECT ${email} AS address)
    WHERE address IS NOT NULL
    ON CONFLICT (email) DO UPDATE
      SET reason = excluded.reason, note = excluded.note, at = excluded.at
      WHERE suppressions.reason IN (SELECT value FROM json_each(${JSON.stringify(weakerThan(reason))}))`
}

/**
 * Lets mail go to the address again. Subscriptions that ended stay ended.
 *
 * @returns what was lifted, if anything was
 * @throws MailshotError when it is not an address
 */
export async function lift(
  mailshot: Mailshot,
  address: string,
  { actor }: { actor: string },
): Promise<Suppression | undefined> {
  const email = identityOf(address)
  const found = await findSuppression(mailshot, email)
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor,
      action: 'lift',
      subject: `address:${email}`,
      detail: {},
      when: sql`${found !== undefined}`,
    }),
    sql`DELETE FROM suppressions WHERE email = ${email}`,
    ...(await forgetHashesStatements(mailshot, email)),
  )
  return found
}

/** What the person may lift by confirming; `complaint` and `manual` need the operator. */
export const liftableReasons: readonly SuppressionReason[] = ['unsubscribe', 'hard-bounce']

/** Lifts in the same write as another change, and only what the person may lift and was there at `before`. */
export function liftOwnStatements(mailshot: Mailshot, email: string, before: number): SQL[] {
  const own = sql`at <= ${before}
    AND reason IN (SELECT value FROM json_each(${JSON.stringify(liftableReasons)}))`
  return liftStatements(mailshot, email, { by: 'confirmation', which: own })
}

/** Lifts in the same write as another change what the person asked for by leaving: at any time, or `at` that moment only. */
export function liftUnsubscribeStatements(
  mailshot: Mailshot,
  email: string,
  { by, at }: { by: string; at?: number },
): SQL[] {
  const which = sql`reason = 'unsubscribe' AND at = ifnull(${at ?? null}, at)`
  return liftStatements(mailshot, email, { by, which })
}

function liftStatements(
  mailshot: Mailshot,
  email: string,
  { by, which }: { by: string; which: SQL },
): SQL[] {
  return [
    auditStatement(mailshot, {
      actor: 'subscriber',
      action: 'lift',
      subject: `address:${email}`,
      detail: { by },
      when: sql`EXISTS (SELECT 1 FROM suppressions WHERE email = ${email} AND ${which})`,
    }),
    sql`DELETE FROM suppressions WHERE email = ${email} AND ${which}`,
  ]
}

export async function isSuppressed(mailshot: Mailshot, address: string): Promise<boolean> {
  return (await findSuppression(mailshot, address)) !== undefined
}

/**
 * Why and since when an address gets nothing, also where only its hash is kept; `undefined` for one that may get mail, or that is
 * no address.
 */
export async function findSuppression(
  mailshot: Mailshot,
  address: string,
): Promise<Suppression | undefined> {
  const email = parseEmailAddress(address)?.identity
  if (email === undefined) return undefined
  const named = await mailshot.db.get<Suppression>(
    sql`SELECT email, reason, note, at FROM suppressions WHERE email = ${email}`,
  )
  if (named) return named
  const hashed = await findByHash(mailshot, email)
  return hashed && { email, reason: hashed.reason, note: hashed.note, at: hashed.at }
}

/** A page of suppressions by address; the last one's address asks for the next page. */
export async function listSuppressions(
  mailshot: Mailshot,
  page: { reason?: SuppressionReason; after?: string; limit?: number } = {},
): Promise<Suppression[]> {
  return mailshot.db.all<Suppression>(sql`
    SELECT email, reason, note, at FROM suppressions
    WHERE email > ${page.after ?? ''} AND reason = ifnull(${page.reason ?? null}, reason)
    ORDER BY email LIMIT ${page.limit ?? 100}`)
}

function isWeakerThan(email: EmailAddress, reason: SuppressionReason): SQL {
  return sql`NOT EXISTS (
    SELECT 1 FROM suppressions WHERE email = ${email}
      AND reason NOT IN (SELECT value FROM json_each(${JSON.stringify(weakerThan(reason))})))`
}

function identityOf(address: string): EmailAddress {
  const parsed = parseEmailAddress(address)
  if (parsed) return parsed.identity
  throw new MailshotError(`"${address}" is not an e-mail address; write it like name@example.org`)
}
