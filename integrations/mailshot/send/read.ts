import { type SQL, sql } from 'drizzle-orm/sql'
import type { sends } from '../../../db/schema.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'

/** One mailing of one compiled campaign to chosen lists, with its counters. */
export type Send = typeof sends.$inferSelect & {
  /** Still to be handed over: pending, claimed, in hand or deferred. */
  remaining: number
}

type SendRow = Omit<Send, 'lists' | 'exclude'> & { lists: string; exclude: string }

const columns = sql.raw(
  `id, slug, content_hash AS contentHash, snapshot, lists, segment, exclude, trigger_key AS triggerKey, audience, only_to AS onlyTo, status, reason,
  paused_from AS pausedFrom, git_commit AS gitCommit, created_at AS createdAt, scheduled_at AS scheduledAt,
  local_time AS localTime, until, started_at AS startedAt, freeze_cursor AS freezeCursor, freeze_until AS freezeUntil, frozen_at AS frozenAt,
  finished_at AS finishedAt, purged_at AS purgedAt, trashed_at AS trashedAt, emptied_at AS emptiedAt, total, sent, failed, skipped, cancelled, uncertain,
  total - sent - failed - skipped - cancelled - uncertain AS remaining`,
)

/** All sends, or those of one campaign, newest first, at most 100; not those in the trash. */
export async function listSends(mailshot: Mailshot, slug?: string): Promise<Send[]> {
  const named = slug === undefined ? sql`` : sql`AND slug = ${slug}`
  return select(
    mailshot,
    sql`WHERE trashed_at IS NULL ${named} ORDER BY created_at DESC, rowid DESC LIMIT 100`,
  )
}

/** The sends in the trash, the latest that came there first, at most 100; not those that were there when it was emptied. */
export async function listTrash(mailshot: Mailshot): Promise<Send[]> {
  return select(
    mailshot,
    sql`WHERE trashed_at IS NOT NULL AND emptied_at IS NULL ORDER BY trashed_at DESC, rowid DESC LIMIT 100`,
  )
}

export async function findSend(
  mailshot: Mailshot,
  by: { id: string } | { triggerKey: string } | { slug: string },
): Promise<Send | undefined> {
  const [send] = await select(
    mailshot,
    sql`WHERE ${condition(by)} ORDER BY created_at DESC, rowid DESC LIMIT 1`,
  )
  return send
}

/** A send by its id, or the latest of a slug. @throws MailshotError when there is none */
export async function readSend(mailshot: Mailshot, idOrSlug: string): Promise<Send> {
  const send =
    (await findSend(mailshot, { id: idOrSlug })) ?? (await findSend(mailshot, { slug: idOrSlug }))
  if (send) return send
  throw new MailshotError(
    `there is no send "${idOrSlug}"; "mailshot status" lists them with their ids and slugs`,
    { code: 'no-send' },
  )
}

/** The condition for a send to lists, of the same slug or the same content, that has not ended. */
export function isOpenFor(campaign: OpenFor): SQL {
  return sql`(slug = ${campaign.slug} OR content_hash = ${campaign.hash}) AND only_to IS NULL
    AND status NOT IN ('done', 'cancelled') AND id <> ${campaign.replaces ?? ''}`
}

interface OpenFor {
  slug: string
  hash: string
  /** A send that does not count: the one whose place is being taken. */
  replaces?: string | undefined
}

export async function findOpenSend(
  mailshot: Mailshot,
  campaign: OpenFor,
): Promise<Send | undefined> {
  const [send] = await select(mailshot, sql`WHERE ${isOpenFor(campaign)} LIMIT 1`)
  return send
}

/** Sends to lists of the same slug or of the same content, newest first, those that mailed nobody left out. */
export async function relatedSends(
  mailshot: Mailshot,
  campaign: { slug: string; hash: string },
): Promise<Send[]> {
  return select(
    mailshot,
    sql`WHERE (slug = ${campaign.slug} OR content_hash = ${campaign.hash}) AND only_to IS NULL
        AND sent + uncertain + failed > 0 ORDER BY created_at DESC, rowid DESC`,
  )
}

/** Sends in one of these statuses, oldest first. */
export async function sendsIn(mailshot: Mailshot, statuses: Send['status'][]): Promise<Send[]> {
  return select(
    mailshot,
    sql`WHERE status IN (SELECT value FROM json_each(${JSON.stringify(statuses)})) ORDER BY scheduled_at, id`,
  )
}

async function select(mailshot: Mailshot, tail: SQL): Promise<Send[]> {
  const rows = await mailshot.db.all<SendRow>(sql`SELECT ${columns} FROM sends ${tail}`)
  return rows.map((row) => ({
    ...row,
    lists: JSON.parse(row.lists),
    exclude: JSON.parse(row.exclude),
  }))
}

function condition(by: { id: string } | { triggerKey: string } | { slug: string }): SQL {
  if ('id' in by) return sql`id = ${by.id}`
  if ('slug' in by) return sql`slug = ${by.slug}`
  return sql`trigger_key = ${by.triggerKey}`
}
