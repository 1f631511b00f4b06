import { sql } from 'drizzle-orm/sql'
import { listsByNow } from '../list/became.ts'
import type { Mailshot } from '../mailshot.ts'

/**
 * The lists that brought somebody a mail, in its send's order and as they are called by now; undefined for a recipient who is not theirs, or
 * purged.
 */
export async function findSelectingLists(
  mailshot: Mailshot,
  { recipientId, subscriberId }: { recipientId: number; subscriberId: number },
): Promise<string[] | undefined> {
  const row = await mailshot.db.get<{ lists: string }>(
    sql`SELECT (SELECT json_group_array(id) FROM (${listsByNow(sql`r.lists`)})) AS lists
        FROM recipients AS r WHERE id = ${recipientId} AND subscriber_id = ${subscriberId}`,
  )
  return row && JSON.parse(row.lists)
}
