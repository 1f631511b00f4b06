import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { day } from '../pace-limit.ts'
import { hasAnswered } from './stayed.ts'

/** An asking that is looked through, and how far that has come. */
interface Walk {
  sendId: string
  list: string
  days: number
  /** Of the send: before then nobody's days were counted. */
  startedAt: number | null
  /** Whether nobody was left to be mailed when the walk began. */
  isSent: boolean
  afterId: number
  /** Whether somebody met so far has days left. */
  isWaiting: boolean
}

const everyMs = 60_000
const atOnce = 1000
const rounds = new WeakMap<Mailshot['config'], { nextAt: number; walks: Walk[] }>()

/**
 * Takes those off their list who were asked and have not answered in time, and ends what has nobody left to wait for. A worker calls it
 * twice a second; it looks once a minute, and goes through what was asked in slices, one at each call, so that a send is not held up.
 */
export async function tendReconsents(mailshot: Mailshot): Promise<void> {
  const now = mailshot.now()
  const round = rounds.get(mailshot.config) ?? { nextAt: -Infinity, walks: [] }
  rounds.set(mailshot.config, round)
  if (round.walks.length === 0) {
    if (now < round.nextAt) return
    round.nextAt = now + everyMs
    round.walks = await openWalks(mailshot)
  }
  for (let [walk] = round.walks; walk; [walk] = round.walks) {
    if (await walkSlice(mailshot, walk)) return
    await endWalk(mailshot, walk)
    round.walks.shift()
  }
}

async function openWalks({ db }: Mailshot): Promise<Walk[]> {
  const open = await db.all<
    Pick<Walk, 'sendId' | 'list' | 'days' | 'startedAt'> & { sent: number }
  >(sql`
    SELECT q.send_id AS sendId, q.list_id AS list, q.days, s.started_at AS startedAt,
      s.status IN ('done', 'cancelled') AS sent
    FROM reconsents AS q JOIN sends AS s ON s.id = q.send_id WHERE q.ended_at IS NULL`)
  return open.map(({ sent, ...one }) => ({
    ...one,
    isSent: sent === 1,
    afterId: 0,
    isWaiting: false,
  }))
}

/** Answers whether there is more. All that concerns one reader is in one write, so that an answer comes before it or after it. */
async function walkSlice(mailshot: Mailshot, walk: Walk): Promise<boolean> {
  const { sendId, days, startedAt, afterId } = walk
  const slice = await mailshot.db.get<{ id: number | null; n: number }>(sql`
    SELECT max(id) AS id, count(*) AS n FROM (SELECT id FROM recipients
      WHERE send_id = ${sendId} AND id > ${afterId} ORDER BY id LIMIT ${atOnce})`)
  if (slice?.id == null) return false
  const mailed = mailedIn(walk, slice.id)
  const before = mailshot.now() - days * day
  const isOver = startedAt !== null && startedAt < before
  const results = await mailshot.db.write(
    leftStatement(walk, mailed),
    ...(isOver ? silentStatements(mailshot, walk, { mailed, before }) : []),
    sql`SELECT 1 FROM ${mailed} WHERE r.in_hand_at >= ${before} LIMIT 1`,
  )
  walk.afterId = slice.id
  walk.isWaiting ||= (results.at(-1)?.length ?? 0) > 0
  return slice.n === atOnce
}

/** Of a slice, those who surely had the mail: whose mailbox did not refuse it, and for whom nobody else got it. */
function mailedIn({ sendId, afterId }: Walk, upTo: number): SQL {
  return sql`(SELECT id, subscriber_id, in_hand_at FROM recipients
    WHERE send_id = ${sendId} AND id > ${afterId} AND id <= ${upTo} AND status = 'sent'
      AND ifnull(delivery, '') NOT IN ('bounced', 'rejected') AND redirected IS NOT 1) AS r`
}

function silentStatements(
  mailshot: Mailshot,
  { sendId, list }: Walk,
  { mailed, before }: { mailed: SQL; before: number },
): SQL[] {
  const now = mailshot.now()
  const silent = sql`SELECT p.subscriber_id FROM ${mailed} JOIN subscriptions AS p
      ON p.subscriber_id = r.subscriber_id AND p.list_id = ${list} AND p.status = 'active'
    WHERE r.in_hand_at < ${before} AND max(p.asked_at, ifnull(p.active_at, 0)) < r.in_hand_at
      AND NOT ${hasAnswered(sql`r.subscriber_id`, sql`${list}`, sql`r.in_hand_at`)}`
  return [
    sql`INSERT INTO audit (at, actor, action, subject, detail)
      SELECT ${now}, 'mailshot', 'unsubscribe', 'subscriber:' || subscriber_id,
        json_object('lists', json_array(${list}), 'reason', 're-consent', 'send', ${sendId}) FROM (${silent})`,
    sql`UPDATE subscriptions SET status = 'unsubscribed', ended_at = ${now}, end_reason = 're-consent'
      WHERE list_id = ${list} AND subscriber_id IN (${silent})`,
  ]
}

/** Who left by themselves has answered, too. */
function leftStatement({ list }: Walk, mailed: SQL): SQL {
  return sql`INSERT INTO consents (subscriber_id, list_id, at, source, form, confirmed_at)
    SELECT p.subscriber_id, ${list}, p.ended_at, 're-consent', 'leave', p.ended_at
    FROM ${mailed} JOIN subscriptions AS p ON p.subscriber_id = r.subscriber_id AND p.list_id = ${list}
    WHERE p.status = 'unsubscribed' AND p.end_reason IN ('page', 'one-click', 'preferences', 'mail', 'reported')
      AND p.ended_at >= r.in_hand_at
      AND NOT EXISTS (SELECT 1 FROM consents AS c WHERE c.subscriber_id = p.subscriber_id AND c.list_id = ${list}
        AND c.source = 're-consent' AND c.form = 'leave' AND c.at = p.ended_at)`
}

/** Over, once the send is and the days of everybody mailed by it. */
async function endWalk(mailshot: Mailshot, { sendId, isSent, isWaiting }: Walk): Promise<void> {
  if (!isSent || isWaiting) return
  await mailshot.db.write(
    sql`UPDATE reconsents SET ended_at = ${mailshot.now()} WHERE send_id = ${sendId} AND ended_at IS NULL`,
  )
}
