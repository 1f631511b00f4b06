import { type SQL, sql } from 'drizzle-orm/sql'
import { type DeliveryState, type RecipientStatus, recipientStatuses } from '../../db/status.ts'
import type { Mailshot } from './mailshot.ts'
import {
  domainsInHand,
  inHand,
  type Lane,
  laneOf,
  returnDomainSlotsStatement,
  returnSlotsStatement,
} from './pace.ts'
import { settleReportedStatement } from './recipient/reported.ts'
import type { Settlement } from './recipient/settlement.ts'
import { waysOf } from './route.ts'

export { type Claim, type ClaimedRecipient, claimRecipients } from './recipient/claim.ts'

/**
 * Writes outcomes down and gives their slots back to the lane. Only the claim that holds a recipient settles it; a late
 * answer still turns an `uncertain` of the same claim into what is now known, and one that waits again unclaimed, was cancelled
 * meanwhile, or settled as failed by hand, into `sent`. Repeating it changes nothing.
 */
export function settleStatements(settlements: Settlement[], lane: Lane, now: number): SQL[] {
  if (settlements.length === 0) return []
  const [sent = [], others = []] = [true, false].map((isSent) =>
    settlements.filter(({ status }) => (status === 'sent') === isSent),
  )
  return [
    ...(lane.limits.length > 0 ? [returnSlotsStatement(lane, stillInHand(settlements), now)] : []),
    ...(sent.length > 0 ? [settleSentStatement(sent, now)] : []),
    ...(others.length > 0 ? [settleOthersStatement(others, now)] : []),
    ...settleReported(others, now),
  ]
}

/** Nearly all, so it does no more than it must. */
function settleSentStatement(sent: Settlement[], now: number): SQL {
  const rows = sent.map(({ id, claimId, providerId, answer }) => [id, claimId, providerId, answer])
  return sql`
    UPDATE recipients SET status = 'sent', reason = NULL, enhanced = NULL, lane = NULL,
      provider_id = j.provider_id, answer = j.answer, settled_at = ${now}
    FROM (SELECT value ->> 0 AS id, value ->> 1 AS claim_id, value ->> 2 AS provider_id, value ->> 3 AS answer
      FROM json_each(${JSON.stringify(rows)})) AS j
    WHERE recipients.id = j.id AND recipients.claim_id = j.claim_id
      AND (recipients.status IN ('in-hand', 'uncertain', 'pending', 'deferred', 'cancelled')
        OR (recipients.status = 'failed' AND recipients.reason LIKE 'settled as failed by %'))`
}

function settleOthersStatement(settlements: Settlement[], now: number): SQL {
  const rows = sql`json_each(${JSON.stringify(settlements)})`
  return sql`
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
      answer = j.answer, relay_fault_at = j.relay_fault_at, settled_at = ${now}
    FROM (SELECT value ->> 'id' AS id, value ->> 'claimId' AS claim_id, value ->> 'status' AS status,
        value ->> 'reason' AS reason, value ->> 'enhanced' AS enhanced, value ->> 'dueAt' AS due_at,
        value ->> 'providerId' AS provider_id, value ->> 'answer' AS answer,
        value ->> 'relayFaultAt' AS relay_fault_at
      FROM ${rows}) AS j, sends AS s
    WHERE recipients.id = j.id AND recipients.claim_id = j.claim_id AND s.id = recipients.send_id
      AND (recipients.status = 'in-hand' OR (recipients.status = 'uncertain' AND j.status <> 'uncertain'))`
}

/** What was reported of a mail may be here before its link broke. */
function settleReported(settlements: Settlement[], now: number): SQL[] {
  const uncertain = settlements.filter(({ status }) => status === 'uncertain').map(({ id }) => id)
  if (uncertain.length === 0) return []
  const which = sql`status = 'uncertain' AND id IN (SELECT value FROM json_each(${JSON.stringify(uncertain)}))`
  return [settleReportedStatement(which, now)]
}

