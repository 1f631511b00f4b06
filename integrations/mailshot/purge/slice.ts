import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import type { PurgePlan } from '../purge.ts'

/** For so long one write may hold the event loop up, and other writers. */
const sliceMs = 12
const [fewest, most] = [100, 10_000]
const sizes = new WeakMap<Mailshot['config'], number>()

export interface PurgeSlice {
  recipients: number
  events: number
  tookMs: number
}

/** Deletes the next rows of a plan whose sends are marked; undefined when none is left. */
export async function purgeSlice(
  mailshot: Mailshot,
  { sends, before }: Pick<PurgePlan, 'sends' | 'before'>,
): Promise<PurgeSlice | undefined> {
  const { config, db } = mailshot
  const size = sizes.get(config) ?? 500
  const ids = JSON.stringify(sends.map(({ id }) => id))
  const marked = sql`(SELECT s.id FROM json_each(${ids}) AS j JOIN sends AS s ON s.id = j.value WHERE s.purged_at IS NOT NULL)`
  const startedAt = performance.now()
  const [, events, , recipients] = await db.write<{ n: number }>(
    sql`DELETE FROM events WHERE id IN (SELECT id FROM events WHERE send_id IN ${marked} LIMIT ${size})`,
    sql`SELECT changes() AS n`,
    sql`DELETE FROM recipients WHERE id IN (SELECT id FROM recipients WHERE send_id IN ${marked} LIMIT ${size})`,
    sql`SELECT changes() AS n`,
  )
  const gone = { recipients: recipients?.[0]?.n ?? 0, events: events?.[0]?.n ?? 0 }
  if (gone.recipients + gone.events === 0) gone.events = await othersSlice(mailshot, before, size)
  const tookMs = performance.now() - startedAt
  const next = (size * sliceMs) / Math.max(1, tookMs)
  sizes.set(config, Math.round(Math.min(most, Math.max(fewest, Math.min(next, size * 2)))))
  return gone.recipients + gone.events > 0 ? { ...gone, tookMs } : undefined
}

/** Old events about no send; they are numbered as they came in, so that those that stay are not walked through. */
async function othersSlice({ db }: Mailshot, before: number | null, size: number): Promise<number> {
  if (before === null) return 0
  const [, rows] = await db.write<{ n: number }>(
    sql`DELETE FROM events WHERE id IN (SELECT id FROM (SELECT id, received_at FROM events WHERE send_id IS NULL ORDER BY id LIMIT ${size})
      WHERE received_at < ${before})`,
    sql`SELECT changes() AS n`,
  )
  return rows?.[0]?.n ?? 0
}
