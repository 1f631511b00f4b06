import { type SQL, sql } from 'drizzle-orm/sql'

/** So many tell that it is no single mail; what is more says nothing new. */
const mostKept = 20

/** Counts the mails at which the relay failed just now, by their ids, in the row of its lane. */
export function countFailingStatement(scope: string, ids: readonly string[]): SQL {
  return sql`UPDATE lanes SET failing = (SELECT json_group_object(id, times) FROM (
      SELECT id, sum(times) AS times FROM (
        SELECT key AS id, value AS times FROM json_each(coalesce(failing, '{}'))
        UNION ALL SELECT value, 1 FROM json_each(${JSON.stringify(ids)}))
      GROUP BY id ORDER BY times DESC LIMIT ${mostKept}))
    WHERE scope = ${scope}`
}

/** The relay has accepted a mail: what it fails at from here on is counted anew. */
export function forgetFailingStatement(scope: string): SQL {
  return sql`UPDATE lanes SET failing = NULL WHERE scope = ${scope} AND failing IS NOT NULL`
}
