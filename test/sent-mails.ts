import { sql } from 'drizzle-orm/sql'
import type { MailshotConfigInput } from '../integrations/mailshot/config.ts'
import type { DeliveryEvent } from '../integrations/mailshot/transport.ts'
import { openTestMailshot, type TestMailshot } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { runningSend } from './running-send.ts'

/** A mail that was handed over. */
export interface SentMail {
  id: number
  sendId: string
  email: string
  messageId: string
  ourId: string
}

interface Sent<Mails> {
  mailshot: TestMailshot
  sendId: string
  mails: Mails
}

/** A send to so many readers on `weekly` that were all mailed: reader1@example.net, … with the provider's ids p1, … */
export async function sentTo(count: 1, config?: Config): Promise<Sent<[SentMail]>>
export async function sentTo(count: 2, config?: Config): Promise<Sent<[SentMail, SentMail]>>
export async function sentTo(count: number, config?: Config): Promise<Sent<SentMail[]>>
export async function sentTo(count: number, config: Config = {}): Promise<Sent<SentMail[]>> {
  const mailshot = await openTestMailshot(config)
  await addReaders(mailshot, count)
  const sendId = await runningSend(mailshot, ['weekly'])
  await mailAll(mailshot, sendId)
  const mails = await mailshot.db.all<SentMail>(sql`
    SELECT id, send_id AS sendId, email, message_id AS messageId, send_id || '.' || id AS ourId
    FROM recipients ORDER BY id`)
  return { mailshot, sendId, mails }
}

type Config = Partial<MailshotConfigInput>

/** Marks every recipient of a send as mailed now. */
export async function mailAll(mailshot: TestMailshot, sendId: string): Promise<void> {
  await mailshot.db.write(sql`
    UPDATE recipients SET status = 'sent', tries = 1, in_hand_at = ${mailshot.now()}, settled_at = ${mailshot.now()},
      message_id = '<' || send_id || '.' || id || '@example.org>', provider_id = 'p' || id
    WHERE send_id = ${sendId}`)
}

/** An event of the clock's beginning, which tells nothing but its type unless told. */
export function eventOf(event: Partial<DeliveryEvent>): DeliveryEvent {
  const { type = 'delivered' } = event
  return { type, word: type, at: Date.UTC(2026, 10, 22, 12), raw: null, ...event }
}

/** A recipient as the table holds it. */
export async function recipientRow(
  mailshot: TestMailshot,
  id: number,
): Promise<Record<string, unknown>> {
  const row = await mailshot.db.get<Record<string, unknown>>(
    sql`SELECT * FROM recipients WHERE id = ${id}`,
  )
  return row ?? {}
}

/** The counters of a kind that are not zero, over all sends. */
export async function sendCounts(
  mailshot: TestMailshot,
  kind: string,
): Promise<Record<string, number>> {
  const rows = await mailshot.db.all<{ key: string; n: number }>(
    sql`SELECT key, sum(n) AS n FROM send_counts WHERE kind = ${kind} GROUP BY key HAVING sum(n) <> 0`,
  )
  return Object.fromEntries(rows.map(({ key, n }) => [key, n]))
}
