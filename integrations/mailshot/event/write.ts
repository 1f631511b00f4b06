import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import type { Fact } from './fact.ts'

/** So many rows go into one statement: the fewer lengths there are, the fewer statements are to be prepared and kept. */
const lengths = [50, 10, 1]

/** The statements that store facts; those that are there are left as they are. */
export function insertEventsStatements(facts: readonly Fact[], receivedAt: number): SQL[] {
  const statements: SQL[] = []
  for (let start = 0; start < facts.length;) {
    const left = facts.length - start
    const length = lengths.find((one) => one <= left) ?? left
    statements.push(insertStatement(facts.slice(start, start + length), receivedAt))
    start += length
  }
  return statements
}

function insertStatement(facts: readonly Fact[], receivedAt: number): SQL {
  // Values of their own: read out of one JSON text they would take twice as long.
  const rows = facts.map(
    (
      fact,
    ) => sql`(${fact.key}, ${fact.transport}, ${fact.type}, ${fact.word}, ${fact.at}, ${receivedAt}, ${fact.email},
      ${fact.class}, ${fact.about}, ${fact.status}, ${fact.reason}, ${fact.url}, ${fact.messageId},
      ${fact.providerEventId}, ${fact.isMachine}, ${fact.raw}, ${fact.recipientId}, ${fact.resend}, ${fact.sendId},
      ${fact.letterId}, ${fact.matchedBy})`,
  )
  return sql`
    INSERT INTO events (key, transport, type, word, at, received_at, email, class, about, status, reason, url, message_id,
      provider_event_id, is_machine, raw, recipient_id, resend, send_id, letter_id, matched_by)
    VALUES ${sql.join(rows, sql`, `)} ON CONFLICT (key) DO NOTHING`
}

/** Providers give a batch up after a day at most. */
const rememberedMs = 7 * 24 * 3_600_000

/** Whether all of a batch was stored before. */
export async function isBatchStored({ db }: Mailshot, key: string): Promise<boolean> {
  return (await db.get(sql`SELECT 1 FROM webhook_batches WHERE key = ${key}`)) !== undefined
}

/** The statements that note, with the last of its events, that a batch is stored as a whole. */
export function batchStatements(key: string, now: number): SQL[] {
  return [
    sql`INSERT INTO webhook_batches (key, at) VALUES (${key}, ${now}) ON CONFLICT DO NOTHING`,
    sql`DELETE FROM webhook_batches WHERE at < ${now - rememberedMs}`,
  ]
}
