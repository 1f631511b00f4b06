import { type SQL, sql } from 'drizzle-orm/sql'
import type { ClaimedRecipient } from '../recipient.ts'

/** What became of a claimed recipient by a mark. */
export interface Mark {
  id: number
  status: 'in-hand' | 'skipped' | 'claimed'
  /** Made at the first mark and kept, so that it is the same on every try; a resend has one of its own. */
  messageId: string
  /** The lists that selected it and are still active, in the send's order. */
  lists: string[]
}

/**
 * Marks claimed recipients in hand, as many as `allowed` (a scalar SQL expression) says, in the order given; not those who were
 * suppressed, have left all their lists or want no mail for now, whose send was paused or is to end before, whose claim was lost, or any
 * when the worker's lease ran out. What their mails are composed with is noted, so that it can be shown again; `lang` is that of readers who have none. `host` is
 * what their Message-IDs end with.
 */
export function inHandStatement(
  recipients: ClaimedRecipient[],
  mark: {
    workerId: string
    allowed: SQL
    /** How long after `now` they may be handed over, in milliseconds. */
    ahead?: number
    host: string
    lang: string
    /** What their mails go by. */
    transport: string
    /** Whether they go to the config's `redirectTo`. */
    isRedirected?: boolean
    now: number
    lanes?: MarkedLanes | undefined
  },
): SQL {
  const able = sql`
    SELECT * FROM (
      SELECT j.key AS place, r.id AS held_id, j.value ->> 2 AS reader_lang, j.value ->> 3 AS way, ${activeLists} AS active
      ${heldRecipients(recipients, mark)} AND NOT ${isSuppressed} AND NOT ${isResting(mark.now)}
      -- Not to be flattened: the lists of each are looked at once.
      LIMIT -1 OFFSET 0)
    WHERE active IS NOT NULL`
  return sql`
    UPDATE recipients SET status = 'in-hand', tries = tries + 1, in_hand_at = ${mark.now}, reason = NULL,
      transport = ${mark.transport}, redirected = ${mark.isRedirected ? 1 : null},
      lang = coalesce(reader_lang, ${mark.lang}), active_lists = nullif(active, lists),
      message_id = coalesce(message_id,
        '<' || send_id || '.' || id || iif(resend > 0, '.' || resend, '') || '@' || ${mark.host} || '>')
    FROM (
      SELECT held_id, reader_lang, active FROM (${mark.lanes ? withinLanes(able, mark.lanes) : able})
      ORDER BY place LIMIT ${mark.allowed})
    WHERE id = held_id`
}

/** Some recipients are limited by their domain, besides. */
export interface MarkedLanes {
  /** By the ids of those recipients, the place of their domain's lane. */
  ways: Map<number, number>
  /** A query for how many each lane allows, as `way` and `free`. */
  free: SQL
}

/** Of each lane the first ones, as many as it allows; all who have none. */
function withinLanes(able: SQL, { free }: MarkedLanes): SQL {
  return sql`SELECT a.* FROM (SELECT *, row_number() OVER (PARTITION BY way ORDER BY place) AS nth FROM (${able})) AS a
    LEFT JOIN (${free}) AS f ON f.way = a.way WHERE a.way IS NULL OR a.nth <= f.free`
}

/**
 * Skips those whom the mark left because they were suppressed, or have left every list that selected them, since the freeze; or because
 * they want no mail for now.
 */
export function skipStatement(
  recipients: ClaimedRecipient[],
  mark: { workerId: string; now: number },
): SQL {
  return sql`
    UPDATE recipients SET status = 'skipped', settled_at = ${mark.now},
      reason = CASE WHEN suppressed THEN 'suppressed' WHEN has_left THEN 'unsubscribed' ELSE 'paused' END
    FROM (SELECT r.id AS held_id, ${isSuppressed} AS suppressed, ${activeLists} IS NULL AS has_left
      ${heldRecipients(recipients, mark)}
      AND (${isSuppressed} OR ${activeLists} IS NULL OR ${isResting(mark.now)}))
    WHERE id = held_id`
}

