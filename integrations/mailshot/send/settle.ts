import { sql } from 'drizzle-orm/sql'
import type { RecipientStatus } from '../../../db/status.ts'
import { auditStatement } from '../audit.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { type Picked, settleByHandStatements } from '../recipient/by-hand.ts'
import { isTakenOver } from '../hold.ts'
import { listed, type NamedRecipient, readNamed } from './named-recipients.ts'
import { readSend, type Send } from './read.ts'

export interface SettleRequest {
  as: 'sent' | 'failed'
  /** Addresses, normalised, or all of its uncertain recipients. */
  which: readonly string[] | 'all'
  /** How the operator knows. */
  reason?: string | undefined
  actor: string
}

export interface Settled {
  send: Send
  /** How many were uncertain until now. */
  settled: number
  /** How many of those named were as told before. */
  already: number
}

const pageSize = 1000

/**
 * Settles uncertain recipients by the operator's word, all that are named or none; in a send that was paused by a restore, those
 * too who wait, as sent. Nobody is mailed. Repeating it is harmless.
 *
 * @throws MailshotError when there is no such send, or one who is named is no recipient of it, or neither uncertain nor
 *   what it is to be
 */
export async function settleUncertain(
  mailshot: Mailshot,
  idOrSlug: string,
  request: SettleRequest,
): Promise<Settled> {
  const send = await readSend(mailshot, idOrSlug)
  const { which, as } = request
  if (which === 'all') {
    const settled = await settleAll(mailshot, send, request)
    return { send: await readSend(mailshot, send.id), settled, already: 0 }
  }
  const named = await readNamed(mailshot, send, which)
  const isOpen = ({ status }: NamedRecipient) => isSettled(send, status, as)
  const wrong = named.filter((recipient) => recipient.status !== as && !isOpen(recipient))
  if (wrong.length > 0) throw notUncertain(send, wrong)
  const picked = named.filter(isOpen)
  const settled = await settlePicked(mailshot, send, picked, request)
  return { send: await readSend(mailshot, send.id), settled, already: named.length - settled }
}

/** Who waits in a restored send may have got it after the backup was made, and is named by who has read the relay's log. */
function isSettled(send: Send, status: RecipientStatus, as: 'sent' | 'failed'): boolean {
  if (status === 'uncertain') return true
  const isWaiting = status === 'pending' || status === 'deferred'
  return isWaiting && as === 'sent' && send.status === 'paused' && isTakenOver(send.reason)
}

async function settleAll(mailshot: Mailshot, send: Send, request: SettleRequest): Promise<number> {
  let settled = 0
  for (let afterId = 0; ;) {
    const page = await mailshot.db.all<Picked>(sql`
      SELECT id, resend, status FROM recipients
      WHERE send_id = ${send.id} AND status = 'uncertain' AND id > ${afterId}
      ORDER BY id LIMIT ${pageSize}`)
    settled += await settlePicked(mailshot, send, page, request)
    if (page.length < pageSize) return settled
    afterId = page.at(-1)?.id ?? afterId
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/**
 * Settles recipients of a send as they were found. Who is another by now, or was mailed once more, is left alone. Answers how many are
 * as told.
 */
export async function settlePicked(
  mailshot: Mailshot,
  send: Send,
  picked: readonly Picked[],
  { as, reason, actor }: Omit<SettleRequest, 'which'>,
): Promise<number> {
  if (picked.length === 0) return 0
  const results = await mailshot.db.write<{ count: number }>(
    auditStatement(mailshot, {
      actor,
      action: 'settle',
      subject: `send:${send.id}`,
      detail: { as, count: picked.length, ...(reason !== undefined && { reason }) },
    }),
    ...settleByHandStatements(picked, as, { actor, reason, now: mailshot.now() }),
  )
  return results.at(-1)?.[0]?.count ?? 0
}

function notUncertain(send: Send, wrong: readonly { email: string; status: string }[]) {
  const what = listed(wrong.map(({ email, status }) => `${email} is ${status}`))
  return new MailshotError(
    `send ${send.id} (${send.slug}): ${what}, and only what is uncertain can be settled; nothing was changed`,
    { code: 'wrong-status' },
  )
}
