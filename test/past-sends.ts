import { sql } from 'drizzle-orm/sql'
import { recordEvents } from '../integrations/mailshot/event.ts'
import type { DeliveryEvent } from '../integrations/mailshot/transport.ts'
import type { TestMailshot } from './open-test-mailshot.ts'

const day = 86_400_000

/** Sends to everybody on `weekly`, one a day, mailed and done. Answers their ids. */
export async function pastSends(mailshot: TestMailshot, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    mailshot.clock.advance(day)
    await pastSend(mailshot, id)
  }
}

async function pastSend(mailshot: TestMailshot, id: string): Promise<void> {
  const now = mailshot.now()
  await mailshot.db.write(
    sql`INSERT INTO snapshots (hash, slug, compiled, created_at) VALUES ('h1', 'june', '{}', ${now})
        ON CONFLICT DO NOTHING`,
    sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status, created_at, scheduled_at,
          started_at, frozen_at, finished_at, total)
        VALUES (${id}, ${id}, ${id}, 'h1', '["weekly"]', ${id}, 'first', 'done', ${now}, ${now}, ${now}, ${now}, ${now},
          (SELECT count(*) FROM subscribers))`,
    sql`INSERT INTO recipients (send_id, subscriber_id, email, written, lists, status)
        SELECT ${id}, id, email, written, '["weekly"]', 'pending' FROM subscribers`,
    sql`UPDATE recipients SET status = 'sent', tries = 1, in_hand_at = ${now}, settled_at = ${now},
          message_id = '<' || send_id || '.' || id || '@example.org>'
        WHERE send_id = ${id}`,
  )
}

/** A report of the mail that an address got by a send, one hour after it was handed over unless told. */
export async function report(
  mailshot: TestMailshot,
  mail: { send: string; email: string },
  event: Partial<DeliveryEvent>,
): Promise<void> {
  await recordEvents(mailshot, 'memory', [await reportOf(mailshot, mail, event)])
}

export async function reportOf(
  mailshot: TestMailshot,
  { send, email }: { send: string; email: string },
  event: Partial<DeliveryEvent>,
): Promise<DeliveryEvent> {
  const row = await mailshot.db.get<{ messageId: string; at: number }>(
    sql`SELECT message_id AS messageId, in_hand_at AS at FROM recipients
        WHERE send_id = ${send} AND email = ${email}`,
  )
  if (!row) throw new Error(`${send} has no recipient ${email}`)
  const { type = 'bounced' } = event
  return {
    type,
    word: type,
    at: row.at + 3_600_000,
    messageId: row.messageId,
    recipient: email,
    raw: null,
    ...event,
  }
}
