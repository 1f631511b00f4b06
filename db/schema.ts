// Every table, in the order the data flows. Times are milliseconds since 1970 in the database's clock.
import { sql } from 'drizzle-orm'
import { blob, index, integer, sqliteTable, text, unique } from 'drizzle-orm/sqlite-core'
import { deliveryStates, recipientStatuses } from './status.ts'

/** Compiled campaigns as sends froze them, by the hash of the whole of each. */
export const snapshots = sqliteTable('snapshots', {
  hash: text().primaryKey(),
  slug: text().notNull(),
  compiled: text().notNull(),
  createdAt: integer('created_at').notNull(),
})

/** The bytes of campaign images, by their own hash. */
export const media = sqliteTable('media', {
  hash: text().primaryKey(),
  type: text().notNull(),
  bytes: blob({ mode: 'buffer' }).notNull(),
  createdAt: integer('created_at').notNull(),
})

/** One mailing of one compiled campaign to chosen lists. Counters are kept by triggers on `recipients`. */
export const sends = sqliteTable(
  'sends',
  {
    id: text().primaryKey(),
    slug: text().notNull(),
    /** Of what is mailed: two campaigns, or two versions of one, with the same one are the same mail. */
    contentHash: text('content_hash').notNull(),
    /** What this send froze, pages of the archive and all. */
    snapshot: text()
      .notNull()
      .references(() => snapshots.hash),
    /** In the campaign's order: the first one still active gives List-Id and sender. */
    lists: text({ mode: 'json' }).$type<string[]>().notNull(),
    /** Whom of them it goes to, and who is left out: conditions with every segment spelled out, as they were when it was planned. */
    segment: text(),
    exclude: text({ mode: 'json' })
      .$type<string[]>()
      .notNull()
      .default(sql`'[]'`),
    /** Of slug, content hash, lists, conditions and repeat: one trigger, one send. */
    triggerKey: text('trigger_key').notNull().unique(),
    /** `first`; `again` skips all who got the slug or the content; `all` mails everybody once more. */
    audience: text({ enum: ['first', 'again', 'all'] }).notNull(),
    /** For a single send: the one address, normalised. */
    onlyTo: text('only_to'),
    status: text({
      enum: ['scheduled', 'preparing', 'running', 'paused', 'done', 'cancelled'],
    }).notNull(),
    /** Why it is paused or cancelled: `operator`, `late`, `blocked: …`, `wrong-database`, … */
    reason: text(),
    /** What `resume` brings a paused send back to. */
    pausedFrom: text('paused_from', { enum: ['scheduled', 'preparing', 'running'] }),
    gitCommit: text('git_commit'),
    createdAt: integer('created_at').notNull(),
    scheduledAt: integer('scheduled_at').notNull(),
    /** For a send at the readers' own time: the hour on their clocks, `2026-12-01T09:00`. */
    localTime: text('local_time'),
    /** After this nobody is mailed any more: who is left is cancelled, and the send is done. */
    until: integer(),
    startedAt: integer('started_at'),
    /** Freezing: recipients come from subscribers up to `freezeUntil`, those up to `freezeCursor` are written. */
    freezeCursor: integer('freeze_cursor').notNull().default(0),
    freezeUntil: integer('freeze_until'),
    frozenAt: integer('frozen_at'),
    finishedAt: integer('finished_at'),
    /** Since when its recipients and events are gone, and only what was counted of them is left. */
    purgedAt: integer('purged_at'),
    /** Since when it is in the trash, and since when that was emptied: then its counters are gone too. */
    trashedAt: integer('trashed_at'),
    emptiedAt: integer('emptied_at'),
    total: integer().notNull().default(0),
    sent: integer().notNull().default(0),
    failed: integer().notNull().default(0),
    skipped: integer().notNull().default(0),
    cancelled: integer().notNull().default(0),
    uncertain: integer().notNull().default(0),
  },
  (table) => [
    index('sends_open')
      .on(table.status, table.scheduledAt)
      .where(sql`status NOT IN ('done', 'cancelled')`),
    index('sends_slug').on(table.slug),
    index('sends_content').on(table.contentHash),
  ],
)

