// The tables that the running of it needs: pace, workers, audit, tokens, meta.
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The pace: slots returned after an answer, counted in buckets of a five-hundredth of their window. */
export const pace = sqliteTable(
  'pace',
  {
    /** `transport:<name>`; later also one per recipient domain. */
    scope: text().notNull(),
    windowMs: integer('window_ms').notNull(),
    /** When the slots of this bucket are free again. */
    freeAt: integer('free_at').notNull(),
    slots: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.windowMs, table.freeAt] })],
)

/** Where a lane stands: the next evenly spread slot, and until when the relay asked for rest. */
export const lanes = sqliteTable('lanes', {
  scope: text().primaryKey(),
  nextAt: integer('next_at').notNull().default(0),
  parkedUntil: integer('parked_until').notNull().default(0),
  parkedReason: text('parked_reason'),
  /** Relay faults in a row; each doubles the rest. */
  faults: integer().notNull().default(0),
})

/** The processes that deliver. A worker whose lease has run out has lost what it held. */
export const workers = sqliteTable('workers', {
  id: text().primaryKey(),
  /** Machine and process, so that a successor on the same machine can tell that it is dead. */
  machine: text().notNull(),
  pid: integer().notNull(),
  startedAt: integer('started_at').notNull(),
  leaseUntil: integer('lease_until').notNull(),
})

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
  (table) => [index('audit_subject').on(table.subject)],
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
