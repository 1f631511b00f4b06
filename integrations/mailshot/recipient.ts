import { randomUUID } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm/sql'
import type { AttributeValue } from '../../db/schema.ts'
import { type RecipientStatus, recipientStatuses } from '../../db/status.ts'
import type { Mailshot } from './mailshot.ts'
import { inHand, type Lane, returnSlotsStatement } from './pace.ts'
import type { Settlement } from './recipient/settlement.ts'

/** A recipient that this worker holds, with what its mail is composed from. */
export interface ClaimedRecipient {
  id: number
  claimId: string
  sendId: string
  subscriberId: number
  written: string
  tries: number
  name: string
  lang: string | null
  attributes: Record<string, AttributeValue>
}

interface ClaimRow extends Omit<ClaimedRecipient, 'attributes' | 'claimId'> {
  attributes: string | null
}

export interface Claim {
  sendId: string
  workerId: string
  limit: number
  /** Those who wait for the lane of this recipient domain, instead of all others. */
  lane?: string
}

/**
 * Takes up to `limit` recipients of a running send for one worker: deferred ones that are due, else pending ones. Repeating the
 * same claim takes no more.
 */
export async function claimRecipients(
  mailshot: Mailshot,
  claim: Claim,
): Promise<ClaimedRecipient[]> {
  const claimId = randomUUID()
  const now = mailshot.now()
  const take = (source: SQL): SQL => sql`
    UPDATE recipients SET status = 'claimed', claim_id = ${claimId}, worker_id = ${claim.workerId}
    WHERE id IN (${source})
      AND NOT EXISTS (SELECT 1 FROM recipients WHERE claim_id = ${claimId} AND status = 'claimed')
      AND EXISTS (SELECT 1 FROM sends WHERE id = ${claim.sendId} AND status = 'running')
      AND EXISTS (SELECT 1 FROM workers WHERE id = ${claim.workerId} AND lease_until > ${now})`
  const ofSend = sql`SELECT id FROM recipients WHERE send_id = ${claim.sendId}`
  const takes =
    claim.lane === undefined
      ? [
          // Greylisting forgets who comes back too late, and a reader's own hour passes: who is due goes first.
          take(sql`${ofSend} AND status = 'deferred' AND lane IS NULL AND due_at <= ${now}
            ORDER BY due_at LIMIT ${claim.limit}`),
          take(sql`${ofSend} AND status = 'pending' ORDER BY id LIMIT ${claim.limit}`),
        ]
      : [
          take(sql`${ofSend} AND status = 'deferred' AND lane = ${claim.lane}
            ORDER BY due_at LIMIT ${claim.limit}`),
        ]
  const results = await mailshot.db.write<ClaimRow>(
    ...takes,
    sql`SELECT r.id, r.send_id AS sendId, r.subscriber_id AS subscriberId, r.written, r.tries,
      coalesce(s.name, '') AS name, s.lang, s.attributes
      FROM recipients r LEFT JOIN subscribers s ON s.id = r.subscriber_id
      WHERE r.claim_id = ${claimId} AND r.status = 'claimed' ORDER BY r.id`,
  )
  const rows = results.at(-1) ?? []
  return rows.map((row) => ({ ...row, claimId, attributes: JSON.parse(row.attributes ?? '{}') }))
}

export interface Mark {
  id: number
  /** The lists that selected it and are still active, in the send's order. */
  lists: string
  /** Made at the first mark and kept, so that it is the same on every try; a resend has one of its own. */
  messageId: string
}

const activeLists = sql`(
  SELECT coalesce(json_group_array(value), '[]') FROM (
    SELECT l.value FROM json_each(recipients.lists) AS l JOIN subscriptions AS p
      ON p.list_id = l.value AND p.subscriber_id = recipients.subscriber_id AND p.status = 'active'
    ORDER BY l.key))`

/** What must hold at the in-hand mark: the claim, the send, and the worker's lease. */
function holds(workerId: string, now: number): SQL {
  return sql`status = 'claimed'
    AND EXISTS (SELECT 1 FROM sends WHERE id = recipients.send_id AND status = 'running')
    AND EXISTS (SELECT 1 FROM workers WHERE id = ${workerId} AND lease_until > ${now})`
}

function claimsOf(recipients: ClaimedRecipient[]): string {
  return JSON.stringify(recipients.map(({ id, claimId, lang }) => ({ id, claimId, lang })))
}

/** Skips those of them who were suppressed, or have left every list that selected them, since the freeze. */
export function skipStatement(
  recipients: ClaimedRecipient[],
  mark: { workerId: string; now: number },
): SQL {
  const isSuppressed = sql`EXISTS (SELECT 1 FROM suppressions WHERE email = recipients.email)`
  return sql`
    UPDATE recipients SET status = 'skipped', settled_at = ${mark.now},
      reason = CASE WHEN ${isSuppressed} THEN 'suppressed' ELSE 'unsubscribed' END
    WHERE (id, claim_id) IN (
        SELECT value ->> 'id', value ->> 'claimId' FROM json_each(${claimsOf(recipients)}))
      AND ${holds(mark.workerId, mark.now)} AND (${isSuppressed} OR ${activeLists} = '[]')
    RETURNING id`
}

