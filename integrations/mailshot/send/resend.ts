import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { MailshotError } from '../error.ts'
import { utc } from '../hold.ts'
import type { Mailshot } from '../mailshot.ts'
import { type Picked, resendStatements } from '../recipient/by-hand.ts'
import { listed, readNamed } from './named-recipients.ts'
import { findOpenSend, isOpenFor, readSend, type Send } from './read.ts'

/** Who is to be mailed once more: all in these states, or these addresses (normalised). */
export type ResendChoice = (
  | { statuses: readonly ('failed' | 'uncertain')[] }
  | {
      emails: readonly string[]
      /** Also who got it. */
      again: boolean
    }
) & {
  /** Nobody whose state is newer than that of a plan: so a request that is repeated mails nobody a third time. */
  asOf?: number | undefined
}

/** What a resend does to whom. */
export interface ResendPlan {
  send: Send
  /** When it was made. */
  asOf: number
  /** Who is mailed once more, by what they are now. */
  failed: number
  uncertain: number
  skipped: number
  sent: number
  /** Named ones who are still to be mailed anyway. */
  waiting: number
  /** Those who are left out because another send has brought it to them. */
  elsewhere: number
}

/**
 * Finds who would be mailed once more, and changes nothing.
 *
 * @throws MailshotError as `resend` does
 */
export async function planResend(
  mailshot: Mailshot,
  idOrSlug: string,
  choice: ResendChoice,
): Promise<ResendPlan> {
  const send = await readResendable(mailshot, idOrSlug, choice)
  const plan = { send, asOf: mailshot.now(), ...noFates }
  for await (const page of pages(mailshot, send, choice)) {
    for (const candidate of page) plan[fateOf(candidate, choice)]++
  }
  return plan
}

/**
 * Lets recipients be mailed once more: they wait again, with all their tries, and a send that was done runs again. Who was
 * suppressed or has left meanwhile is skipped as ever. Answers whom it found, and how many wait again by it.
 *
 * @throws MailshotError when the send is cancelled or past its end date, another one of the campaign is open, or one who is
 *   named is no recipient of it or got it already
 */
export async function resend(
  mailshot: Mailshot,
  idOrSlug: string,
  request: { choice: ResendChoice; reason?: string | undefined; actor: string },
): Promise<ResendPlan & { resent: number }> {
  const { choice } = request
  const send = await readResendable(mailshot, idOrSlug, choice)
  const done = { asOf: mailshot.now(), ...noFates, resent: 0 }
  for await (const page of pages(mailshot, send, choice)) {
    for (const candidate of page) done[fateOf(candidate, choice)]++
    const picked = page.filter((candidate) => isMailed(fateOf(candidate, choice)))
    const count = picked.length > 0 ? await resendPicked(mailshot, send, picked, request) : 0
    done.resent += count
    // Cancelled, or started anew by somebody else, in the same moment.
    if (count < picked.length) await readResendable(mailshot, send.id, choice)
  }
  return { ...done, send: await readSend(mailshot, send.id) }
}

const noFates = { failed: 0, uncertain: 0, skipped: 0, sent: 0, waiting: 0, elsewhere: 0 }
const pageSize = 1000

interface Candidate extends Picked {
  email: string
  elsewhere: number
}

async function resendPicked(
  mailshot: Mailshot,
  send: Send,
  picked: readonly Candidate[],
  { reason, actor }: { reason?: string | undefined; actor: string },
): Promise<number> {
  const isCampaignFree = sql`NOT EXISTS (SELECT 1 FROM sends WHERE ${othersOpen(send)})
    AND EXISTS (SELECT 1 FROM sends WHERE id = ${send.id} AND status <> 'cancelled')`
  const from = [...new Set(picked.map(({ status }) => status))]
  const results = await mailshot.db.write<{ count: number }>(
    auditStatement(mailshot, {
      actor,
      action: 'resend',
      subject: `send:${send.id}`,
      detail: { count: picked.length, from, ...(reason !== undefined && { reason }) },
      when: isCampaignFree,
    }),
    ...resendStatements(picked, isCampaignFree, { actor, reason, now: mailshot.now() }),
    sql`UPDATE sends SET status = 'running', finished_at = NULL, reason = NULL
        WHERE id = ${send.id} AND status = 'done'
          AND total > sent + failed + skipped + cancelled + uncertain`,
  )
  return results.at(-2)?.[0]?.count ?? 0
}

