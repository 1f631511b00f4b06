import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from './audit.ts'
import type { Mailshot } from './mailshot.ts'
import { purgeSlice } from './purge/slice.ts'

/** A send whose details are to go, or to be gone. */
export interface PurgedSend {
  id: string
  slug: string
  finishedAt: number | null
  /** Whether its counters go too: it has been in the trash for long enough. */
  isTrash: boolean
}

/** What is in the trash for so long is emptied. */
export const trashDays = 30

export interface PurgePlan {
  sends: PurgedSend[]
  /** Older than this; null where nothing goes by age. */
  before: number | null
  /** Whether there are events that old about no send: of letters, and what matched nothing. */
  hasOthers: boolean
}

/**
 * Finds what a purge would take: recipients and events of sends that ended longer ago than so many months, but for the latest send,
 * what an earlier purge has left, and what has lain in the trash for 30 days. It takes as long whatever their size.
 *
 * @param months by default the config's `keepDetails`; without either, nothing goes by age
 */
export async function planPurge(
  mailshot: Mailshot,
  months = mailshot.config.keepDetails?.months,
): Promise<PurgePlan> {
  const now = mailshot.now()
  const before = months === undefined ? null : monthsBefore(now, months)
  const sends = await mailshot.db.all<Omit<PurgedSend, 'isTrash'> & { isTrash: number }>(sql`
    SELECT s.id, s.slug, s.finished_at AS finishedAt, ${isOldTrash(now)} AS isTrash FROM sends AS s
    WHERE s.status IN ('done', 'cancelled') AND (${isOldTrash(now)}
      OR ((s.purged_at IS NOT NULL OR ${isOld(before)})
        AND (EXISTS (SELECT 1 FROM recipients WHERE send_id = s.id) OR EXISTS (SELECT 1 FROM events WHERE send_id = s.id))))
    ORDER BY s.finished_at`)
  // They are numbered as they came in.
  const oldest = await mailshot.db.get<{ at: number }>(
    sql`SELECT received_at AS at FROM events WHERE send_id IS NULL ORDER BY id LIMIT 1`,
  )
  return {
    sends: sends.map((send) => ({ ...send, isTrash: send.isTrash === 1 })),
    before,
    hasOthers: before !== null && oldest !== undefined && oldest.at < before,
  }
}

/** How much went, and whether that was all. */
export interface Purged {
  recipients: number
  events: number
  isDone: boolean
}

/**
 * Carries a plan out, slice by slice, so that a send that runs meanwhile goes on. It may be broken off, and begun again.
 *
 * @param by.workMs breaks off after so long, where somebody waits for an answer
 */
export async function purge(
  mailshot: Mailshot,
  plan: PurgePlan,
  { actor, signal, workMs = Infinity }: PurgeOptions,
): Promise<Purged> {
  const gone = { recipients: 0, events: 0 }
  const endsAt = performance.now() + workMs
  await markPurged(mailshot, plan, actor)
  for (;;) {
    if (signal?.aborted || performance.now() >= endsAt) return { ...gone, isDone: false }
    const slice = await purgeSlice(mailshot, plan)
    if (slice === undefined) return { ...gone, isDone: true }
    gone.recipients += slice.recipients
    gone.events += slice.events
    // Others get the database for as long again.
    await mailshot.sleep(slice.tookMs, signal)
  }
}

interface PurgeOptions {
  actor: string
  signal?: AbortSignal | undefined
  workMs?: number | undefined
}

/** Notes which sends have no details from now on, before the first row goes: who got it cannot be told any more. */
export async function markPurged(
  mailshot: Mailshot,
  { sends, before }: Pick<PurgePlan, 'sends' | 'before'>,
  actor: string,
): Promise<void> {
  const now = mailshot.now()
  for (const { id, isTrash } of sends) {
    // Those that are held are few; by the send (hence the sign before its column) all of its recipients would be walked.
    const isMarked = sql`id = ${id} AND status IN ('done', 'cancelled')
      AND (purged_at IS NULL OR (${isTrash} AND emptied_at IS NULL))
      AND NOT EXISTS (SELECT 1 FROM recipients WHERE +send_id = ${id} AND status = 'claimed')
      AND NOT EXISTS (SELECT 1 FROM recipients WHERE +send_id = ${id} AND status = 'in-hand')`
    await mailshot.db.write(
      auditStatement(mailshot, {
        actor,
        action: isTrash ? 'empty-trash' : 'purge',
        subject: `send:${id}`,
        detail: before === null ? {} : { before: new Date(before).toISOString() },
        when: sql`EXISTS (SELECT 1 FROM sends WHERE ${isMarked})`,
      }),
      sql`UPDATE sends SET purged_at = coalesce(purged_at, ${now}),
          emptied_at = iif(${isTrash}, coalesce(emptied_at, ${now}), emptied_at)
        WHERE ${isMarked}`,
      sql`DELETE FROM send_counts WHERE send_id = (SELECT id FROM sends WHERE id = ${id} AND emptied_at IS NOT NULL)`,
    )
  }
}

function isOldTrash(now: number): SQL {
  return sql`(s.trashed_at IS NOT NULL AND s.emptied_at IS NULL AND s.trashed_at <= ${now - trashDays * 86_400_000})`
}

/**
 * Never the latest, and never the latest to lists, which people still look at, and which a next one would be compared with; nor one whose
 * readers have time to answer still.
 */
function isOld(before: number | null): SQL {
  if (before === null) return sql`false`
  const latest = (which: SQL) => sql`(SELECT id FROM sends WHERE started_at IS NOT NULL AND ${which}
    ORDER BY started_at DESC, created_at DESC, rowid DESC LIMIT 1)`
  return sql`(s.finished_at < ${before}
    AND NOT EXISTS (SELECT 1 FROM reconsents WHERE send_id = s.id AND ended_at IS NULL)
    AND s.id IS NOT ${latest(sql`true`)} AND s.id IS NOT ${latest(sql`only_to IS NULL`)})`
}

/** The same day so many months before, or the last of that month. */
export function monthsBefore(now: number, months: number): number {
  const date = new Date(now)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() - months)
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, last))
  return date.getTime()
}
