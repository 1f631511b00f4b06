import { setImmediate } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'

/** How many recipients of a send came to the same. */
export interface OutcomeCount {
  domain: string
  status: 'sent' | 'failed'
  /** Of the hand-over (UTC): `2026-11-22T12`. */
  hour: string | null
  n: number
}

/** So many rows are read at once: some 10 ms. */
const pageSize = 5_000

/**
 * Counts the recipients of a send that are still kept by domain, hour and what became of them, page by page, so that others get the
 * database in between. Those that are gone were counted by a trigger: kinds `gone` and `gone-hour` of `send_counts`.
 */
export async function countOutcomes(
  { db }: Mailshot,
  sendId: string,
): Promise<readonly OutcomeCount[]> {
  const counts: OutcomeCount[] = []
  let after = 0
  for (;;) {
    const page = await db.get<{ last: number | null }>(sql`
      SELECT max(id) AS last FROM (SELECT id FROM recipients WHERE send_id = ${sendId} AND id > ${after}
        ORDER BY id LIMIT ${pageSize})`)
    const last = page?.last ?? null
    if (last === null) return counts
    counts.push(
      ...(await db.all<OutcomeCount>(sql`
        SELECT substr(email, instr(email, '@') + 1) AS domain, status,
          strftime('%Y-%m-%dT%H', in_hand_at / 1000, 'unixepoch') AS hour, count(*) AS n
        FROM recipients WHERE send_id = ${sendId} AND id > ${after} AND id <= ${last} AND status IN ('sent', 'failed')
        GROUP BY 1, 2, 3`)),
    )
    after = last
    await setImmediate()
  }
}
