import { sql } from 'drizzle-orm/sql'
import type { RecipientStatus } from '../../../db/status.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import type { Send } from './read.ts'

/** A recipient that the operator has named, as it is now. */
export interface NamedRecipient {
  id: number
  email: string
  status: RecipientStatus
  resend: number
  settledAt: number | null
}

/**
 * The recipients of a send with these addresses (normalised), each once.
 *
 * @throws MailshotError when one is no recipient of it
 */
export async function readNamed(
  mailshot: Mailshot,
  send: Send,
  emails: readonly string[],
): Promise<NamedRecipient[]> {
  const wanted = [...new Set(emails)]
  const rows = await mailshot.db.all<NamedRecipient>(sql`
    SELECT id, email, status, resend, settled_at AS settledAt FROM recipients
    WHERE send_id = ${send.id} AND email IN (SELECT value FROM json_each(${JSON.stringify(wanted)}))
    ORDER BY id`)
  const known = new Set(rows.map(({ email }) => email))
  const unknown = wanted.filter((email) => !known.has(email))
  if (unknown.length === 0) return rows
  throw new MailshotError(
    `${listed(unknown)}: no recipient of send ${send.id} (${send.slug}); ` +
      `to mail it to one subscriber: mailshot send ${send.slug} --to ADDRESS`,
    { code: 'no-recipient' },
  )
}

/** The first few of a long list, in words. */
export function listed(texts: readonly string[]): string {
  const first = texts.slice(0, 5)
  const more = texts.length - first.length
  return more > 0 ? `${first.join(', ')} and ${more} more` : first.join(', ')
}
