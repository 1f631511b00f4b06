// People: who they are, which lists they are on, and what they agreed to.
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export type AttributeValue = string | number | boolean

/** A person known by one normalised address. */
export const subscribers = sqliteTable('subscribers', {
  /** Never given again, since the links in a person's mails outlive the person here. */
  id: integer().primaryKey({ autoIncrement: true }),
  /** The identity: lower case, domain in ASCII. */
  email: text().notNull().unique(),
  /** The address as the person wrote it; mail goes to this form. */
  written: text().notNull(),
  name: text().notNull().default(''),
  lang: text(),
  /** The zone of the reader's local time, IANA name. */
  timeZone: text('time_zone'),
  attributes: text({ mode: 'json' })
    .$type<Record<string, AttributeValue>>()
    .notNull()
    .default(sql`'{}'`),
  /** Since when this person agrees to be counted by name; null for everybody else. The wording is in the consents. */
  trackingAgreedAt: integer('tracking_agreed_at'),
  /** No send goes to this person before then; null for everybody else. */
  pausedUntil: integer('paused_until'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

/** Mirrored from the config; one that vanishes there is closed here, never deleted. */
export const lists = sqliteTable('lists', {
  id: text().primaryKey(),
  status: text({ enum: ['open', 'closed'] }).notNull(),
  /** The title per language, or one text for all, as the config had it last. */
  title: text({ mode: 'json' }).$type<string | Record<string, string>>().notNull(),
  public: integer({ mode: 'boolean' }).notNull(),
  /** The list that its people were moved to when it was renamed: mails of before name this one. */
  became: text(),
  createdAt: integer('created_at').notNull(),
  /** Of an automatic list: when its function was asked last, since when its people are as that said, and why the last time failed. */
  triedAt: integer('tried_at'),
  syncedAt: integer('synced_at'),
  syncFault: text('sync_fault'),
})

export const subscriptions = sqliteTable(
  'subscriptions',
  {
    subscriberId: integer('subscriber_id')
      .notNull()
      .references(() => subscribers.id),
    listId: text('list_id')
      .notNull()
      .references(() => lists.id),
    status: text({ enum: ['pending', 'active', 'unsubscribed'] }).notNull(),
    askedAt: integer('asked_at').notNull(),
    activeAt: integer('active_at'),
    endedAt: integer('ended_at'),
    /** Why it ended: `page`, `one-click`, `operator`, `import`, `hard-bounce`, … */
    endReason: text('end_reason'),
  },
  (table) => [
    primaryKey({ columns: [table.subscriberId, table.listId] }),
    index('subscriptions_active')
      .on(table.listId, table.subscriberId)
      .where(sql`status = 'active'`),
  ],
)

/** When, from where, by which form and which wording a subscription was asked for, and when it was confirmed. */
export const consents = sqliteTable(
  'consents',
  {
    id: integer().primaryKey(),
    subscriberId: integer('subscriber_id').notNull(),
    /** Empty for the consent to be counted by name, which is about no list. */
    listId: text('list_id').notNull(),
    at: integer().notNull(),
    /** `form`, `import`, `api`, `command`, `re-consent`. */
    source: text().notNull(),
    form: text(),
    /** The hash of the words agreed to, which stand in `wordings`. */
    wording: text(),
    lang: text(),
    /** As far as the config keeps addresses of readers: whole, cut, or not at all. */
    ip: text(),
    userAgent: text('user_agent'),
    /** What an unconfirmed ask said of the person (JSON): name, language, attributes, the address as written. */
    said: text(),
    confirmedAt: integer('confirmed_at'),
    confirmedIp: text('confirmed_ip'),
    confirmedUserAgent: text('confirmed_user_agent'),
    /** When it was taken back; for a list, noted when it is joined again: until then, its subscription says when it ended. */
    endedAt: integer('ended_at'),
  },
  (table) => [index('consents_subscriber').on(table.subscriberId)],
)

/** What other systems called a person, so that the links in their mails still lead somewhere. Gone with the person. */
export const formerIds = sqliteTable(
  'former_ids',
  {
    /** The system: `spip`, `phplist`, `listmonk`, … */
    source: text().notNull(),
    id: text().notNull(),
    subscriberId: integer('subscriber_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.source, table.id] }),
    index('former_ids_subscriber').on(table.subscriberId),
  ],
)
