import { setImmediate } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm/sql'
import { consequenceStatements } from './event/consequence.ts'
import { countStatement } from './event/count.ts'
import { type Fact, type Report, reportOf } from './event/fact.ts'
import { matchReports } from './event/match.ts'
import { batchStatements, insertEventsStatement, isBatchStored } from './event/write.ts'
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
 * @param options.batchId names what was given, the same when it is given again: then nothing is looked at
 */
export async function recordEvents(
  mailshot: Mailshot,
  transport: string,
  events: readonly DeliveryEvent[],
  { batchId }: { batchId?: string | undefined } = {},
): Promise<Recorded> {
  const batch = batchId === undefined ? undefined : `${transport}:${batchId}`
  if (batch !== undefined && (await isBatchStored(mailshot, batch))) {
    return { recorded: 0, repeated: events.length, unmatched: 0 }
  }
  const recorded: Recorded = { recorded: 0, repeated: 0, unmatched: 0 }
  for (let start = 0; start < events.length; start += sliceSize) {
    if (start > 0) await setImmediate()
    const slice = events.slice(start, start + sliceSize)
    const isLast = start + sliceSize >= events.length
    const facts = await recordSlice(mailshot, transport, slice, isLast ? batch : undefined)
    recorded.recorded += facts.length
    recorded.repeated += slice.length - facts.length
    recorded.unmatched += facts.filter(({ matchedBy }) => matchedBy === null).length
  }
  return recorded
}

/** @param ended the key of the batch that is stored as a whole with this slice */
async function recordSlice(
  mailshot: Mailshot,
  transport: string,
  events: readonly DeliveryEvent[],
  ended: string | undefined,
): Promise<Fact[]> {
  const now = mailshot.now()
  const reports = events.map((event) => reportOf(transport, event, now))
  const facts = await matchReports(mailshot, await withoutStored(mailshot, reports))
  const statements = [
    ...(facts.length > 0 ? factStatements(mailshot, facts, now) : []),
    ...(ended === undefined ? [] : batchStatements(ended, now)),
  ]
  if (statements.length > 0) await mailshot.db.write(...statements)
  return facts
}

function factStatements(mailshot: Mailshot, facts: readonly Fact[], now: number): SQL[] {
  return [
    countStatement(facts),
    insertEventsStatement(facts, now),
    ...reportedStatements(facts, now),
    ...consequenceStatements(mailshot, facts),
  ]
}

/** What is stored has had its consequences in the same write. */
async function withoutStored({ db }: Mailshot, reports: Report[]): Promise<Report[]> {
  const fresh = new Map<string, Report>()
  for (const report of reports) if (!fresh.has(report.key)) fresh.set(report.key, report)
  const stored = await db.all<{ key: string }>(
    sql`SELECT key FROM events WHERE key IN (SELECT value FROM json_each(${JSON.stringify([...fresh.keys()])}))`,
  )
  for (const { key } of stored) fresh.delete(key)
  return [...fresh.values()]
}
