import { type SQL, sql } from 'drizzle-orm/sql'

/**
 * A query for the lists that some are by now, as `id`, in their order: one that was renamed since is the one that it has become.
 *
 * @param ids an expression for their ids, a JSON array
 */
export function listsByNow(ids: SQL): SQL {
  return sql`WITH RECURSIVE named (id, place) AS (
      SELECT value, key FROM json_each(${ids})
      UNION SELECT l.became, named.place FROM named JOIN lists AS l ON l.id = named.id WHERE l.became IS NOT NULL)
    SELECT id FROM named WHERE id NOT IN (SELECT id FROM lists WHERE became IS NOT NULL) GROUP BY id ORDER BY min(place)`
}
