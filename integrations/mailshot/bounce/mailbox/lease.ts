import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../../mailshot.ts'

/** How long a reader that has gone silent keeps others from the mailbox. */
export const leaseMs = 3 * 60_000

const key = 'mailbox-reader'

/** Takes the mailbox for this reader, or keeps it; `false` while another has it. */
export async function holdLease({ db, now }: Mailshot, owner: string): Promise<boolean> {
  const lease = JSON.stringify({ owner, until: now() + leaseMs })
  await db.write(
    sql`INSERT INTO meta (key, value) VALUES (${key}, ${lease}) ON CONFLICT (key) DO UPDATE SET value = excluded.value
        WHERE meta.value ->> 'owner' = ${owner} OR meta.value ->> 'until' <= ${now()}`,
  )
  const held = await db.get<{ owner: string }>(
    sql`SELECT value ->> 'owner' AS owner FROM meta WHERE key = ${key}`,
  )
  return held?.owner === owner
}

/** Lets the next reader begin at once. */
export async function releaseLease({ db }: Mailshot, owner: string): Promise<void> {
  await db.write(sql`DELETE FROM meta WHERE key = ${key} AND value ->> 'owner' = ${owner}`)
}
