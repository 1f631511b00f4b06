import { type SQL, sql } from 'drizzle-orm/sql'
import type { MailshotConfig } from '../config.ts'
import { listsByNow } from '../list/became.ts'

/** The condition on `sends` that all its lists are public, or were when they closed. */
export function wentToPublicLists(config: MailshotConfig): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM json_each(sends.lists)
    WHERE value NOT IN (SELECT value FROM json_each(${publicLists(config)}))
      AND value NOT IN (${vanishedPublicLists(config)}))`
}

/** As JSON. What went out under a list's former id is that list's. */
function publicLists({ lists }: MailshotConfig): string {
  const shown = Object.entries(lists).filter(([, list]) => list.public)
  return JSON.stringify(shown.flatMap(([id, { formerly }]) => [id, formerly ?? id]))
}

/**
 * Closed since they vanished from the config, as public ones, or since they were renamed, to one that is public: the addresses of
 * their letters go on working.
 */
function vanishedPublicLists(config: MailshotConfig): SQL {
  const ids = Object.entries(config.lists).flatMap(([id, { formerly }]) => [id, formerly ?? id])
  const isNowPublic = sql`EXISTS (SELECT 1 FROM (${listsByNow(sql`json_array(f.id)`)})
    WHERE id IN (SELECT value FROM json_each(${publicLists(config)})))`
  return sql`SELECT f.id FROM lists AS f WHERE f.id NOT IN (SELECT value FROM json_each(${JSON.stringify(ids)}))
    AND iif(f.became IS NULL, f.status = 'closed' AND f.public = 1, ${isNowPublic})`
}
