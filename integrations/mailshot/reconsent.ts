import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from './audit.ts'
import { didYouMean } from './closest.ts'
import type { CompiledCampaign } from './compile.ts'
import { MailshotError } from './error.ts'
import type { Mailshot } from './mailshot.ts'
import { monthsBefore } from './purge.ts'
import { reconsentMail } from './reconsent/mail.ts'
import { cancelSend, countAudience, startSend } from './send.ts'
import type { AudienceCount } from './send/audience.ts'

/** A list whose readers are asked whether they want to stay, and what came of it so far. */
export interface Reconsent {
  sendId: string
  list: string
  /** Who has not answered so many days after the mail leaves the list. */
  days: number
  at: number
  /** Since when nobody leaves by it any more. */
  endedAt: number | null
  status: 'open' | 'stopped' | 'done'
  /** Mails sent. */
  asked: number
  stayed: number
  /** Who left by themselves since their mail. */
  left: number
  /** Taken off because no answer came. */
  silent: number
}

/** Nobody is asked twice within so many months, nor who signed up or confirmed within them. */
export const askAgainAfterMonths = 6

interface ReconsentRequest {
  list: string
  days: number
  actor: string
}

/**
 * Asks all readers of a list by a mail whether they want to stay. It is a send like any other: paced, counted, to be paused. A press of
 * the button keeps a reader; who has not pressed it so many days after their own mail leaves the list (`endReason` `re-consent`).
 *
 * @throws MailshotError for a list that is not in the settings, one that was asked within six months, and words with a mistake
 */
export async function startReconsent(
  mailshot: Mailshot,
  request: ReconsentRequest,
): Promise<Reconsent> {
  const { list, actor } = request
  await requireMayAsk(mailshot, list)
  const { compiled, media } = await reconsentMail(mailshot, request)
  const { readers, paused, of } = await countAsked(mailshot, compiled, list)
  if (readers === 0) {
    const resting = paused > 0 ? ', or take a break' : ''
    const lately = `all ${of} signed up or confirmed within ${askAgainAfterMonths} months${resting}`
    const why = of === 0 ? 'it has no readers' : lately
    throw new MailshotError(`list "${list}": nobody is to be asked, ${why}`)
  }
  const { send } = await startSend(mailshot, compiled, media, {
    lists: [list],
    exclude: recently(list),
    audience: 'all',
    actor,
    also: (sendId) => askStatements(mailshot, sendId, request),
  })
  const started = (await listReconsents(mailshot, list)).find((one) => one.sendId === send.id)
  if (!started) throw new Error('what was written is not there')
  return started
}

/** In the write that makes the send: a mail whose button nobody knows must not go. */
function askStatements(mailshot: Mailshot, sendId: string, request: ReconsentRequest): SQL[] {
  const { list, days, actor } = request
  const isMade = sql`EXISTS (SELECT 1 FROM sends WHERE id = ${sendId})`
  return [
    auditStatement(mailshot, {
      actor,
      action: 'ask-again',
      subject: `list:${list}`,
      detail: { send: sendId, days },
      when: isMade,
    }),
    sql`INSERT INTO reconsents (send_id, list_id, days, actor, at)
      SELECT ${sendId}, ${list}, ${days}, ${actor}, ${mailshot.now()} WHERE ${isMade}`,
  ]
}

/** How many readers would be asked now, of all on the list. @throws MailshotError as a start does */
export async function planReconsent(
  mailshot: Mailshot,
  request: Omit<ReconsentRequest, 'actor'>,
): Promise<AudienceCount> {
  await requireMayAsk(mailshot, request.list)
  const { compiled } = await reconsentMail(mailshot, request)
  return countAsked(mailshot, compiled, request.list)
}

function countAsked(
  mailshot: Mailshot,
  { slug, hash }: CompiledCampaign,
  list: string,
): Promise<AudienceCount> {
  const exclude = recently(list)
  return countAudience(mailshot, { slug, hash, lists: [list], exclude, audience: 'all' })
}

/**
 * Ends the asking of a list: who was not mailed yet is not, and nobody leaves by it any more. Who has left stays away.
 *
 * @throws MailshotError when nobody of that list is asked just now
 */
export async function stopReconsent(
  mailshot: Mailshot,
  list: string,
  actor: string,
): Promise<Reconsent> {
  const open = (await listReconsents(mailshot, list)).find(({ status }) => status === 'open')
  if (!open) {
    throw new MailshotError(
      `list "${list}": nobody is asked just now whether they want to stay; mailshot reconsent lists what was asked`,
    )
  }
  const { sendId } = open
  const isOpen = sql`send_id = ${sendId} AND ended_at IS NULL`
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor,
      action: 'stop-asking',
      subject: `list:${list}`,
      detail: { send: sendId },
      when: sql`EXISTS (SELECT 1 FROM reconsents WHERE ${isOpen})`,
    }),
    sql`UPDATE reconsents SET ended_at = ${mailshot.now()}, is_stopped = 1 WHERE ${isOpen}`,
  )
  const send = await mailshot.db.get(
    sql`SELECT 1 FROM sends WHERE id = ${sendId} AND status NOT IN ('done', 'cancelled')`,
  )
  if (send) await cancelSend(mailshot, sendId, { actor })
  return { ...open, status: 'stopped', endedAt: mailshot.now() }
}

/** All that was asked, of one list or of any, the latest first. */
export async function listReconsents(
  { db }: Pick<Mailshot, 'db'>,
  list: string | null = null,
): Promise<Reconsent[]> {
  const answers = (form: string) =>
    sql`(SELECT count(*) FROM consents AS c WHERE c.source = 're-consent' AND c.form = ${form}
      AND c.list_id = q.list_id AND c.at >= q.at AND c.at <= ifnull(q.ended_at, c.at))`
  const silent = sql`(SELECT count(*) FROM subscriptions AS p WHERE p.list_id = q.list_id AND p.status = 'unsubscribed'
    AND p.end_reason = 're-consent' AND p.ended_at >= q.at AND p.ended_at <= ifnull(q.ended_at, p.ended_at))`
  return db.all<Reconsent>(sql`
    SELECT q.send_id AS sendId, q.list_id AS list, q.days, q.at, q.ended_at AS endedAt, s.sent AS asked,
      CASE WHEN q.ended_at IS NULL THEN 'open' WHEN q.is_stopped THEN 'stopped' ELSE 'done' END AS status,
      ${answers('stay')} AS stayed, ${answers('leave')} AS "left", ${silent} AS silent
    FROM reconsents AS q JOIN sends AS s ON s.id = q.send_id
    WHERE q.list_id = ifnull(${list}, q.list_id) ORDER BY q.at DESC, q.rowid DESC`)
}

function recently(list: string): string[] {
  return ['subscribed', 'confirmed'].map(
    (what) => `${what} ${list} within ${askAgainAfterMonths} months`,
  )
}

async function requireMayAsk(mailshot: Mailshot, list: string): Promise<void> {
  const known = Object.keys(mailshot.config.lists)
  if (!known.includes(list)) {
    throw new MailshotError(`there is no list "${list}"; ${didYouMean(list, known)}`)
  }
  const since = monthsBefore(mailshot.now(), askAgainAfterMonths)
  const last = (await listReconsents(mailshot, list)).find(
    ({ at, status, asked }) => at > since && (status === 'open' || asked > 0),
  )
  if (!last) return
  throw new MailshotError(
    `list "${list}": its readers were asked on ${new Date(last.at).toISOString().slice(0, 10)} (send ${last.sendId}, ` +
      `${last.status}); nobody is asked twice within ${askAgainAfterMonths} months`,
  )
}
