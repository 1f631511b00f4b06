// What people agreed to in which words, who is asked again, and who is being forgotten.
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { sends } from '../schema.ts'

/** Each wording that somebody agreed to, kept once. */
export const wordings = sqliteTable('wordings', {
  /** SHA-256 of the text, in base64url. */
  hash: text().primaryKey(),
  text: text().notNull(),
  lang: text(),
  firstUsedAt: integer('first_used_at').notNull(),
})

/** People whose erasure waits for what is in hand for them; gone as soon as that is settled. */
export const erasures = sqliteTable('erasures', {
  subscriberId: integer('subscriber_id').primaryKey(),
  /** Their addresses, the present one first. */
  emails: text({ mode: 'json' }).$type<string[]>().notNull(),
  actor: text().notNull(),
  at: integer().notNull(),
})

/** Files of rows that imports could not take: they hold people's data, and go in time. */
export const rejectFiles = sqliteTable(
  'reject_files',
  {
    /** The name of the machine that they are on. */
    machine: text().notNull(),
    path: text().notNull(),
    /** SHA-256 of what was written, in base64url. */
    digest: text().notNull(),
    at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.machine, table.path] })],
)

/** A list whose readers are asked whether they want to stay. */
export const reconsents = sqliteTable(
  'reconsents',
  {
    /** The send that asks. */
    sendId: text('send_id')
      .primaryKey()
      .references(() => sends.id),
    listId: text('list_id').notNull(),
    /** Who has not answered so many days after the mail leaves the list. */
    days: integer().notNull(),
    actor: text().notNull(),
    at: integer().notNull(),
    /** Since when nobody leaves by it any more: stopped, or everybody's days are over. */
    endedAt: integer('ended_at'),
    isStopped: integer('is_stopped', { mode: 'boolean' }).notNull().default(false),
  },
  (table) => [index('reconsents_list').on(table.listId, table.at)],
)
