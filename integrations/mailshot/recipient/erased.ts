import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'

/** Skips the places that wait of somebody who is erased, so that their sends count them before they go. */
export function skipErasedStatement({ now }: Pick<Mailshot, 'now'>, isTheirs: SQL): SQL {
  return sql`UPDATE recipients SET status = 'skipped', reason = 'erased', settled_at = ${now()}
    WHERE ${isTheirs} AND status IN ('pending', 'deferred', 'claimed')`
}
