import { type SQL, sql } from 'drizzle-orm/sql'
import { type ClaimedRecipient, isOfSource, type Source } from './claim.ts'

/**
 * Gives claimed recipients back to wait for the lane of their domain, each with its expected hour in the lane's even spread; those who
 * were tried already keep the hour they were asked to come back at, and go first. It costs them no try. Repeating it changes nothing.
 */
export function postponeStatements(
  recipients: ClaimedRecipient[],
  lane: { scope: string; domain: string; spacing: number; reason: string },
  now: number,
): SQL[] {
  const claims = JSON.stringify(recipients.map(({ id, claimId }) => ({ id, claimId })))
  const last = sql`(SELECT max(queued_until, next_at, ${now}) FROM lanes WHERE scope = ${lane.scope})`
  return [
    sql`INSERT INTO lanes (scope) VALUES (${lane.scope}) ON CONFLICT DO NOTHING`,
    sql`UPDATE recipients SET status = 'deferred', claim_id = NULL, worker_id = NULL,
        lane = ${lane.domain}, reason = ${lane.reason},
        due_at = iif(tries > 0, coalesce(due_at, ${now}), CAST(${last} + ${lane.spacing} * (j.place + 1) AS INTEGER))
      FROM (SELECT key AS place, value ->> 'id' AS id, value ->> 'claimId' AS claim_id
        FROM json_each(${claims})) AS j
      WHERE recipients.id = j.id AND recipients.claim_id = j.claim_id AND recipients.status = 'claimed'`,
    sql`UPDATE lanes SET
        queued_until = CAST(max(queued_until, next_at, ${now}) + ${lane.spacing} * changes() AS INTEGER)
      WHERE scope = ${lane.scope} AND changes() > 0`,
  ]
}

/** The recipient domains whose lanes recipients wait for. */
export function waitedForLanes(source: Source): SQL {
  // One seek a domain: DISTINCT would walk through everybody who waits.
  const next = (after: SQL): SQL => sql`(SELECT min(lane) FROM recipients
    WHERE ${isOfSource(source)} AND status = 'deferred' AND lane > ${after})`
  return sql`
    WITH RECURSIVE waited (lane) AS (
      SELECT ${next(sql`''`)}
      UNION ALL SELECT ${next(sql`waited.lane`)} FROM waited WHERE lane IS NOT NULL)
    SELECT lane FROM waited WHERE lane IS NOT NULL`
}
