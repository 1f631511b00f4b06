import { type SQL, sql } from 'drizzle-orm/sql'

/** The routes that recipients of a send wait for, as `route`; null for those that none was chosen for. */
export function waitedForRoutes(sendId: string): SQL {
  // One seek a route: DISTINCT would walk through everybody who waits.
  const next = (after: SQL): SQL => sql`(SELECT min(route) FROM (
    SELECT min(route) AS route FROM recipients
      WHERE send_id = ${sendId} AND status = 'pending' AND route > ${after}
    UNION ALL SELECT min(route) FROM recipients
      WHERE send_id = ${sendId} AND status = 'deferred' AND route > ${after}))`
  // A send is frozen with routes or without: whoever is first tells.
  const first = (which: SQL): SQL => sql`(SELECT route IS NULL FROM recipients WHERE id = (
    SELECT id FROM recipients WHERE send_id = ${sendId} AND ${which} LIMIT 1))`
  return sql`
    WITH RECURSIVE waited (route) AS (
      SELECT ${next(sql`''`)}
      UNION ALL SELECT ${next(sql`waited.route`)} FROM waited WHERE route IS NOT NULL)
    SELECT route FROM waited WHERE route IS NOT NULL
    UNION ALL SELECT NULL WHERE ${first(sql`status = 'pending' ORDER BY id`)}
      OR ${first(sql`status = 'deferred' ORDER BY lane, due_at`)}`
}