/** A scalar SQL expression: how many of them their claims still hold in hand. */
function stillInHand(held: { id: number; claimId: string }[]): SQL {
  const claims = JSON.stringify(held.map(({ id, claimId }) => ({ id, claimId })))
  return sql`(SELECT count(*) FROM json_each(${claims}) AS j JOIN recipients AS r ON r.id = j.value ->> 'id'
    WHERE r.claim_id = j.value ->> 'claimId' AND r.status = 'in-hand')`
}

/** The plus keeps SQLite from walking a whole send instead of the few that are claimed. */
function whoseClaims(held: Parameters<typeof releaseStatement>[0]): SQL {
  if (held === 'paused') return sql`+send_id IN (SELECT id FROM sends WHERE status = 'paused')`
  return 'workerId' in held ? sql`worker_id = ${held.workerId}` : sql`+send_id = ${held.sendId}`
}

/** What a claimed recipient was before: one with a due time had been deferred. */
const returnedStatus = sql`CASE
  WHEN EXISTS (SELECT 1 FROM sends WHERE id = recipients.send_id AND status = 'cancelled') THEN 'cancelled'
  WHEN recipients.due_at IS NULL THEN 'pending' ELSE 'deferred' END`

/** Gives back what is claimed and not in hand: all that a worker holds, all of one send, or of those that are paused. */
export function releaseStatement(held: { workerId: string } | { sendId: string } | 'paused'): SQL {
  const whose = whoseClaims(held)
  return sql`
    UPDATE recipients SET status = ${returnedStatus}, settled_at = settled_at, claim_id = NULL, worker_id = NULL
    WHERE status = 'claimed' AND ${whose}`
}

/**
 * Takes from the `dead`, a query for ids of workers, what they held: claimed ones go back, those in hand become uncertain (or go
 * back, where the config chose to resend). What was in hand, letters too, counts for the limits as answered now.
 */
export function recoverStatements({ config }: Mailshot, dead: SQL, now: number): SQL[] {
  const lanes = waysOf(config).map((way) => laneOf(way.config, 'send'))
  const ofTheDead = sql`AND worker_id IN ${dead}`
  const domains = domainsInHand(config.mailer === undefined, ofTheDead)
  const afterHand = config.resendUncertain ? returnedStatus : sql`'uncertain'`
  return [
    ...lanes.map((lane) => returnSlotsStatement(lane, inHand(lane, ofTheDead), now)),
    returnDomainSlotsStatement(config.domains, domains, now),
    sql`UPDATE recipients SET status = ${returnedStatus}, settled_at = settled_at
    WHERE status = 'claimed' AND worker_id IN ${dead}`,
    settleReportedStatement(sql`status = 'in-hand' AND worker_id IN ${dead}`, now),
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
export function cancelStatements(
  sendId: string,
  limit: number,
  now: number,
  reason?: string,
): SQL[] {
  const why = reason === undefined ? sql`` : sql`, reason = ${reason}`
  const cancel = (which: SQL): SQL => sql`
    UPDATE recipients SET status = 'cancelled', settled_at = ${now} ${why}
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
  /** What was reported since: of several reports, the one that counts most. */
  delivery: DeliveryState | null
  deliveryClass: 'hard' | 'soft' | null
  /** What its mail was put in hand for last. */
  transport: string | null
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
      due_at AS dueAt, message_id AS messageId, provider_id AS providerId, answer, transport,
      delivery, delivery_class AS deliveryClass
    FROM recipients WHERE send_id = ${sendId} AND id > ${afterId}
      ${status ? sql`AND status = ${status}` : sql``} ${email ? sql`AND email = ${email}` : sql``}
    ORDER BY id LIMIT ${limit}`)
}

export function isRecipientStatus(text: string): text is RecipientStatus {
  return recipientStatuses.some((status) => status === text)
}
