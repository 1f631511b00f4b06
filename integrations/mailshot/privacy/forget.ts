import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { monthsBefore } from '../purge.ts'
import { eraseRows, forgetLog } from '../subscriber/erase.ts'
import { forgetRejects } from './reject-files.ts'

/** What went because its time was over. */
export interface Forgotten {
  /** Erased. */
  people: number
  /** Subscriptions that were never confirmed, of people who are known otherwise. */
  asks: number
  letters: number
  audit: number
}

/** How far a walk through the people has come. */
export interface Walk {
  afterId: number
  isDone: boolean
}

export const startOfWalk: Walk = { afterId: 0, isDone: false }

/**
 * Forgets what the settings keep no longer, one slice at each call, so that a send that runs is not held up: people who have not
 * confirmed, who have left everything long ago, single mails, and lines of the audit. It may be broken off, and begun again.
 *
 * @param by the actor that the audit names with those who are erased
 */
export async function forgetSlice(
  mailshot: Mailshot,
  walk: Walk,
  by: string,
): Promise<{ gone: Forgotten; walk: Walk }> {
  const limits = limitsOf(mailshot)
  const last = await mailshot.db.get<{ id: number | null }>(
    sql`SELECT max(id) AS id FROM (SELECT id FROM subscribers WHERE id > ${walk.afterId} ORDER BY id LIMIT ${peopleAtOnce})`,
  )
  const upTo = last?.id ?? null
  if (upTo === null) {
    const rest = await forgetLines(mailshot, { ...limits, by })
    const isDone = rest.letters + rest.audit === 0
    if (isDone) await forgetRejects(mailshot, by)
    return { gone: { people: 0, asks: 0, ...rest }, walk: { ...walk, isDone } }
  }
  const slice = sql`s.id > ${walk.afterId} AND s.id <= ${upTo}`
  const due = await mailshot.db.all<{ id: number }>(
    sql`SELECT s.id FROM subscribers AS s WHERE ${slice} AND (${isUnconfirmed(limits)} OR ${hasLeft(limits)})
      ORDER BY s.id LIMIT ${erasedAtOnce}`,
  )
  for (const { id } of due) await eraseRows(mailshot, id, { by, hashedIf: hasLeftByChoice(id) })
  if (due.length > 0) await forgetLog(mailshot)
  const isMore = due.length === erasedAtOnce
  const asks = isMore ? 0 : await endAsks(mailshot, slice, { ...limits, by })
  const afterId = isMore ? (due.at(-1)?.id ?? upTo) : upTo
  const gone = { people: due.length, asks, letters: 0, audit: 0 }
  return { gone, walk: { afterId, isDone: false } }
}

/** Who would be erased now, and why; for a look before. */
export async function countForgettable(
  mailshot: Mailshot,
): Promise<{ unconfirmed: number; left: number }> {
  const limits = limitsOf(mailshot)
  const row = await mailshot.db.get<{ unconfirmed: number; left: number }>(sql`
    SELECT count(*) FILTER (WHERE ${isUnconfirmed(limits)}) AS unconfirmed,
      count(*) FILTER (WHERE ${hasLeft(limits)} AND NOT ${isUnconfirmed(limits)}) AS "left" FROM subscribers AS s`)
  return row ?? { unconfirmed: 0, left: 0 }
}

const peopleAtOnce = 2000
const erasedAtOnce = 10
const linesAtOnce = 500

/** Before when something is too old; null where it is kept for ever. */
interface Limits {
  asked: number | null
  left: number | null
  letters: number | null
  audit: number | null
}

function limitsOf(mailshot: Mailshot): Limits {
  const now = mailshot.now()
  const { privacy, keepDetails } = mailshot.config
  const { keepUnconfirmedDays: days, keepLeftMonths, keepAuditMonths } = privacy
  const before = (months: number | undefined) =>
    months === undefined ? null : monthsBefore(now, months)
  return {
    asked: days === false ? null : now - days * 86_400_000,
    left: before(keepLeftMonths),
    letters: before(keepDetails?.months),
    audit: before(keepAuditMonths),
  }
}

/** Whether a person `s` was asked long ago and never said yes, whatever became of the ask; or was only ever about to be asked. */
function isUnconfirmed({ asked }: Limits): SQL {
  if (asked === null) return sql`false`
  const own = sql`EXISTS (SELECT 1 FROM subscriptions AS p WHERE p.subscriber_id = s.id`
  return sql`(NOT EXISTS (SELECT 1 FROM consents AS c WHERE c.subscriber_id = s.id AND c.confirmed_at IS NOT NULL)
    AND NOT ${own} AND (p.active_at IS NOT NULL OR NOT (${isStale(asked)} OR ${hasEndedUnsaid(asked)})))
    AND (${own}) OR ${isAlone(asked)}))`
}

/** Whether a subscription `p` waits, and nobody asked for it again since. */
function isStale(before: number): SQL {
  return sql`(p.status = 'pending' AND ${isOld(before)})`
}

