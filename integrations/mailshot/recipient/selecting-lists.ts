import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'

/** The lists that brought somebody a mail, in its send's order; undefined for a recipient who is not theirs, or purged. */
export async function findSelectingLists(
  mailshot: Mailshot,
  { recipientId, subscriberId }: { recipientId: number; subscriberId: number },
): Promise<string[] | undefined> {
  const row = await mailshot.db.get<{ lists: string }>(
    sql`SELECT lists FROM recipients WHERE id = ${recipientId} AND subscriber_id = ${subscriberId}`,
  )
  return row && JSON.parse(row.lists)
}
