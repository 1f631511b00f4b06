import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { type ParsedAddress, parseEmailAddress } from '../email-address.ts'
import { queueLetterStatement } from '../letter.ts'
import { letterDate } from '../letter/date.ts'
import { keptTold } from '../letter/values.ts'
import type { Mailshot } from '../mailshot.ts'
import { day } from '../pace-limit.ts'
import { languageOfTexts } from '../reader-language.ts'
import { findSuppression, liftableReasons, liftOwnStatements } from '../suppression.ts'
import { nameSuppressed } from '../suppression/hash.ts'
import { linkTo, signToken, verifyToken } from '../token.ts'
import { digestOf } from './address-digest.ts'
import { findMerging, mergeStatements } from './merge.ts'
import { passUnqueuedStatement } from './numbers.ts'
import { findPerson, type Person } from './person.ts'

/** How long the link to a new address works, in ms. */
export const newAddressLife = 7 * day
const asksADay = 3

export type AskedAddress =
  /** Where mail may go there, the new address was mailed a link; nothing is told of who else is known by it. */
  | { status: 'asked' }
  /** Nothing was done: it is no address, the one that they have, asked for too often, or there is nobody of that number. */
  | { status: 'invalid' | 'same' | 'too-often' | 'unknown' }

/**
 * Asks for mail to go to another address from now on. Nothing changes before the link is followed that is mailed there: it works for
 * seven days, for the address that was asked for last, and for nobody else. Three times a day, both for a person and for an address.
 */
export async function askNewAddress(
  mailshot: Mailshot,
  { subscriberId, email }: { subscriberId: number; email: string },
): Promise<AskedAddress> {
  const address = parseEmailAddress(email)
  if (!address) return { status: 'invalid' }
  const person = await findPerson(mailshot, subscriberId)
  if (!person) return { status: 'unknown' }
  if (person.email === address.identity) return { status: 'same' }
  if (await isTooOften(mailshot, person.id)) return { status: 'too-often' }
  const suppression = await findSuppression(mailshot, address.identity)
  const mayMail = suppression === undefined || liftableReasons.includes(suppression.reason)
  // The link, its letter and the line are found by this moment.
  const at = mailshot.now()
  const then = { ...mailshot, now: () => at }
  await mailshot.db.write(
    // Without the address, which may be somebody else's: the letter alone has it.
    auditStatement(then, {
      actor: 'subscriber',
      action: 'ask-change-address',
      subject: `subscriber:${person.id}`,
      detail: {},
    }),
    linkStatement(then, person, { address, mayMail }),
    passUnqueuedStatement(),
  )
  return { status: 'asked' }
}

/** What a link to change an address is worth now. */
export type FoundAddress =
  | { status: 'lost' }
  /** Another address was asked for since, or the person is gone. */
  | { status: 'ended' | 'expired'; person: Person | undefined }
  /** The new address gets nothing, and only the operator can lift that. */
  | { status: 'suppressed'; person: Person }
  | ({ status: 'ready' } & NewAddress)
  | { status: 'changed'; person: Person }

interface NewAddress {
  person: Person
  address: ParsedAddress
  /** Whoever is known by the new address already: both become one. */
  other: Person | undefined
  askedAt: number
}

/** What following a link to change an address would do, for the page that asks before. Changes nothing. */
export async function findNewAddress(mailshot: Mailshot, token: string): Promise<FoundAddress> {
  const { secrets } = mailshot.config
  const verified = verifyToken(secrets, 'change-address', token, mailshot.now())
  const isExpired = 'refused' in verified && verified.refused === 'expired'
  if ('refused' in verified && !isExpired) return { status: 'lost' }
  const [id = 0, askedAt = 0, digest = 0] = 'ids' in verified ? verified.ids : verified.signed
  const person = await findPerson(mailshot, id)
  if (person && digestOf(person.email) === digest) return { status: 'changed', person }
  if (isExpired) return { status: 'expired', person }
  const address = await latestAsk(mailshot, { id: person?.id ?? 0, askedAt })
  if (!person || !address || digestOf(address.identity) !== digest) {
    return { status: 'ended', person }
  }
  const suppression = await findSuppression(mailshot, address.identity)
  if (suppression && !liftableReasons.includes(suppression.reason)) {
    return { status: 'suppressed', person: { ...person, written: address.written } }
  }
  return {
    status: 'ready',
    person,
    address,
    other: await findByAddress(mailshot, address.identity),
    askedAt,
  }
}

/**
 * Writes to a person at their new address from now on, and tells the old one. Whoever was known by the new one becomes one with them:
 * what is active for either stays active, and links in the mails of both go on working. What kept mail from the new address is lifted
 * where its owner may lift it; what becomes of mails to the old one does not touch the new one. Sends that have begun go on to the
 * addresses that they froze. Doing it again changes nothing.
 */
