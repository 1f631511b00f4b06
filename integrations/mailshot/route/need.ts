import { type SQL, sql } from 'drizzle-orm/sql'
import type { MailshotConfig } from '../config.ts'
import { hasRoutes, transportNames } from '../route.ts'

/**
 * A condition for rows of `sends`: somebody of it has to go by the transport of these settings, or has just gone by it. Always so where
 * there is one alone.
 */
export function goesBy(
  config: MailshotConfig,
  notes: readonly { recipient: { sendId: string } }[],
): SQL {
  if (!hasRoutes(config)) return sql`true`
  const { name } = config.transport
  const [first, ...others] = transportNames(config)
  const isOfIt =
    name === first
      ? sql`(route IS NULL OR route NOT IN (SELECT value FROM json_each(${JSON.stringify(others)})))`
      : sql`route = ${name}`
  const waits = (status: SQL) =>
    sql`EXISTS (SELECT 1 FROM recipients WHERE send_id = sends.id AND ${status} AND ${isOfIt})`
  const noted = JSON.stringify([...new Set(notes.map(({ recipient }) => recipient.sendId))])
  return sql`(sends.id IN (SELECT value FROM json_each(${noted}))
    OR ${waits(sql`status = 'pending'`)} OR ${waits(sql`status = 'deferred'`)})`
}
