import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'
import { tendSends } from '../integrations/mailshot/send/tend.ts'

/** A send whose recipients are frozen, of a campaign that is never composed. Answers its id. */
export async function runningSend(mailshot: Mailshot, lists: string[]): Promise<string> {
  const now = mailshot.now()
  await mailshot.db.write(
    sql`INSERT INTO snapshots (hash, slug, compiled, created_at) VALUES ('h1', 'june', '{}', ${now})`,
    sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status, created_at, scheduled_at)
        VALUES ('s1', 'june', 'h1', 'h1', ${JSON.stringify(lists)}, 'k1', 'first', 'scheduled', ${now}, ${now})`,
  )
  while (await tendSends(mailshot, () => 'ready'));
  await mailshot.db.write(sql`UPDATE sends SET status = 'running' WHERE id = 's1'`)
  return 's1'
}