/** Whether a subscription `p` ended before it was confirmed. One that came by an import has no ask of ours. */
function hasEndedUnsaid(before: number): SQL {
  return sql`(p.status = 'unsubscribed' AND ${isOld(before)} AND (p.end_reason = 'unconfirmed'
    OR EXISTS (SELECT 1 FROM consents AS c WHERE c.subscriber_id = p.subscriber_id AND c.list_id = p.list_id
      AND c.source IN ('form', 'api', 'command'))))`
}

function isOld(before: number): SQL {
  return sql`p.asked_at < ${before} AND NOT EXISTS (SELECT 1 FROM consents AS c
    WHERE c.subscriber_id = p.subscriber_id AND c.list_id = p.list_id AND c.at >= ${before})`
}

/** Whether there is nothing but the row of `s`: the process was killed before it wrote the ask. What an import brings, it notes. */
function isAlone(before: number): SQL {
  return sql`(s.updated_at < ${before}
    AND NOT EXISTS (SELECT 1 FROM consents AS c WHERE c.subscriber_id = s.id)
    AND NOT EXISTS (SELECT 1 FROM former_ids AS f WHERE f.subscriber_id = s.id)
    AND NOT EXISTS (SELECT 1 FROM audit AS a WHERE a.subject = 'subscriber:' || s.id))`
}

/** Whether a person `s` was on lists, and has left the last of them long ago. */
function hasLeft({ left }: Limits): SQL {
  if (left === null) return sql`false`
  return sql`(EXISTS (SELECT 1 FROM subscriptions AS p WHERE p.subscriber_id = s.id)
    AND NOT EXISTS (SELECT 1 FROM subscriptions AS p WHERE p.subscriber_id = s.id
      AND (p.status <> 'unsubscribed' OR ifnull(p.ended_at, p.asked_at) >= ${left})))`
}

/** Whether a person has left a list, and did not merely wait to be on it, or was no longer answered by its function. */
function hasLeftByChoice(id: number): SQL {
  return sql`EXISTS (SELECT 1 FROM subscriptions WHERE subscriber_id = ${id}
    AND status = 'unsubscribed' AND ifnull(end_reason, '') NOT IN ('synced', 'unconfirmed'))`
}

/** What is left waiting is of people who are, or were, on some list: there, the ask alone ends. */
async function endAsks(
  mailshot: Mailshot,
  slice: SQL,
  { asked, by }: Limits & { by: string },
): Promise<number> {
  if (asked === null) return 0
  const which = sql`SELECT p.subscriber_id, p.list_id FROM subscribers AS s
    JOIN subscriptions AS p ON p.subscriber_id = s.id WHERE ${slice} AND ${isStale(asked)}`
  const [, , , rows] = await mailshot.db.write<{ n: number }>(
    sql`INSERT INTO audit (at, actor, action, subject, detail)
        SELECT ${mailshot.now()}, ${by}, 'end-ask', 'subscriber:' || subscriber_id, json_object('lists', json_group_array(list_id))
        FROM (${which}) GROUP BY subscriber_id`,
    sql`DELETE FROM consents WHERE confirmed_at IS NULL AND source <> 'import' AND (subscriber_id, list_id) IN (${which})`,
    sql`UPDATE subscriptions SET status = 'unsubscribed', ended_at = ${mailshot.now()}, end_reason = 'unconfirmed'
      WHERE (subscriber_id, list_id) IN (${which})`,
    sql`SELECT changes() AS n`,
  )
  return rows?.[0]?.n ?? 0
}

/** Single mails that are settled, and lines of the audit, but for those on which it depends what mails to a person do. */
async function forgetLines(
  mailshot: Mailshot,
  { letters, audit, by }: Limits & { by: string },
): Promise<Pick<Forgotten, 'letters' | 'audit'>> {
  const some = (table: SQL, which: SQL) =>
    sql`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${which} LIMIT ${linesAtOnce})`
  const noted = (subject: string) =>
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      SELECT ${mailshot.now()}, ${by}, 'forget', ${subject}, json_object('count', changes()) WHERE changes() > 0`
  const [, goneLetters, , , goneLines] = await mailshot.db.write<{ n: number }>(
    some(
      sql`letters`,
      letters === null
        ? sql`false`
        : sql`status IN ('sent', 'failed') AND created_at < ${letters} AND ifnull(settled_at, 0) < ${letters}`,
    ),
    sql`SELECT changes() AS n`,
    noted('letters'),
    some(
      sql`audit`,
      audit === null
        ? sql`false`
        : sql`at < ${audit} AND action NOT IN ${kept} AND NOT (${isAnswer} OR ${isOrigin})`,
    ),
    sql`SELECT changes() AS n`,
    noted('audit'),
  )
  return { letters: goneLetters?.[0]?.n ?? 0, audit: goneLines?.[0]?.n ?? 0 }
}

/** That an import brought a person who is on no list, who would look like one who never confirmed. */
const isOrigin = sql`(action = 'import' AND subject LIKE 'subscriber:%')`

/** From when on bounces count, whose address was which, who was erased. */
const kept = sql`('lift', 'change-address', 'erase')`

/** Whether it may be the break by which somebody answers a re-consent that still waits for answers. */
const isAnswer = sql`(action = 'pause' AND EXISTS (SELECT 1 FROM reconsents AS q WHERE q.ended_at IS NULL AND q.at <= audit.at))`
