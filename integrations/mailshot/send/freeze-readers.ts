import type { SQL } from 'drizzle-orm/sql'
import { listOf } from '../list/former.ts'
import type { Mailshot } from '../mailshot.ts'
import { unknownMails } from './known-mails.ts'
import type { Send } from './read.ts'
import { selectedSql } from './selection.ts'

/**
 * Whom the freeze of a send takes of its lists, as a condition on the row `s` of subscribers; or why that cannot be said any more: since it
 * was planned, a list or a field is gone from the config, or the recipients that it asks about were purged.
 */
export async function readersToFreeze(
  mailshot: Mailshot,
  send: Send,
): Promise<{ where: SQL } | { wrong: string }> {
  const { config } = mailshot
  const closed = send.lists.find((list) => listOf(config, list) === undefined)
  if (closed !== undefined) {
    const wrong = `its list ${closed} is not in mailshot.config.ts any more: put it back, or cancel the send`
    return { wrong }
  }
  const selected = selectedSql(config, send, send.startedAt ?? 0)
  if ('wrong' in selected || send.freezeCursor > 0) return selected
  const conditions = [...(send.segment === null ? [] : [send.segment]), ...send.exclude]
  const wrong = await unknownMails(mailshot, conditions, send.slug)
  return wrong === undefined ? selected : { wrong }
}
