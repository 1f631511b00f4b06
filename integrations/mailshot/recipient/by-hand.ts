import { type SQL, sql } from 'drizzle-orm/sql'
import type { RecipientStatus } from '../../../db/status.ts'
import { listsByNow } from '../list/became.ts'

/** A recipient as the operator found it: one that was mailed again since, or has another status now, is another. */
export interface Picked {
  id: number
  resend: number
  status: RecipientStatus
}

/** Who decides by hand, why, and when. */
export interface ByHand {
  actor: string
  reason: string | undefined
  now: number
}

/**
 * Settles recipients by the operator's word: uncertain ones, and those whom the operator found waiting, while their send stands
 * still; what was known of each stays in the audit. Repeating it changes nothing. The last statement counts those who are now
 * as told.
 */
export function settleByHandStatements(
  picked: readonly Picked[],
  as: 'sent' | 'failed',
  by: ByHand,
): SQL[] {
  const standsStill = sql`EXISTS (SELECT 1 FROM sends WHERE id = send_id AND status = 'paused')`
  // Who was uncertain and was given back meanwhile has not got it, and is mailed.
  const which = sql`${isAsFound(picked)}
    AND (status = 'uncertain' OR (status IN ('pending', 'deferred') AND ${standsStill}))`
  const note = by.reason === undefined ? '' : `: ${by.reason}`
  return [
    historyStatement({ action: 'settle', detail: { as, note: by.reason }, which }, by),
    sql`UPDATE recipients SET status = ${as}, settled_at = ${by.now},
          reason = ${`settled as ${as} by ${by.actor}${note}`}
        WHERE ${which}`,
    sql`SELECT count(*) AS count FROM recipients WHERE ${isPicked(picked)} AND status = ${as}`,
  ]
}

/**
 * Lets recipients, where the condition holds, be mailed once more, as if they were new; what became of them before stays in the audit.
 * Where the first mail may have arrived, the next one gets a Message-ID of its own. Repeating it changes nothing. The last
 * statement counts those who were let go.
 */
export function resendStatements(picked: readonly Picked[], when: SQL, by: ByHand): SQL[] {
  const which = sql`${isAsFound(picked)} AND ${when}`
  const next = picked.map(({ id, resend }) => ({ id, resend: resend + 1 }))
  return [
    historyStatement({ action: 'resend', detail: { note: by.reason }, which }, by),
    // What was renamed since is looked for by the name that it has.
    sql`UPDATE recipients SET lists = (SELECT json_group_array(id) FROM (${listsByNow(sql`recipients.lists`)}))
        WHERE ${which} AND EXISTS (SELECT 1 FROM json_each(recipients.lists) AS j JOIN lists AS l ON l.id = j.value WHERE l.became IS NOT NULL)`,
    sql`UPDATE recipients SET status = 'pending', tries = 0, resend = resend + 1,
          message_id = iif(status IN ('sent', 'uncertain'), NULL, message_id),
          reason = NULL, enhanced = NULL, due_at = NULL, relay_fault_at = NULL, claim_id = NULL, worker_id = NULL,
          in_hand_at = NULL, settled_at = NULL, provider_id = NULL, answer = NULL,
          delivery = NULL, delivery_class = NULL, settled_by = NULL
        WHERE ${which}`,
    sql`SELECT count(*) AS count FROM recipients WHERE ${isPicked(next)}`,
  ]
}

/** Lets claimed recipients wait again, where the condition holds: nobody goes on with the sends of a database that is taken over. */
export function releaseClaimsStatement(when: SQL): SQL {
  return sql`UPDATE recipients SET status = iif(due_at IS NULL, 'pending', 'deferred'), settled_at = settled_at,
      claim_id = NULL, worker_id = NULL
    WHERE status = 'claimed' AND ${when}`
}

/** Makes uncertain, where the condition holds, what was in hand when a backup was made: no worker of then will settle it. */
export function strandedStatement(when: SQL): SQL {
  return sql`UPDATE recipients SET status = 'uncertain', settled_at = unixepoch() * 1000,
      reason = 'it was in hand when the backup was made'
    WHERE status = 'in-hand' AND ${when}`
}

function isAsFound(picked: readonly Picked[]): SQL {
  const rows = JSON.stringify(picked.map(({ id, resend, status }) => ({ id, resend, status })))
  return sql`(id, resend, status) IN
    (SELECT value ->> 'id', value ->> 'resend', value ->> 'status' FROM json_each(${rows}))`
}

function isPicked(picked: readonly Omit<Picked, 'status'>[]): SQL {
  const rows = JSON.stringify(picked.map(({ id, resend }) => ({ id, resend })))
  return sql`(id, resend) IN (SELECT value ->> 'id', value ->> 'resend' FROM json_each(${rows}))`
}

/** Notes what each of them was until now, in the write that changes it and before it does. */
function historyStatement(
  change: { action: string; detail: Record<string, unknown>; which: SQL },
  { actor, now }: ByHand,
): SQL {
  return sql`
    INSERT INTO audit (at, actor, action, subject, detail)
    SELECT ${now}, ${actor}, ${change.action}, 'recipient:' || id,
      json_patch(${JSON.stringify(change.detail)}, json_object('send', send_id, 'was', status,
        'tries', tries, 'reason', reason, 'enhanced', enhanced, 'answer', answer,
        'messageId', message_id, 'providerId', provider_id,
        'inHandAt', in_hand_at, 'settledAt', settled_at, 'delivery', delivery))
    FROM recipients WHERE ${change.which}`
}