/** A subscriber's place in one send. Only `recipient.ts` writes their status. */
export const recipients = sqliteTable(
  'recipients',
  {
    // A number is never given again: what is reported late of somebody who was erased must not be about another.
    id: integer().primaryKey({ autoIncrement: true }),
    sendId: text('send_id')
      .notNull()
      .references(() => sends.id),
    subscriberId: integer('subscriber_id').notNull(),
    /** Frozen at start: the normalised address, and the form mail goes to. */
    email: text().notNull(),
    written: text().notNull(),
    /** Every list that selected it, in the send's order. */
    lists: text({ mode: 'json' }).$type<string[]>().notNull(),
    /** What its mail was composed with, as of the in-hand mark: the language, and which lists were still active (null: all). */
    lang: text(),
    activeLists: text('active_lists', { mode: 'json' }).$type<string[]>(),
    status: text({ enum: recipientStatuses }).notNull(),
    /** Why it was skipped, deferred, failed, cancelled or is uncertain. */
    reason: text(),
    /** The enhanced status code (RFC 3463) of a refusal, where one was given. */
    enhanced: text(),
    tries: integer().notNull().default(0),
    /** How often the operator had it mailed once more; what became of each time before is in the audit. */
    resend: integer().notNull().default(0),
    /** When a deferred one is due again. */
    dueAt: integer('due_at'),
    /** When the relay first failed at its mail, of the times since its last other answer. */
    relayFaultAt: integer('relay_fault_at'),
    /** The recipient domain whose lane a deferred one waits for; then `due_at` is its expected hour there. */
    lane: text(),
    /** Which of several transports it is to go by, chosen at the freeze; null where there was only one. */
    route: text(),
    /** The transport that its mail was put in hand for last. */
    transport: text(),
    /** Made by the worker, so that repeating a claim is harmless; kept until another worker claims it. */
    claimId: text('claim_id'),
    workerId: text('worker_id'),
    inHandAt: integer('in_hand_at'),
    settledAt: integer('settled_at'),
    messageId: text('message_id'),
    /** What the other side called it when it took it, and its whole answer. */
    providerId: text('provider_id'),
    answer: text(),
    /** What was reported of its mail since: of several reports, the one that counts most. Of a bounce, how lasting it is. */
    delivery: text({ enum: deliveryStates }),
    deliveryClass: text('delivery_class', { enum: ['hard', 'soft'] }),
    /** `event` where the status `uncertain` was settled by what was reported. */
    settledBy: text('settled_by', { enum: ['event'] }),
    /** Whether its last mail went to the config's `redirectTo` instead, so that nothing reported of it is about the reader. */
    redirected: integer({ mode: 'boolean' }),
  },
  (table) => [
    unique('recipients_once').on(table.sendId, table.email),
    index('recipients_pending')
      .on(table.sendId, table.id)
      .where(sql`status = 'pending'`),
    index('recipients_deferred')
      .on(table.sendId, table.lane, table.dueAt)
      .where(sql`status = 'deferred'`),
    // Of sends that have a choice of transports: what one of them may take is found without walking past the others'.
    index('recipients_pending_routed')
      .on(table.sendId, table.route, table.id)
      .where(sql`status = 'pending' AND route IS NOT NULL`),
    index('recipients_deferred_routed')
      .on(table.sendId, table.route, table.lane, table.dueAt)
      .where(sql`status = 'deferred' AND route IS NOT NULL`),
    index('recipients_carried')
      .on(table.sendId, table.transport, table.status)
      .where(sql`route IS NOT NULL`),
    index('recipients_claimed')
      .on(table.claimId)
      .where(sql`status = 'claimed'`),
    index('recipients_in_hand')
      .on(table.workerId)
      .where(sql`status = 'in-hand'`),
    index('recipients_uncertain')
      .on(table.sendId, table.id)
      .where(sql`status = 'uncertain'`),
    index('recipients_failed')
      .on(table.sendId, table.id)
      .where(sql`status = 'failed'`),
    index('recipients_send').on(table.sendId, table.id),
    index('recipients_email').on(table.email),
  ],
)

/** Single mails that a person waits for: confirmation, welcome, alarm. Tried for 18 hours, failed ones kept. */
export const letters = sqliteTable(
  'letters',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    kind: text().notNull(),
    subscriberId: integer('subscriber_id'),
    /** Where it goes, as written. */
    email: text().notNull(),
    lang: text().notNull(),
    /** The values its text is composed with. */
    values: text({ mode: 'json' }).$type<Record<string, string>>().notNull(),
    /** `held`: a confirmation of a burst of sign-ups, until that is over or the operator says what it was. */
    status: text({ enum: ['pending', 'held', 'in-hand', 'sent', 'failed'] }).notNull(),
    reason: text(),
    tries: integer().notNull().default(0),
    dueAt: integer('due_at').notNull(),
    workerId: text('worker_id'),
    createdAt: integer('created_at').notNull(),
    settledAt: integer('settled_at'),
    messageId: text('message_id'),
    answer: text(),
    /** What it went by; null for a mailer of the site's own. */
    transport: text(),
    /** When the relay first failed at it, of the times since its last other answer. */
    relayFaultAt: integer('relay_fault_at'),
    /** Whether it went to the config's `redirectTo` instead. */
    redirected: integer({ mode: 'boolean' }),
  },
  (table) => [
    index('letters_due')
      .on(table.dueAt)
      .where(sql`status = 'pending'`),
    index('letters_held')
      .on(table.workerId)
      .where(sql`status = 'in-hand'`),
    index('letters_failed')
      .on(table.id)
      .where(sql`status = 'failed'`),
    index('letters_subscriber').on(table.subscriberId),
    // Who was asked whether an address is theirs, and how often.
    index('letters_asked_address')
      .on(sql`lower(email)`)
      .where(sql`kind = 'change-address'`),
    index('letters_kept_back')
      .on(table.id)
      .where(sql`status = 'held'`),
    // How many people sign up in an hour, and how many usually do.
    index('letters_confirmations')
      .on(table.createdAt)
      .where(sql`kind IN ('confirmation', 'invitation')`),
    // What the operator was told, and when.
    index('letters_alarms')
      .on(table.createdAt)
      .where(sql`kind = 'alarm'`),
  ],
)

export * from './schema/subscriber.ts'
export * from './schema/suppression.ts'
export * from './schema/letter.ts'
export * from './schema/privacy.ts'
export * from './schema/event.ts'
export * from './schema/operation.ts'
