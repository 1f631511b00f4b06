import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { hasRoutes } from '../route.ts'

/** How many mails of a send a transport took. */
export interface Carried {
  name: string
  sent: number
}

/** Which transports took the mails of a send; undefined where the settings name one alone. */
export async function carriedBy(
  { config, db }: Mailshot,
  sendId: string,
): Promise<Carried[] | undefined> {
  if (!hasRoutes(config)) return undefined
  return db.all<Carried>(
    sql`SELECT transport AS name, count(*) AS sent FROM recipients
        WHERE send_id = ${sendId} AND route IS NOT NULL AND status = 'sent' AND transport IS NOT NULL
        GROUP BY transport ORDER BY transport`,
  )
}
