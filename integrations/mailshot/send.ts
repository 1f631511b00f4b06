import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from './audit.ts'
import { easternmost, localMoment } from './campaign/send-time.ts'
import type { CompiledCampaign, MediaFile } from './compile.ts'
import { snapshotHash } from './compile/content-hash.ts'
import { MailshotError } from './error.ts'
import { type Mailshot, requireSecret } from './mailshot.ts'
import { newSendId } from './send/id.ts'
import { mediaStatements, requireSameImages } from './send/keep-media.ts'
import { findOpenSend, findSend, isOpenFor, relatedSends, type Send } from './send/read.ts'
import { checkRequest, type SendRequest } from './send/request.ts'
import { conditionsOf, isSameSelection, whereTo } from './send/selection.ts'
import { requireBeforeEnd } from './send/time.ts'
import { requireKnownReaders } from './send/trash.ts'

export { countAudience } from './send/audience.ts'
export { findSend, listSends, readSend, type Send } from './send/read.ts'
export {
  cancelRecipients,
  cancelSend,
  pauseSend,
  pauseStatements,
  resumeSend,
} from './send/steer.ts'

export interface StartOptions {
  /** When, in milliseconds; the campaign's own time, or now. */
  at?: number | undefined
  /** Instead of the campaign's own. */
  lists?: string[] | undefined
  /** The condition on its readers, or the name of a segment, and who is left out, instead of the campaign's own. */
  segment?: string | undefined
  exclude?: string[] | undefined
  /**
   * `first` refuses a campaign that was already sent with other content or to other lists; `again` starts it for all who
   * did not get it; `all` for everybody once more.
   */
  audience?: Send['audience'] | undefined
  /** A single send to this one subscriber. */
  onlyTo?: string | undefined
  /** A send of the campaign that has not started, whose place this takes: it is cancelled in the same moment. */
  replaces?: string | undefined
  /** The Git commit that the campaign was compiled from. */
  commit?: string | undefined
  /** What belongs to the send of that id, written with it where it is made; it has to do nothing where there is no such send. */
  also?: (sendId: string) => SQL[]
  actor: string
}

/**
 * Starts a send: freezes the compiled campaign and its images, and schedules it; a worker does the rest. The same trigger
 * (slug, content, lists, segment, and what it replaces) answers the send it made before, with `created: false`.
 *
 * @throws MailshotError when a list is unknown, the secret is missing, the end date has passed, the campaign needs `--again`, what it is to replace
 *   has started, or an image is another than the one that a send has by its name
 */
export async function startSend(
  mailshot: Mailshot,
  compiled: CompiledCampaign,
  media: MediaFile[],
  options: StartOptions,
): Promise<{ send: Send; created: boolean }> {
  requireSecret(mailshot.config)
  const request = await checkRequest(mailshot, compiled, options)
  await requireSameImages(mailshot, media)
  const existing = await existingSend(mailshot, request)
  if (existing) return { send: existing, created: false }
  await requireKnownReaders(mailshot, request)
  const now = mailshot.now()
  requireBeforeEnd(compiled.slug, { startsAt: startOf(request, now), until: request.until, now })
  const id = newSendId(now)
  await mailshot.db.write(...startStatements(mailshot, { id, compiled, media, request, options }))
  const send = await findSend(mailshot, { id })
  if (send) return { send, created: true }
  // Another trigger was faster by a moment: it made this send, or one that forbids it.
  const faster = await existingSend(mailshot, request)
  if (faster) return { send: faster, created: false }
  throw new MailshotError(
    `campaign ${compiled.slug}: another send of it was just started; try again`,
    { code: 'send-open' },
  )
}

interface Start {
  id: string
  compiled: CompiledCampaign
  media: MediaFile[]
  request: SendRequest
  options: StartOptions
}

