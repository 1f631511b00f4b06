import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { parseEmailAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { eraseFromRejects } from '../privacy/reject-files.ts'
import { skipErasedStatement } from '../recipient/erased.ts'
import { ownHasher } from '../suppression/hash.ts'
import { mergeSuppression } from '../suppression/merge.ts'
import { emailsOf } from './addresses.ts'
import { scrubStatements } from './erase/scrub.ts'

export type Erased =
  /** Nothing is left of the person but a keyed hash of each address, by which nobody but they themselves brings it back. */
  | { status: 'erased' }
  /** The same, but that a mail to the person is just being handed over; what that leaves goes as soon as it is settled. */
  | { status: 'in-hand' }
  /** There is nobody of that number, or not any more. Nothing was changed. */
  | { status: 'unknown' }

/**
 * Erases a person everywhere: who they were, what they were on and agreed to, what they were sent and did with it, and what was noted
 * about them. What was counted of sends stays. Whoever is waiting in a send is skipped; what is in hand is finished first. A hash with the
 * site's own key keeps each address of theirs from being stored again, until its owner signs up and confirms. Doing it again changes nothing.
 *
 * A change of address is to leave an audit line `change-address` about `subscriber:<id>` with the old one as `from` in its detail, by
 * which the traces of the old one are found. What there is about one that another reader has by now is left to that reader.
 *
 * @param by the actor that the audit names; all that it keeps is that number `subscriberId` was erased, when, and by whom
 */
export async function erase(mailshot: Mailshot, subscriberId: number, by: string): Promise<Erased> {
  const erased = await eraseRows(mailshot, subscriberId, { by, hashedIf: sql`true` })
  await forgetLog(mailshot)
  return erased
}

/**
 * The same for one of many people, without {@link forgetLog}, which is then to be called once for them all.
 *
 * @param how `hashedIf`: the condition under which hashes are kept; of an address that is suppressed one is kept at any rate
 */
export async function eraseRows(
  mailshot: Mailshot,
  subscriberId: number,
  { by, hashedIf }: { by: string; hashedIf: SQL },
): Promise<Erased> {
  const emails = await addressesOf(mailshot, subscriberId)
  if (emails.length === 0) return { status: 'unknown' }
  const isThere = sql`EXISTS (SELECT 1 FROM subscribers WHERE id = ${subscriberId})`
  const now = mailshot.now()
  await mailshot.db.write(
    sql`INSERT INTO erasures (subscriber_id, emails, actor, at)
      SELECT ${subscriberId}, ${JSON.stringify(emails)}, ${by}, ${now} WHERE ${isThere}
      ON CONFLICT DO NOTHING`,
    auditStatement(mailshot, {
      actor: by,
      action: 'erase',
      subject: `subscriber:${subscriberId}`,
      detail: {},
      when: isThere,
    }),
    await keepOutStatement(mailshot, subscriberId, hashedIf),
    sql`DELETE FROM subscriptions WHERE subscriber_id = ${subscriberId}`,
    sql`DELETE FROM consents WHERE subscriber_id = ${subscriberId}`,
    sql`DELETE FROM former_ids WHERE subscriber_id = ${subscriberId}`,
    sql`DELETE FROM subscribers WHERE id = ${subscriberId}`,
    ...(await traceStatements(mailshot, { subscriberId, emails })),
  )
  await eraseFromRejects(mailshot, emails)
  const isWaiting = await isUnfinished(mailshot, subscriberId)
  return { status: isWaiting ? 'in-hand' : 'erased' }
}

/**
 * Erases what there is about an address that no subscriber has: reports of others, letters to it, why it gets nothing.
 *
 * @param by the actor that the audit names; it does not keep which address that was
 */
export async function eraseAddress(mailshot: Mailshot, address: string, by: string): Promise<void> {
  const parsed = parseEmailAddress(address)
  if (!parsed) return
  const emails = [...new Set([parsed.identity, parsed.written])]
  await mailshot.db.write(
    auditStatement(mailshot, { actor: by, action: 'erase', subject: 'address', detail: {} }),
    ...(await traceStatements(mailshot, { subscriberId: 0, emails })),
  )
  await eraseFromRejects(mailshot, emails)
  await forgetLog(mailshot)
}

/** Ends the erasures that waited for mails in hand, as far as those are settled. A worker calls it twice a second. */
export async function finishErasures(mailshot: Mailshot): Promise<void> {
  const waiting = await mailshot.db.all<{ subscriberId: number; emails: string }>(sql`
    SELECT subscriber_id AS subscriberId, emails FROM erasures WHERE NOT ${isInHand(sql`subscriber_id`)}`)
  for (const { subscriberId, emails } of waiting) {
    const traces = { subscriberId, emails: JSON.parse(emails) }
    await mailshot.db.write(...(await traceStatements(mailshot, traces)))
  }
  if (waiting.length > 0 || unforgotten.has(mailshot.config)) await forgetLog(mailshot, 1)
}

interface Traces {
  /** 0 for nobody. */
  subscriberId: number
  /** Each as it is known by, and as it was written. */
  emails: string[]
}

/** The present address, those of before, and those that letters to the person went to, each in both forms. */
async function addressesOf({ db }: Mailshot, subscriberId: number): Promise<string[]> {
  const rows = await db.all<{ email: string; written: string | null }>(sql`
    SELECT email, written FROM subscribers WHERE id = ${subscriberId}
    UNION ALL
    SELECT detail ->> 'from', NULL FROM audit
    WHERE subject = ${`subscriber:${subscriberId}`} AND action = 'change-address' AND detail ->> 'from' IS NOT NULL
      AND EXISTS (SELECT 1 FROM subscribers WHERE id = ${subscriberId})
    UNION ALL
    SELECT lower(email), email FROM letters WHERE subscriber_id = ${subscriberId}
      AND EXISTS (SELECT 1 FROM subscribers WHERE id = ${subscriberId})`)
  const forms = rows.flatMap(({ email, written }) => [
    email,
    written ?? parseEmailAddress(email)?.identity ?? email,
    (written ?? email).toLowerCase(),
  ])
  return [...new Set(forms)]
}

/** Takes away all that is about the addresses, in the same write; but what is in hand for that person, for whom it is repeated. */
async function traceStatements(mailshot: Mailshot, traces: Traces): Promise<SQL[]> {
  const { subscriberId, emails } = traces
  const alone = await addressesOfNobodyElse(mailshot, traces)
  const given = sql`(SELECT value FROM json_each(${JSON.stringify(alone)}))`
  const every = sql`email IN (SELECT value FROM json_each(${JSON.stringify(emails)}))`
  const own = sql`${every} AND subscriber_id = ${subscriberId}`
  const others = sql`SELECT id FROM recipients WHERE ${every} AND subscriber_id <> ${subscriberId}`
  return [
    ...(await hashStatements(mailshot, alone)),
    skipErasedStatement(mailshot, own),
    sql`DELETE FROM audit WHERE action <> 'erase' AND subject IN (
      SELECT ${`subscriber:${subscriberId}`} UNION SELECT 'address:' || value FROM json_each(${JSON.stringify(alone)})
      UNION SELECT 'recipient:' || id FROM recipients WHERE ${own})`,
    sql`DELETE FROM events WHERE ${every} AND (recipient_id IN (SELECT id FROM recipients WHERE ${own})
      OR (email IN ${given} AND ifnull(recipient_id, 0) NOT IN (${others})))`,
    ...scrubStatements(alone),
    sql`DELETE FROM recipients WHERE ${own} AND status <> 'in-hand'`,
    sql`DELETE FROM letters WHERE status <> 'in-hand' AND (subscriber_id = ${subscriberId}
      OR (subscriber_id IS NULL AND email IN ${given}))`,
    // What another reader asked for who wanted an address of theirs.
    sql`DELETE FROM letters WHERE kind = 'change-address' AND status <> 'in-hand' AND lower(email) IN ${given}`,
    sql`DELETE FROM erasures WHERE subscriber_id = ${subscriberId} AND NOT ${isInHand(sql`${subscriberId}`)}`,
  ]
}

/** Those of the addresses that no other reader has now. */
async function addressesOfNobodyElse(
  { db }: Mailshot,
  { subscriberId, emails }: Traces,
): Promise<string[]> {
  const identityOf = (email: string) => parseEmailAddress(email)?.identity ?? email
  const rows = await db.all<{ email: string }>(sql`
    SELECT email FROM subscribers WHERE id <> ${subscriberId}
      AND email IN (SELECT value FROM json_each(${JSON.stringify(emails.map(identityOf))}))`)
  const taken = new Set(rows.map(({ email }) => email))
  return emails.filter((email) => !taken.has(identityOf(email)))
}

/** What suppression needs: that this address, should it come back, gets nothing, and why. A note may have the address in it. */
async function hashStatements(mailshot: Mailshot, emails: string[]): Promise<SQL[]> {
  const { kind, hashOf } = await ownHasher(mailshot)
  const hashed = JSON.stringify(emails.map((email) => [email, hashOf(email)]))
  return [
    sql`INSERT INTO suppressed_hashes (kind, hash, reason, note, at)
      SELECT ${kind}, j.value ->> 1, x.reason, NULL, x.at
      FROM json_each(${hashed}) AS j JOIN suppressions AS x ON x.email = j.value ->> 0 WHERE true
      ON CONFLICT (kind, hash) ${mergeSuppression('suppressed_hashes')}`,
    sql`DELETE FROM suppressions WHERE email IN (SELECT value ->> 0 FROM json_each(${hashed}))`,
  ]
}

/**
 * Who asked to be forgotten has left, whatever their subscriptions were. Of addresses to which letters went, but which they never
 * confirmed, nothing is kept: they may be somebody else's.
 */
async function keepOutStatement(mailshot: Mailshot, id: number, hashedIf: SQL): Promise<SQL> {
  const { kind, hashOf } = await ownHasher(mailshot)
  const own = await mailshot.db.all<{ email: string }>(sql`SELECT email FROM ${emailsOf(id)}`)
  const hashes = JSON.stringify(own.map(({ email }) => hashOf(email)))
  return sql`INSERT INTO suppressed_hashes (kind, hash, reason, note, at)
    SELECT ${kind}, value, 'unsubscribe', NULL, ${mailshot.now()} FROM json_each(${hashes})
    WHERE ${hashedIf} AND EXISTS (SELECT 1 FROM subscribers WHERE id = ${id})
    ON CONFLICT (kind, hash) ${mergeSuppression('suppressed_hashes')}`
}

/** Whether something is just being handed over to a person whose erasure waits. */
function isInHand(subscriberId: SQL): SQL {
  return sql`(EXISTS (SELECT 1 FROM recipients AS r WHERE r.status = 'in-hand' AND r.subscriber_id = ${subscriberId})
    OR EXISTS (SELECT 1 FROM letters AS l WHERE l.status = 'in-hand' AND l.subscriber_id = ${subscriberId}))`
}

async function isUnfinished({ db }: Mailshot, subscriberId: number): Promise<boolean> {
  const row = await db.get(sql`SELECT 1 FROM erasures WHERE subscriber_id = ${subscriberId}`)
  return row !== undefined
}

/** What was deleted stands in the write-ahead log beside a database file until that begins anew, which waits for who reads in it. */
export async function forgetLog({ db, sleep, config }: Mailshot, tries = 20): Promise<void> {
  if (!db.url.startsWith('file:')) return
  unforgotten.add(config)
  for (let left = tries; left > 0; left -= 1) {
    const [row] = await db.all<{ busy: number }>(sql`PRAGMA wal_checkpoint(TRUNCATE)`)
    if (row?.busy !== 1) return void unforgotten.delete(config)
    await sleep(50)
  }
}

/** Whose log could not begin anew yet, since somebody reads in it for long: it is tried again with the next look. */
const unforgotten = new WeakSet<Mailshot['config']>()
