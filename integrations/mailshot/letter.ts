import { type SQL, sql } from 'drizzle-orm'
import type { Mailshot } from './mailshot.ts'

export interface LetterRequest {
  kind: LetterKind
  subscriberId?: number
  /** Where it goes, as written. */
  email: string
  lang: string
  /** What its text is composed with; for a confirmation `url` and `lists`. */
  values: Record<string, string>
  /** Queue it only if this holds when the statement runs: a form sent twice mails once. */
  when?: SQL
}

export type LetterKind = 'confirmation' | 'welcome' | 'alarm'

/** The statement that queues a letter, to be put in the same write as the change that causes it. */
export function queueLetterStatement(mailshot: Mailshot, letter: LetterRequest): SQL {
  const now = mailshot.now()
  return sql`
    INSERT INTO letters (kind, subscriber_id, email, lang, "values", status, due_at, created_at)
    SELECT ${letter.kind}, ${letter.subscriberId ?? null}, ${letter.email}, ${letter.lang},
      ${JSON.stringify(letter.values)}, 'pending', ${now}, ${now}
    WHERE ${letter.when ?? sql`true`}`
}
