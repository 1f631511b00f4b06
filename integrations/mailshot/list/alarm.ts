import { type SQL, sql } from 'drizzle-orm/sql'
import { queueLetterStatement } from '../letter.ts'
import type { Mailshot } from '../mailshot.ts'

/** What is told of an error in a mail: its beginning says most. */
const longestReason = 500

/** The statement that tells the operator of a list that is not in line with its function: once until it is. */
export function unsyncedStatement(mailshot: Mailshot, list: string, reason: string): SQL {
  const { operator, lang } = mailshot.config
  return queueLetterStatement(mailshot, {
    kind: 'alarm',
    email: operator,
    lang,
    values: { event: 'unsynced', list, reason: reason.slice(0, longestReason) },
    when: sql`NOT EXISTS (SELECT 1 FROM letters WHERE kind = 'alarm' AND "values" ->> 'event' = 'unsynced'
      AND "values" ->> 'list' = ${list}
      AND created_at > ifnull((SELECT synced_at FROM lists WHERE id = ${list}), 0))`,
  })
}
