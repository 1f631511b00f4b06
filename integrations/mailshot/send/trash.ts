import { sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { purge, trashDays } from '../purge.ts'
import { readSend, relatedSends, type Send } from './read.ts'

/**
 * Purges the details of one send by hand, whatever its age; what was counted is kept.
 *
 * @param by.workMs breaks off after so long; it goes on when asked again, and with the next purge
 * @throws MailshotError when it has not ended
 */
export async function archiveSend(
  mailshot: Mailshot,
  idOrSlug: string,
  by: { actor: string; workMs?: number },
): Promise<{ send: Send; isDone: boolean }> {
  const { id, slug, finishedAt } = await readEnded(mailshot, idOrSlug, 'archived')
  const sends = [{ id, slug, finishedAt, isTrash: false }]
  const { isDone } = await purge(mailshot, { sends, before: null, hasOthers: false }, by)
  return { send: await readSend(mailshot, id), isDone }
}

/**
 * Puts a send in the trash: it is listed nowhere else, and emptied after 30 days. That it was sent stays known for ever, so that
 * its trigger mails nobody again, and its links lead on.
 *
 * @throws MailshotError when it has not ended
 */
export async function trashSend(
  mailshot: Mailshot,
  idOrSlug: string,
  { actor }: { actor: string },
): Promise<Send> {
  const { id } = await readEnded(mailshot, idOrSlug, 'put in the trash')
  const isKept = sql`id = ${id} AND trashed_at IS NULL AND status IN ('done', 'cancelled')`
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor,
      action: 'trash',
      subject: `send:${id}`,
      detail: {},
      when: sql`EXISTS (SELECT 1 FROM sends WHERE ${isKept})`,
    }),
    sql`UPDATE sends SET trashed_at = ${mailshot.now()} WHERE ${isKept}`,
  )
  return readSend(mailshot, id)
}

/** Takes a send out of the trash. @throws MailshotError when the trash was emptied since */
export async function restoreSend(
  mailshot: Mailshot,
  idOrSlug: string,
  { actor }: { actor: string },
): Promise<Send> {
  const { id, slug } = await readSend(mailshot, idOrSlug)
  const isBack = sql`id = ${id} AND trashed_at IS NOT NULL AND emptied_at IS NULL`
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor,
      action: 'restore',
      subject: `send:${id}`,
      detail: {},
      when: sql`EXISTS (SELECT 1 FROM sends WHERE ${isBack})`,
    }),
    sql`UPDATE sends SET trashed_at = NULL WHERE ${isBack}`,
  )
  const send = await readSend(mailshot, id)
  if (send.emptiedAt === null) return send
  throw new MailshotError(
    `send ${id} of ${slug} is gone: the trash is emptied after ${trashDays} days`,
    { code: 'send-ended' },
  )
}

/**
 * Refuses to mail "whoever has not got it" where that is not known any more.
 *
 * @throws MailshotError that says how to mail everybody
 */
export async function requireKnownReaders(
  mailshot: Mailshot,
  { slug, hash, audience }: { slug: string; hash: string; audience: Send['audience'] },
): Promise<void> {
  if (audience === 'all') return
  const related = await relatedSends(mailshot, { slug, hash })
  const purged = related.find(({ purgedAt }) => purgedAt !== null)
  if (!purged) return
  throw new MailshotError(
    `campaign ${slug}: who got it by send ${purged.id} was purged, so nobody knows whom to leave out; ` +
      '--resend-all mails it to everybody once more, or give it a new name and other words',
    { code: 'sent-before' },
  )
}

async function readEnded(mailshot: Mailshot, idOrSlug: string, done: string): Promise<Send> {
  const send = await readSend(mailshot, idOrSlug)
  if (send.status === 'done' || send.status === 'cancelled') return send
  throw new MailshotError(
    `send ${send.id} of ${send.slug} is ${send.status}, and can be ${done} only when it has ended; ` +
      `let it end, or cancel it (mailshot cancel ${send.id})`,
    { code: 'send-open' },
  )
}