/**
 * Marks claimed recipients in hand, as many as `allowed` (a scalar SQL expression) says, in the order given. Recipients
 * who were skipped, whose send was paused, or whose claim was lost, are left out of the answer. What their mails are
 * composed with is noted, so that it can be shown again; `lang` is that of readers who have none. `host` is what their
 * Message-IDs end with.
 */
export function inHandStatement(
  recipients: ClaimedRecipient[],
  mark: { workerId: string; allowed: SQL; host: string; lang: string; now: number },
): SQL {
  return sql`
    UPDATE recipients SET status = 'in-hand', tries = tries + 1, in_hand_at = ${mark.now},
      reason = NULL, settled_at = NULL,
      lang = coalesce(reader_lang, ${mark.lang}), active_lists = nullif(${activeLists}, lists),
      message_id = coalesce(message_id,
        '<' || send_id || '.' || id || iif(resend > 0, '.' || resend, '') || '@' || ${mark.host} || '>')
    FROM (
        SELECT r.id AS claimed_id, j.value ->> 'lang' AS reader_lang
        FROM json_each(${claimsOf(recipients)}) AS j
          JOIN recipients AS r ON r.id = j.value ->> 'id' AND r.claim_id = j.value ->> 'claimId'
        WHERE r.status = 'claimed' ORDER BY j.key LIMIT ${mark.allowed})
    WHERE id = claimed_id AND ${holds(mark.workerId, mark.now)}
    RETURNING id, message_id AS messageId, coalesce(active_lists, lists) AS lists`
}

/** Which of them their claims still hold; the others were marked, or lost to a pause or a lease that ran out. */
export function stillClaimedStatement(recipients: ClaimedRecipient[]): SQL {
  return sql`
    SELECT r.id FROM json_each(${claimsOf(recipients)}) AS j JOIN recipients AS r ON r.id = j.value ->> 'id'
    WHERE r.claim_id = j.value ->> 'claimId' AND r.status = 'claimed'`
}

/**
 * Writes outcomes down and gives their slots back to the lane. Only the claim that holds a recipient settles it; a late
 * answer still turns an `uncertain` of the same claim into what is now known. Repeating it changes nothing.
 */
export function settleStatements(settlements: Settlement[], lane: Lane, now: number): SQL[] {
  if (settlements.length === 0) return []
  const rows = sql`json_each(${JSON.stringify(settlements)})`
  return [
    ...(lane.limits.length > 0 ? [returnSlotsStatement(lane, stillInHand(settlements), now)] : []),
    sql`
    UPDATE recipients SET
      status = CASE
        WHEN j.status NOT IN ('deferred', 'returned') THEN j.status
        WHEN s.status = 'cancelled' THEN 'cancelled'
        WHEN recipients.status = 'uncertain' AND s.status = 'done' THEN 'failed'
        WHEN j.status = 'returned' THEN ${returnedStatus}
        ELSE 'deferred' END,
      tries = tries - (j.status = 'returned'),
      due_at = CASE WHEN j.status = 'deferred' THEN j.due_at ELSE recipients.due_at END,
      lane = CASE WHEN j.status = 'returned' THEN recipients.lane END,
      reason = j.reason, enhanced = j.enhanced, provider_id = j.provider_id,
      answer = j.answer, settled_at = ${now}
    FROM (SELECT value ->> 'id' AS id, value ->> 'claimId' AS claim_id, value ->> 'status' AS status,
        value ->> 'reason' AS reason, value ->> 'enhanced' AS enhanced, value ->> 'dueAt' AS due_at,
        value ->> 'providerId' AS provider_id, value ->> 'answer' AS answer
      FROM ${rows}) AS j, sends AS s
    WHERE recipients.id = j.id AND recipients.claim_id = j.claim_id AND s.id = recipients.send_id
      AND (recipients.status = 'in-hand' OR (recipients.status = 'uncertain' AND j.status <> 'uncertain'))`,
  ]
}

/** A scalar SQL expression: how many of them their claims still hold in hand. */
export function stillInHand(held: { id: number; claimId: string }[]): SQL {
  const claims = JSON.stringify(held.map(({ id, claimId }) => ({ id, claimId })))
  return sql`(SELECT count(*) FROM json_each(${claims}) AS j JOIN recipients AS r ON r.id = j.value ->> 'id'
    WHERE r.claim_id = j.value ->> 'claimId' AND r.status = 'in-hand')`
}

/** What a claimed recipient was before: one with a due time had been deferred. */
const returnedStatus = sql`CASE
  WHEN EXISTS (SELECT 1 FROM sends WHERE id = recipients.send_id AND status = 'cancelled') THEN 'cancelled'
  WHEN recipients.due_at IS NULL THEN 'pending' ELSE 'deferred' END`

