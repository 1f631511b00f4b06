import { randomUUID } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm/sql'
import type { AttributeValue } from '../../../db/schema.ts'
import type { Mailshot } from '../mailshot.ts'

/** A recipient that this worker holds, with what its mail is composed from. */
export interface ClaimedRecipient {
  id: number
  claimId: string
  sendId: string
  subscriberId: number
  written: string
  tries: number
  /** How often the operator has had it mailed once more. */
  resend: number
  /** When the relay first failed at its mail, of the times since its last other answer. */
  relayFaultAt?: number | null
  name: string
  lang: string | null
  attributes: Record<string, AttributeValue>
  /** Whether this person agrees to be counted by name. */
  isTracked?: boolean
  /** Which transport was chosen for it, where there are several. */
  route?: string | null | undefined
}

/** From whom a claim takes: all who wait in a send, or those of one route, where there are several (null: none was chosen). */
export interface Source {
  sendId: string
  route?: string | null | undefined
}

export interface Claim extends Source {
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
  const ofSend = sql`SELECT id FROM recipients WHERE ${isOfSource(claim)}`
  const takes =
    claim.lane === undefined
      ? [
          // Greylisting forgets who comes back too late, and a reader's own hour passes: who is due goes first.
          take(sql`${ofSend} AND status = 'deferred' AND lane IS NULL AND due_at <= ${now}
            ORDER BY due_at LIMIT ${claim.limit}`),
          take(sql`${ofSend} AND status = 'pending' ORDER BY id LIMIT ${claim.limit}`),
        ]
      : [
          // Who was asked to come back goes first, wherever the queue of the lane has got to.
          take(sql`${ofSend} AND status = 'deferred' AND lane = ${claim.lane} AND due_at <= ${now}
            AND tries > 0 ORDER BY due_at LIMIT ${claim.limit}`),
          take(sql`${ofSend} AND status = 'deferred' AND lane = ${claim.lane}
            ORDER BY due_at LIMIT ${claim.limit}`),
        ]
  const results = await mailshot.db.write<{ claimed: string }>(
    ...takes,
    // One JSON text, since a row of the database's own costs ten times as much as a line of it.
    sql`SELECT json_group_array(json_array(r.id, r.subscriber_id, r.written, r.tries, r.resend, r.relay_fault_at, coalesce(s.name, ''), s.lang,
        json(coalesce(s.attributes, '{}')), s.tracking_agreed_at IS NOT NULL) ORDER BY r.id) AS claimed
      FROM recipients r LEFT JOIN subscribers s ON s.id = r.subscriber_id
      WHERE r.claim_id = ${claimId} AND r.status = 'claimed'`,
  )
  return readClaim(results.at(-1)?.[0]?.claimed ?? '[]', { ...claim, claimId })
}

/** A condition for recipients that wait; it names no route where there is one transport alone. */
export function isOfSource({ sendId, route }: Source): SQL {
  if (route === undefined) return sql`send_id = ${sendId}`
  return route === null
    ? sql`send_id = ${sendId} AND route IS NULL`
    : sql`send_id = ${sendId} AND route = ${route}`
}

type ClaimColumns = [
  id: number,
  subscriberId: number,
  written: string,
  tries: number,
  resend: number,
  relayFaultAt: number | null,
  name: string,
  lang: string | null,
  attributes: Record<string, AttributeValue>,
  isTracked: number,
]

function readClaim(text: string, by: Source & { claimId: string }): ClaimedRecipient[] {
  const columns: ClaimColumns[] = JSON.parse(text)
  return columns.map(
    ([
      id,
      subscriberId,
      written,
      tries,
      resend,
      relayFaultAt,
      name,
      lang,
      attributes,
      isTracked,
    ]) => ({
      id,
      claimId: by.claimId,
      sendId: by.sendId,
      subscriberId,
      written,
      tries,
      resend,
      relayFaultAt,
      name,
      lang,
      attributes,
      isTracked: isTracked === 1,
      ...(by.route !== undefined && { route: by.route }),
    }),
  )
}
