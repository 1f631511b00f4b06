// What single mails say where the site words them itself.
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Mirrored from `campaigns/letters/`, compiled, so that every worker finds it. */
export const letterTemplates = sqliteTable('letter_templates', {
  kind: text().primaryKey(),
  /** Its languages, JSON. */
  template: text().notNull(),
})