/** Writes the send only if its trigger made none before and no other send of the campaign to lists is open. */
function startStatements(mailshot: Mailshot, start: Start): SQL[] {
  const { id, compiled, media, request, options } = start
  const { slug, hash, lists } = request
  const now = mailshot.now()
  const snapshot = snapshotHash(compiled)
  return [
    sql`INSERT INTO snapshots (hash, slug, compiled, created_at)
        VALUES (${snapshot}, ${slug}, ${JSON.stringify(compiled)}, ${now}) ON CONFLICT DO NOTHING`,
    ...mediaStatements(media, now),
    ...replaceStatements(mailshot, start),
    sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, segment, exclude, trigger_key, audience, only_to, status, git_commit,
          created_at, scheduled_at, local_time, until)
        SELECT ${id}, ${slug}, ${hash}, ${snapshot}, ${JSON.stringify(lists)},
          ${request.segment}, ${JSON.stringify(request.exclude)}, ${request.triggerKey}, ${request.audience}, ${request.onlyTo}, 'scheduled', ${options.commit ?? null}, ${now}, ${startOf(request, now)},
          ${request.localTime ?? null}, ${request.until ?? null}
        WHERE NOT EXISTS (SELECT 1 FROM sends WHERE ${isOpenFor({ slug, hash })})
        ON CONFLICT (trigger_key) DO NOTHING`,
    auditStatement(mailshot, {
      actor: options.actor,
      action: 'start',
      subject: `send:${id}`,
      detail: { slug, hash, lists, ...conditionsOf(request) },
      when: sql`EXISTS (SELECT 1 FROM sends WHERE id = ${id})`,
    }),
    ...(options.also?.(id) ?? []),
  ]
}

/** One at the readers' own time starts with the first of them, wherever that is. */
function startOf({ at, localTime }: SendRequest, now: number): number {
  if (localTime === undefined) return at ?? now
  return Math.max(now, localMoment(localTime, easternmost))
}

/** Cancels what the send replaces, unless that has started meanwhile or the send is not to be written. */
function replaceStatements(mailshot: Mailshot, { id, request, options }: Start): SQL[] {
  const { replaces, triggerKey } = request
  if (replaces === undefined) return []
  const isReplaced = sql`id = ${replaces} AND status = 'scheduled'
    AND NOT EXISTS (SELECT 1 FROM sends WHERE ${isOpenFor(request)})
    AND NOT EXISTS (SELECT 1 FROM sends WHERE trigger_key = ${triggerKey})`
  return [
    auditStatement(mailshot, {
      actor: options.actor,
      action: 'cancel',
      subject: `send:${replaces}`,
      detail: { replacedBy: id },
      when: sql`EXISTS (SELECT 1 FROM sends WHERE ${isReplaced})`,
    }),
    sql`UPDATE sends SET status = 'cancelled', reason = ${`replaced by ${id}`}, finished_at = ${mailshot.now()}
        WHERE ${isReplaced}`,
  ]
}

/** The send that this trigger made before, if it may not make another. */
async function existingSend(mailshot: Mailshot, request: SendRequest): Promise<Send | undefined> {
  const same = await findSend(mailshot, { triggerKey: request.triggerKey })
  if (same) return same
  const open = await findOpenSend(mailshot, request)
  if (open && isSameMailing(open, request)) return open
  if (open) {
    const text = `campaign ${request.slug}: ${whyNotBeside(open, request)}`
    throw new MailshotError(text, { code: 'send-open' })
  }
  if (request.audience !== 'first' || request.onlyTo !== null) return undefined
  const related = await relatedSends(mailshot, request)
  const [earlier] = related
  const repeated = related.find((send) => isSameMailing(send, request))
  if (!earlier || repeated) return repeated
  throw new MailshotError(
    `campaign ${request.slug}: ${whatWasSent(earlier, request)} was already sent (send ${earlier.id}); ` +
      '--again sends this to those who did not get it, --resend-all to everybody',
    { code: 'sent-before' },
  )
}

function isSameMailing(send: Send, request: SendRequest): boolean {
  const { slug, contentHash } = send
  const isSame = slug === request.slug && contentHash === request.hash
  return request.onlyTo === null && isSame && isSameSelection(send, request)
}

function whatWasSent(send: Send, request: SendRequest): string {
  if (send.slug !== request.slug) return `its content, as ${send.slug},`
  return send.contentHash === request.hash ? `it, to ${whereTo(send)},` : 'an earlier version'
}

function whyNotBeside(open: Send, request: SendRequest): string {
  if (request.onlyTo !== null) {
    return `send ${open.id} brings it to its lists just now; wait until that has ended`
  }
  return (
    `send ${open.id} of it is ${open.status}, with other content or readers; ` +
    `let it end, or cancel it (mailshot cancel ${open.id}) and start the correction with --again`
  )
}
