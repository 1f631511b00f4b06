// Who gets nothing any more.
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { suppressionReasons } from '../status.ts'

/** Addresses that get nothing whatever their subscriptions say. Outlives the subscriber. */
export const suppressions = sqliteTable('suppressions', {
  email: text().primaryKey(),
  reason: text({ enum: suppressionReasons }).notNull(),
  note: text(),
  at: integer().notNull(),
})

/** Suppressed addresses of which only a hash is kept: those of people who were erased, and what other systems gave. */
export const suppressedHashes = sqliteTable(
  'suppressed_hashes',
  {
    /** What the address was hashed with: the id of one of our keys, or `sha256`, `md5` of the bare address. */
    kind: text().notNull(),
    /** In hexadecimal. */
    hash: text().notNull(),
    reason: text({ enum: suppressionReasons }).notNull(),
    note: text(),
    at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.hash] })],
)
