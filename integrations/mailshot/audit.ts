import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from './mailshot.ts'

export interface AuditEntry {
  /** Who: `command`, `page`, `api:<token>`, `system`, … */
  actor: string
  /** What: the operation's verb. */
  action: string
  /** To what: `subscriber:7`, `address:…`, `list:weekly`, `send:…` */
  subject: string
  detail: Record<string, unknown>
  /** Write the line only if this holds when the statement runs: repeating an operation then adds none. */
  when?: SQL
}

/** The statement that notes who did what, to be put in the same write as the change and before it. */
export function auditStatement(mailshot: Mailshot, entry: AuditEntry): SQL {
  return sql`
    INSERT INTO audit (at, actor, action, subject, detail)
    SELECT ${mailshot.now()}, ${entry.actor}, ${entry.action}, ${entry.subject},
      ${JSON.stringify(entry.detail)}
    WHERE ${entry.when ?? sql`true`}`
}

export interface AuditLine {
  at: number
  actor: string
  action: string
  subject: string
  detail: Record<string, unknown>
}

/** All that is noted about the subjects, oldest first. */
export async function findAudit(mailshot: Mailshot, ...subjects: string[]): Promise<AuditLine[]> {
  const rows = await mailshot.db.all<Omit<AuditLine, 'detail'> & { detail: string }>(sql`
    SELECT at, actor, action, subject, detail FROM audit
    WHERE subject IN (SELECT value FROM json_each(${JSON.stringify(subjects)})) ORDER BY id`)
  return rows.map((row) => ({ ...row, detail: JSON.parse(row.detail) }))
}