async function readResendable(
  mailshot: Mailshot,
  idOrSlug: string,
  choice: ResendChoice,
): Promise<Send> {
  const send = await readSend(mailshot, idOrSlug)
  if (send.status === 'cancelled') {
    throw new MailshotError(
      `send ${send.id} is cancelled, and stays so; to mail ${send.slug} to those who have not got it: ` +
        `mailshot send ${send.slug} --again`,
      { code: 'send-ended' },
    )
  }
  if (send.purgedAt !== null) {
    throw new MailshotError(
      `who got send ${send.id} of ${send.slug} was purged, so nobody can be mailed once more by it; ` +
        `to mail everybody: mailshot send ${send.slug} --resend-all`,
      { code: 'send-ended' },
    )
  }
  if (send.until !== null && send.until <= mailshot.now()) {
    throw new MailshotError(
      `send ${send.id} of ${send.slug} was to end by ${utc(send.until)}, so nobody would get it any more; ` +
        `give ${send.slug} a later end date, then: mailshot send ${send.slug} --again`,
      { code: 'send-ended' },
    )
  }
  const { slug, contentHash: hash } = send
  const open = await findOpenSend(mailshot, { slug, hash, replaces: send.id })
  if (open) {
    throw new MailshotError(
      `send ${open.id} of ${open.slug} is ${open.status}, and would bring it to some of them a second time; ` +
        `let it end, or cancel it (mailshot cancel ${open.id})`,
      { code: 'send-open' },
    )
  }
  if ('emails' in choice && !choice.again) await refuseSent(mailshot, send, choice.emails)
  return send
}

function othersOpen({ id, slug, contentHash }: Send): SQL {
  return isOpenFor({ slug, hash: contentHash, replaces: id })
}

async function refuseSent(
  mailshot: Mailshot,
  send: Send,
  emails: readonly string[],
): Promise<void> {
  const named = await readNamed(mailshot, send, emails)
  const sent = named.filter(({ status }) => status === 'sent').map(({ email }) => email)
  if (sent.length === 0) return
  throw new MailshotError(
    `${listed(sent)} got it from send ${send.id} (${send.slug}); ` +
      'to mail it once more all the same, add --again; nothing was changed',
    { code: 'wrong-status' },
  )
}

/** What a resend does to one of them. */
function fateOf({ status, elsewhere }: Candidate, choice: ResendChoice): keyof typeof noFates {
  switch (status) {
    case 'failed':
    case 'uncertain':
    case 'skipped':
    case 'sent':
      return elsewhere && !('emails' in choice && choice.again) ? 'elsewhere' : status
    case 'pending':
    case 'claimed':
    case 'in-hand':
    case 'deferred':
    case 'cancelled':
      return 'waiting'
  }
}

function isMailed(fate: ReturnType<typeof fateOf>): boolean {
  return fate !== 'waiting' && fate !== 'elsewhere'
}

async function* pages(
  mailshot: Mailshot,
  send: Send,
  choice: ResendChoice,
): AsyncGenerator<Candidate[]> {
  const select = (which: SQL): Promise<Candidate[]> =>
    mailshot.db.all<Candidate>(sql`
      SELECT id, email, status, resend, EXISTS (${otherSends(send)}) AS elsewhere FROM recipients AS r
      WHERE ${which} AND coalesce(settled_at, 0) <= ${choice.asOf ?? mailshot.now()}
      ORDER BY id LIMIT ${pageSize}`)
  if ('emails' in choice) {
    const ids = (await readNamed(mailshot, send, choice.emails)).map(({ id }) => id)
    for (let at = 0; at < ids.length; at += pageSize) {
      const some = JSON.stringify(ids.slice(at, at + pageSize))
      yield await select(sql`id IN (SELECT value FROM json_each(${some}))`)
    }
    return
  }
  for (const status of new Set(choice.statuses)) {
    for (let afterId = 0; ;) {
      // A literal, so that SQLite sees that the partial index applies.
      const isWanted = status === 'failed' ? sql`status = 'failed'` : sql`status = 'uncertain'`
      const page = await select(sql`send_id = ${send.id} AND ${isWanted} AND id > ${afterId}`)
      yield page
      if (page.length < pageSize) break
      afterId = page.at(-1)?.id ?? afterId
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/**
 * Other sends of the same campaign or content that have reached the recipient `r`, or are about to. One that mails everybody
 * once more looks only at what came after it, or after what it knows of the recipient.
 */
function otherSends(send: Send): SQL {
  const isNewer = sql`((e.created_at, e.id) > (${send.createdAt}, ${send.id}) OR o.settled_at > r.settled_at)`
  return sql`
    SELECT 1 FROM sends AS e JOIN recipients AS o ON o.send_id = e.id AND o.email = r.email
    WHERE (e.slug = ${send.slug} OR e.content_hash = ${send.contentHash}) AND e.id <> ${send.id}
      AND o.status NOT IN ('failed', 'skipped', 'cancelled')
      ${send.audience === 'all' ? sql`AND ${isNewer}` : sql``}
    UNION ALL
    SELECT 1 FROM sends AS e
    WHERE (e.slug = ${send.slug} OR e.content_hash = ${send.contentHash}) AND e.id <> ${send.id}
      AND e.only_to = r.email AND e.status NOT IN ('done', 'cancelled')`
}
