// What comes back: reported facts, what was counted of them, and the batches they came in.
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Facts reported after hand-over. Never changed once written, but that a name is taken from them: all that follows depends on their
 * set alone.
 */
export const events = sqliteTable(
  'events',
  {
    id: integer().primaryKey(),
    /** `<transport>:` and the provider's id of it, or a hash of what it says: the same report is written once. */
    key: text().notNull().unique(),
    transport: text().notNull(),
    type: text().notNull(),
    /** The provider's own word for the type. */
    word: text().notNull(),
    /** By the reporter's clock. */
    at: integer().notNull(),
    receivedAt: integer('received_at').notNull(),
    /** Normalised: the recipient's where it was matched, else as reported. */
    email: text(),
    class: text({ enum: ['hard', 'soft'] }),
    about: text({ enum: ['address', 'mailbox', 'other'] }),
    /** The enhanced status code (RFC 3463). */
    status: text(),
    reason: text(),
    url: text(),
    messageId: text('message_id'),
    providerEventId: text('provider_event_id'),
    isMachine: integer('is_machine', { mode: 'boolean' }).notNull().default(false),
    /** The report as it came, JSON. */
    raw: text().notNull(),
    recipientId: integer('recipient_id'),
    /** Which mail of the recipient, 0 for the first; NULL where the report does not say. */
    resend: integer(),
    sendId: text('send_id'),
    letterId: integer('letter_id'),
    /** `token`, `message-id`, `our-id`, `provider-id`, `address`; NULL for what matched nothing. */
    matchedBy: text('matched_by'),
  },
  (table) => [
    index('events_send').on(table.sendId),
    // Also finds those of a recipient, whose address is theirs: an index more would cost more than it spares.
    index('events_email').on(table.email),
    index('events_unmatched')
      .on(table.id)
      .where(sql`matched_by IS NULL`),
  ],
)

/** What was counted of the events of each send; outlives them and the recipients. */
export const sendCounts = sqliteTable(
  'send_counts',
  {
    sendId: text('send_id').notNull(),
    kind: text().notNull(),
    key: text().notNull(),
    n: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.sendId, table.kind, table.key] })],
)

/** Batches of events that were stored whole, so that a repeated one need not be read; forgotten after some days. */
export const webhookBatches = sqliteTable(
  'webhook_batches',
  {
    /** `<transport>:` and the provider's id of the batch. */
    key: text().primaryKey(),
    at: integer().notNull(),
  },
  (table) => [index('webhook_batches_at').on(table.at)],
)