export async function changeAddress(
  mailshot: Mailshot,
  token: string,
): Promise<{ status: FoundAddress['status'] }> {
  const found = await findNewAddress(mailshot, token)
  if (found.status !== 'ready') return { status: found.status }
  const { person, address, other, askedAt } = found
  const merging = other && (await findMerging(mailshot, { from: other, into: person }))
  await nameSuppressed(mailshot, [address.identity])
  const now = mailshot.now()
  // Nobody has signed up with the new address since it was looked for: the button is to be pressed once more then.
  const isStill = sql`(EXISTS (SELECT 1 FROM subscribers WHERE id = ${person.id} AND email = ${person.email})
    AND NOT EXISTS (SELECT 1 FROM subscribers WHERE email = ${address.identity} AND id <> ${other?.id ?? 0}))`
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor: 'subscriber',
      action: 'change-address',
      subject: `subscriber:${person.id}`,
      // The erasure of a person finds the traces of their old addresses by it.
      detail: { from: person.email, to: address.identity, ...(other && { merged: other.id }) },
      when: isStill,
    }),
    toldStatement(mailshot, person, isStill),
    ...(merging ? mergeStatements(mailshot, merging, isStill) : []),
    // A confirmation that waits at the old address would bring that back.
    sql`UPDATE consents SET said = NULL WHERE subscriber_id = ${person.id} AND said IS NOT NULL AND ${isStill}`,
    ...liftOwnStatements(mailshot, address.identity, askedAt),
    sql`UPDATE subscribers SET email = ${address.identity}, written = ${address.written}, updated_at = ${now}
        WHERE id = ${person.id} AND ${isStill}`,
  )
  return { status: 'changed' }
}

function linkStatement(
  mailshot: Mailshot,
  { id, lang: own }: Person,
  { address, mayMail }: { address: ParsedAddress; mayMail: boolean },
): SQL {
  const { config } = mailshot
  const now = mailshot.now()
  const lang = languageOfTexts(config, own)
  const expiresAt = now + newAddressLife
  const ids = [id, now, digestOf(address.identity)]
  const token = signToken(config.secrets, 'change-address', ids, expiresAt)
  return queueLetterStatement(mailshot, {
    kind: 'change-address',
    subscriberId: id,
    email: address.written,
    lang: own ?? config.lang,
    values: {
      url: linkTo(config, 'change-address', token),
      date: letterDate(config, { kind: 'change-address', until: expiresAt }, lang),
      ...keptTold({ until: expiresAt }),
    },
    when: sql`${mayMail} AND (SELECT count(*) FROM letters WHERE kind = 'change-address'
      AND lower(email) = ${address.written.toLowerCase()} AND created_at > ${now - day}) < ${asksADay}`,
  })
}

/** Tells the old address, where mail still goes there: whoever did not want this can say so. */
function toldStatement(mailshot: Mailshot, person: Person, isStill: SQL): SQL {
  return queueLetterStatement(mailshot, {
    kind: 'address-changed',
    subscriberId: person.id,
    email: person.written,
    lang: person.lang ?? mailshot.config.lang,
    values: {},
    when: sql`${isStill} AND NOT EXISTS (SELECT 1 FROM suppressions WHERE email = ${person.email})`,
  })
}

async function isTooOften({ db, now }: Mailshot, id: number): Promise<boolean> {
  const row = await db.get<{ n: number }>(sql`
    SELECT count(*) AS n FROM audit WHERE subject = ${`subscriber:${id}`} AND action = 'ask-change-address'
      AND at > ${now() - day}`)
  return (row?.n ?? 0) >= asksADay
}

/** What was asked for then, unless something else was since. */
async function latestAsk(
  { db }: Mailshot,
  { id, askedAt }: { id: number; askedAt: number },
): Promise<ParsedAddress | undefined> {
  const row = await db.get<{ email: string | null }>(sql`
    SELECT (SELECT email FROM letters WHERE subscriber_id = ${id} AND kind = 'change-address' AND created_at = ${askedAt}) AS email
    FROM (SELECT at, action FROM audit
      WHERE subject = ${`subscriber:${id}`} AND action IN ('ask-change-address', 'change-address')
      ORDER BY id DESC LIMIT 1) WHERE at = ${askedAt} AND action = 'ask-change-address'`)
  return parseEmailAddress(row?.email ?? '')
}

async function findByAddress(mailshot: Mailshot, email: string): Promise<Person | undefined> {
  const row = await mailshot.db.get<{ id: number }>(
    sql`SELECT id FROM subscribers WHERE email = ${email}`,
  )
  return row && findPerson(mailshot, row.id)
}
