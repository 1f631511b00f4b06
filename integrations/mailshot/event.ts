import { setImmediate } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import { consequenceStatements } from './event/consequence.ts'
import { countStatement } from './event/count.ts'
import { type Fact, type Report, reportOf } from './event/fact.ts'
import { matchReports } from './event/match.ts'
import { insertEventsStatement } from './event/write.ts'
import type { Mailshot } from './mailshot.ts'
import { reportedStatements } from './recipient/reported.ts'
import type { DeliveryEvent } from './transport.ts'

/** What became of reported events. */
export interface Recorded {
  /** Written now. */
  recorded: number
  /** Written before, or twice in what was given. */
  repeated: number
  /** Of those written now: about no mail that is known. */
  unmatched: number
}

/** As many as are written without holding the event loop up. */
const sliceSize = 250

/**
 * Stores what was reported of mails, finds whose mails they were, and draws the consequences, in one write for each slice: once it
 * returns, all of it is on disk. Repeating it, in any order and in any parts, gives the same; so it may be called again after an error.
 *
 * @param transport who reports: the name of a transport, `generic`, `bounces`, …
 */
export async function recordEvents(
  mailshot: Mailshot,
  transport: string,
  events: readonly DeliveryEvent[],
): Promise<Recorded> {
  const recorded: Recorded = { recorded: 0, repeated: 0, unmatched: 0 }
  for (let start = 0; start < events.length; start += sliceSize) {
    if (start > 0) await setImmediate()
    const slice = events.slice(start, start + sliceSize)
    const facts = await recordSlice(mailshot, transport, slice)
    recorded.recorded += facts.length
    recorded.repeated += slice.length - facts.length
    recorded.unmatched += facts.filter(({ matchedBy }) => matchedBy === null).length
  }
  return recorded
}

async function recordSlice(
  mailshot: Mailshot,
  transport: string,
  events: readonly DeliveryEvent[],
): Promise<Fact[]> {
  const now = mailshot.now()
  const reports = events.map((event) => reportOf(transport, event, now))
  const facts = await matchReports(mailshot, await withoutStored(mailshot, reports))
  if (facts.length === 0) return facts
  await mailshot.db.write(
    countStatement(facts),
    insertEventsStatement(facts, now),
    ...reportedStatements(facts, now),
    ...consequenceStatements(mailshot, facts),
  )
  return facts
}

/** What is stored has had its consequences in the same write. */
async function withoutStored({ db }: Mailshot, reports: Report[]): Promise<Report[]> {
  const fresh = new Map(reports.toReversed().map((report) => [report.key, report]))
  const stored = await db.all<{ key: string }>(
    sql`SELECT key FROM events WHERE key IN (SELECT value FROM json_each(${JSON.stringify([...fresh.keys()])}))`,
  )
  for (const { key } of stored) fresh.delete(key)
  return [...fresh.values()]
}
