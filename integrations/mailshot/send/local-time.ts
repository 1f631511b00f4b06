import { type SQL, sql } from 'drizzle-orm/sql'
import { localMoment } from '../campaign/send-time.ts'
import type { Mailshot } from '../mailshot.ts'
import { isTimeZone } from '../pace/options.ts'
import type { Send } from './read.ts'

/** What is written of recipients when they are frozen: who waits for their own hour is deferred until then. */
export interface FrozenAs {
  status: SQL
  dueAt: SQL
  reason: SQL
}

const atOnce: FrozenAs = { status: sql`'pending'`, dueAt: sql`NULL`, reason: sql`NULL` }

/**
 * How the recipients of a slice of subscribers (`s.id`) begin. In a send at the readers' own time each waits for that hour in their
 * zone, or in the config's where theirs is unknown; one whose hour has passed gets it at once.
 */
export async function frozenAs(
  mailshot: Mailshot,
  { localTime }: Send,
  slice: { above: number; upTo: number },
): Promise<FrozenAs> {
  if (localTime === null) return atOnce
  const { timeZone } = mailshot.config
  const now = mailshot.now()
  const zones = await mailshot.db.all<{ zone: string }>(
    sql`SELECT DISTINCT coalesce(time_zone, '') AS zone FROM subscribers
        WHERE id > ${slice.above} AND id <= ${slice.upTo}`,
  )
  const waits = zones
    .map(({ zone }) => {
      const known = isTimeZone(zone) ? zone : timeZone
      return { zone, known, dueAt: localMoment(localTime, known) }
    })
    .filter(({ dueAt }) => dueAt > now)
    .map(({ zone, known, dueAt }) => {
      return { zone, dueAt, reason: `waits for ${localTime.slice(11, 16)} in ${known}` }
    })
  if (waits.length === 0) return atOnce
  const own = sql`FROM json_each(${JSON.stringify(waits)}) AS w WHERE w.value ->> 'zone' =
    (SELECT coalesce(time_zone, '') FROM subscribers WHERE id = frozen.id)`
  return {
    status: sql`iif(EXISTS (SELECT 1 ${own}), 'deferred', 'pending')`,
    dueAt: sql`(SELECT w.value ->> 'dueAt' ${own})`,
    reason: sql`(SELECT w.value ->> 'reason' ${own})`,
  }
}
