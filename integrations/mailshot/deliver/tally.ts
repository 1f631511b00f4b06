import { type SQL, sql } from 'drizzle-orm/sql'
import { domainOf } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'

/** What this worker's mails came to, for each send and recipient domain, until it is written down. */
export interface Tally {
  /** Counts those who were sent it, or failed for good. */
  note(recipient: { sendId: string; written: string }, status: string | undefined): void
  /** Adds it to the counters. A process that dies takes the last seconds of it along: it serves the guard, and no account. */
  write(mailshot: Mailshot): Promise<void>
}

export function openTally(): Tally {
  let counts = new Map<string, Map<string, number>>()
  return {
    note: ({ sendId, written }, status) => {
      if (status !== 'sent' && status !== 'failed') return
      const ofSend = counts.get(sendId) ?? new Map<string, number>()
      const key = `${domainOf(written)} ${status}`
      counts.set(sendId, ofSend.set(key, (ofSend.get(key) ?? 0) + 1))
    },
    write: async ({ db }) => {
      if (counts.size === 0) return
      const rows = [...counts].flatMap(([sendId, ofSend]) =>
        [...ofSend].map(([key, n]) => [sendId, key, n]),
      )
      counts = new Map()
      await db.write(addStatement(rows))
    },
  }
}

function addStatement(rows: unknown[][]): SQL {
  return sql`INSERT INTO send_counts (send_id, kind, key, n)
    SELECT value ->> 0, 'domain', value ->> 1, value ->> 2 FROM json_each(${JSON.stringify(rows)}) WHERE true
    ON CONFLICT (send_id, kind, key) DO UPDATE SET n = n + excluded.n`
}
