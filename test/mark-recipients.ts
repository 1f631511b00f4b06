import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'
import type { ClaimedRecipient } from '../integrations/mailshot/recipient.ts'
import {
  inHandStatement,
  type Mark,
  marksStatement,
  readMarks,
  skipStatement,
} from '../integrations/mailshot/recipient/mark.ts'

/** Puts claimed recipients in hand, without a pace; answers those who are. */
export async function markRecipients(
  mailshot: Mailshot,
  claimed: ClaimedRecipient[],
  by: { workerId: string; allowed?: number },
): Promise<Mark[]> {
  const { workerId, allowed = 100 } = by
  const now = mailshot.now()
  const transport = mailshot.config.transport.name
  const mark = {
    workerId,
    allowed: sql`${allowed}`,
    host: 'example.org',
    lang: 'fr',
    transport,
    now,
  }
  const [, , rows = []] = await mailshot.db.write<{ marks: string }>(
    inHandStatement(claimed, mark),
    skipStatement(claimed, mark),
    marksStatement(claimed, now),
  )
  return readMarks(rows).filter(({ status }) => status === 'in-hand')
}