/** Gives back what is claimed and not in hand: all that a worker holds, or all of one send. */
export function releaseStatement(held: { workerId: string } | { sendId: string }): SQL {
  // The plus keeps SQLite from walking a whole send instead of the few that are claimed.
  const whose =
    'workerId' in held ? sql`worker_id = ${held.workerId}` : sql`+send_id = ${held.sendId}`
  return sql`
    UPDATE recipients SET status = ${returnedStatus}, claim_id = NULL, worker_id = NULL
    WHERE status = 'claimed' AND ${whose}`
}

/**
 * Takes from workers whose lease has run out what they held: claimed ones go back, those in hand become uncertain (or go back,
 * where the config chose to resend). What was in hand, letters too, counts for the limited `lanes` as answered now.
 */
export function recoverStatements(
  mailshot: Mailshot,
  lanes: Lane[],
  workerIds: string[],
  now: number,
): SQL[] {
  const dead = sql`(SELECT value FROM json_each(${JSON.stringify(workerIds)}))`
  const ofTheDead = sql`AND worker_id IN ${dead}`
  const afterHand = mailshot.config.resendUncertain ? returnedStatus : sql`'uncertain'`
  return [
    ...lanes.map((lane) => returnSlotsStatement(lane, inHand(lane, ofTheDead), now)),
    sql`UPDATE recipients SET status = ${returnedStatus} WHERE status = 'claimed' AND worker_id IN ${dead}`,
    sql`
    UPDATE recipients SET status = ${afterHand}, settled_at = ${now},
      reason = 'the process that was handing it over died'
    WHERE status = 'in-hand' AND worker_id IN ${dead}`,
    sql`SELECT count(*) AS uncertain FROM recipients
    WHERE status = 'uncertain' AND worker_id IN ${dead} AND settled_at = ${now}`,
  ]
}

/** The workers that hold something and are no longer noted as workers. */
export function orphanedWorkers(): SQL {
  const unknown = sql`worker_id NOT IN (SELECT id FROM workers)`
  return sql`
    SELECT worker_id AS id FROM recipients WHERE status = 'claimed' AND ${unknown}
    UNION SELECT worker_id FROM recipients WHERE status = 'in-hand' AND ${unknown}
    UNION SELECT worker_id FROM letters WHERE status = 'in-hand' AND ${unknown}`
}

/** Cancels up to `limit` recipients of a send in each status that nobody has in hand; a row is the answer while some are left. */
export function cancelStatements(sendId: string, limit: number, now: number): SQL[] {
  const cancel = (which: SQL): SQL => sql`
    UPDATE recipients SET status = 'cancelled', settled_at = ${now}
    WHERE id IN (SELECT id FROM recipients WHERE ${which} LIMIT ${limit})`
  // Literals, so that SQLite sees that the partial indexes apply.
  return [
    cancel(sql`send_id = ${sendId} AND status = 'pending'`),
    cancel(sql`send_id = ${sendId} AND status = 'deferred'`),
    cancel(sql`+send_id = ${sendId} AND status = 'claimed'`),
    sql`SELECT 1 WHERE ${isLeftToCancel(sql`${sendId}`)}`,
  ]
}

/** Whether a send has recipients that a cancel would end. */
export function isLeftToCancel(sendId: SQL): SQL {
  return sql`(EXISTS (SELECT 1 FROM recipients WHERE send_id = ${sendId} AND status = 'pending') OR
    EXISTS (SELECT 1 FROM recipients WHERE send_id = ${sendId} AND status = 'deferred') OR
    EXISTS (SELECT 1 FROM recipients WHERE +send_id = ${sendId} AND status = 'claimed'))`
}

/** One line of a send's history. */
export interface RecipientRow {
  id: number
  email: string
  status: RecipientStatus
  tries: number
  /** How often the operator had it mailed once more. */
  resend: number
  reason: string | null
  enhanced: string | null
  inHandAt: number | null
  settledAt: number | null
  dueAt: number | null
  messageId: string | null
  providerId: string | null
  answer: string | null
}

export interface RecipientQuery {
  sendId: string
  status?: RecipientStatus
  /** Normalised. */
  email?: string
  /** Keyset paging: those with a greater id. */
  afterId?: number
  limit?: number
}

/** A page of a send's recipients by ascending id; 1000 unless told. */
export async function listRecipients(
  mailshot: Mailshot,
  query: RecipientQuery,
): Promise<RecipientRow[]> {
  const { sendId, status, email, afterId = 0, limit = 1000 } = query
  return mailshot.db.all<RecipientRow>(sql`
    SELECT id, email, status, tries, resend, reason, enhanced, in_hand_at AS inHandAt, settled_at AS settledAt,
      due_at AS dueAt, message_id AS messageId, provider_id AS providerId, answer
    FROM recipients WHERE send_id = ${sendId} AND id > ${afterId}
      ${status ? sql`AND status = ${status}` : sql``} ${email ? sql`AND email = ${email}` : sql``}
    ORDER BY id LIMIT ${limit}`)
}

export function isRecipientStatus(text: string): text is RecipientStatus {
  return recipientStatuses.some((status) => status === text)
}
