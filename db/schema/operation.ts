// The tables that the running of it needs: pace, workers, audit, tokens, meta.
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The pace: slots returned after an answer, counted in buckets of a five-hundredth of their window. */
export const pace = sqliteTable(
  'pace',
  {
    /** `transport:<name>`, or `domain:<domain>` of the recipients. */
    scope: text().notNull(),
    windowMs: integer('window_ms').notNull(),
    /** When the slots of this bucket are free again. */
    freeAt: integer('free_at').notNull(),
    slots: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.windowMs, table.freeAt] })],
)

/**
 * Where a lane stands: the next evenly spread slot, until when it rests, and how far it was slowed down. One a transport, and one
 * for each recipient domain that is limited or was slowed.
 */
export const lanes = sqliteTable('lanes', {
  scope: text().primaryKey(),
  nextAt: integer('next_at').notNull().default(0),
  /** How far its even spread is behind though somebody waited, in milliseconds; it hurries until that is made up. */
  behind: integer().notNull().default(0),
  parkedUntil: integer('parked_until').notNull().default(0),
  parkedReason: text('parked_reason'),
  /** Relay faults in a row; each doubles the rest. */
  faults: integer().notNull().default(0),
  /** When the first of these faults was; 0 when there is none. */
  faultsFrom: integer('faults_from').notNull().default(0),
  /** When the relay answered again after the last of its faults. */
  answeredAt: integer('answered_at').notNull().default(0),
  /** The mails at which the relay failed since it last accepted one, and how often: `{"<send>.<recipient>": 3}`; null for none. */
  failing: text({ mode: 'json' }).$type<Record<string, number>>(),
  /** Slowed down at `slowed_at` to one hand-over in so many milliseconds, from one in `slowed_from`; 0 when it never was. */
  spacing: integer().notNull().default(0),
  slowedFrom: integer('slowed_from').notNull().default(0),
  slowedAt: integer('slowed_at').notNull().default(0),
  slowedReason: text('slowed_reason'),
  /** The hour in its even spread that the last of those who wait for it was given. */
  queuedUntil: integer('queued_until').notNull().default(0),
  /** When its ramp began: its first mail under one. */
  rampFrom: integer('ramp_from'),
  /** The same refusal, with what differs from mail to mail taken out, so many times in a row. */
  refusal: text(),
  refusals: integer().notNull().default(0),
})

/** What the guard found too bad, and how bad it was when it stopped a send, or the operator let it go on. */
export const guard = sqliteTable(
  'guard',
  {
    /** `send:<id>`, or `days` for all that was sent of late. */
    scope: text().notNull(),
    /** `failures`, `hard-bounces`, `complaints`, `complaint-warning`, or `domain:<recipient domain>`. */
    cause: text().notNull(),
    /** 1 from the limit on, then one more for each half of it. */
    level: integer().notNull(),
    at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.cause] })],
)

/** The processes that deliver. A worker whose lease has run out has lost what it held. */
export const workers = sqliteTable('workers', {
  id: text().primaryKey(),
  /** Machine and process, so that a successor on the same machine can tell that it is dead. */
  machine: text().notNull(),
  pid: integer().notNull(),
  startedAt: integer('started_at').notNull(),
  leaseUntil: integer('lease_until').notNull(),
})

/**
 * How often forms were sent of late, by whom and for whom: keyed hashes alone, counted in buckets of a twentieth of a limit's window,
 * gone when that is over.
 */
export const attempts = sqliteTable(
  'attempts',
  {
    key: text().notNull(),
    /** When those of this bucket count no more. */
    freeAt: integer('free_at').notNull(),
    count: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.key, table.freeAt] }),
    index('attempts_free').on(table.freeAt),
  ],
)

/** Who did what, when, by which way. */
export const audit = sqliteTable(
  'audit',
  {
    id: integer().primaryKey(),
    at: integer().notNull(),
    actor: text().notNull(),
    action: text().notNull(),
    subject: text().notNull(),
    detail: text({ mode: 'json' }).$type<Record<string, unknown>>().notNull(),
  },
  (table) => [
    index('audit_subject').on(table.subject),
    // Who had an address before.
    index('audit_former_address')
      .on(sql`detail ->> 'from'`)
      .where(sql`action = 'change-address'`),
  ],
)

/** API tokens, stored as hashes. */
export const tokens = sqliteTable('tokens', {
  id: text().primaryKey(),
  name: text().notNull(),
  hash: text().notNull().unique(),
  scopes: text({ mode: 'json' }).$type<string[]>().notNull(),
  createdAt: integer('created_at').notNull(),
  revokedAt: integer('revoked_at'),
})

/** Single facts: the site this database belongs to, the check value of its secret. */
export const meta = sqliteTable('meta', {
  key: text().primaryKey(),
  value: text().notNull(),
})