/** A query for how many of each lane the mark put in hand, as `way` and `count`. */
export function takenOfLanes(
  recipients: ClaimedRecipient[],
  ways: Map<number, number>,
  now: number,
): SQL {
  return sql`SELECT j.value ->> 3 AS way, count(*) AS count
    FROM json_each(${claimsOf(recipients, ways)}) AS j CROSS JOIN recipients AS r ON r.id = j.value ->> 0
    WHERE r.claim_id = j.value ->> 1 AND r.status = 'in-hand' AND r.in_hand_at = ${now} GROUP BY 1`
}

/** Asks, after the mark, what became of them; those who are not in the answer were lost to others. */
export function marksStatement(recipients: ClaimedRecipient[], now: number): SQL {
  return sql`
    SELECT json_group_array(json_array(r.id, r.status, r.message_id, json(coalesce(r.active_lists, r.lists)))) AS marks
    FROM json_each(${claimsOf(recipients)}) AS j CROSS JOIN recipients AS r ON r.id = j.value ->> 0
    WHERE r.claim_id = j.value ->> 1 AND (r.status = 'claimed'
      OR (r.status = 'in-hand' AND r.in_hand_at = ${now}) OR (r.status = 'skipped' AND r.settled_at = ${now}))`
}

/** The answer to `marksStatement`. */
export function readMarks(rows: { marks: string }[]): Mark[] {
  const marks: [number, Mark['status'], string, string[]][] = JSON.parse(rows[0]?.marks ?? '[]')
  return marks.map(([id, status, messageId, lists]) => ({ id, status, messageId, lists }))
}

/** Those whose claim, send and worker's lease hold, as `r`, beside `j` with what is known of them. */
function heldRecipients(
  recipients: ClaimedRecipient[],
  mark: { workerId: string; now: number; ahead?: number; lanes?: MarkedLanes | undefined },
): SQL {
  const { workerId, now, ahead = 0, lanes } = mark
  return sql`FROM json_each(${claimsOf(recipients, lanes?.ways)}) AS j CROSS JOIN recipients AS r ON r.id = j.value ->> 0
    WHERE r.claim_id = j.value ->> 1 AND r.status = 'claimed'
      AND r.send_id IN (SELECT id FROM sends WHERE status = 'running' AND status NOT IN ('done', 'cancelled')
        AND (until IS NULL OR until > ${now + ahead}))
      AND EXISTS (SELECT 1 FROM workers WHERE id = ${workerId} AND lease_until > ${now})`
}

function claimsOf(recipients: ClaimedRecipient[], ways?: Map<number, number>): string {
  return JSON.stringify(
    recipients.map(({ id, claimId, lang }) => [id, claimId, lang, ways?.get(id) ?? null]),
  )
}

const isSuppressed = sql`EXISTS (SELECT 1 FROM suppressions WHERE email = r.email)`

/** Whether `r` is in a pause that they asked for. */
function isResting(now: number): SQL {
  return sql`EXISTS (SELECT 1 FROM subscribers WHERE id = r.subscriber_id AND paused_until > ${now})`
}

/** The lists of `r` that are still active, or NULL. Most have one, for which a look into an index is enough. */
const activeLists = sql`CASE
  WHEN json_array_length(r.lists) = 1 AND EXISTS (SELECT 1 FROM subscriptions
    WHERE status = 'active' AND list_id = r.lists ->> 0 AND subscriber_id = r.subscriber_id) THEN r.lists
  ELSE (SELECT nullif(json_group_array(value), '[]') FROM (
    SELECT l.value FROM json_each(r.lists) AS l JOIN subscriptions AS p
      ON p.list_id = l.value AND p.subscriber_id = r.subscriber_id AND p.status = 'active'
    ORDER BY l.key)) END`
