import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { reportedStatements } from '../recipient/reported.ts'
import { withdrawnStatements, withoutErased, withoutNames } from '../tracking/consent.ts'
import type { DeliveryEvent } from '../transport.ts'
import { consequenceStatements } from './consequence.ts'
import { countStatement } from './count.ts'
import { type Fact, type Report, reportOf } from './fact.ts'
import { matchReports } from './match.ts'
import { batchStatements, insertEventsStatements } from './write.ts'

/** Events of one reporter. */
export interface SlicePart {
  transport: string
  events: readonly DeliveryEvent[]
  /** The key of a batch that is stored as a whole with these. */
  batch: string | undefined
}

/** What became of reported events. */
export interface Recorded {
  /** Written now. */
  recorded: number
  /** Written before, or twice in what was given. */
  repeated: number
  /** Of those written now: about no mail that is known. */
  unmatched: number
}

/** Records the events of all parts, and all that follows from them, in one write. Answers what became of each part. */
export async function recordSlice(
  mailshot: Mailshot,
  parts: readonly SlicePart[],
): Promise<Recorded[]> {
  const now = mailshot.now()
  const reports = parts.map(({ transport, events }) =>
    events.map((event) => reportOf(transport, event, now)),
  )
  const facts = await matchReports(mailshot, await withoutStored(mailshot, reports.flat()))
  const statements = [
    ...(facts.size > 0
      ? await factStatements(mailshot, [...facts.values()], { receivedAt: now, now })
      : []),
    ...parts.flatMap(({ batch }) => (batch === undefined ? [] : batchStatements(batch, now))),
  ]
  if (statements.length > 0) await mailshot.db.write(...statements)
  return reports.map((ofPart) => countsOf(ofPart, facts))
}

/** The statements that write facts down, with all that follows from them; once each, however often they are written. */
export async function factStatements(
  mailshot: Mailshot,
  facts: readonly Fact[],
  { receivedAt, now }: { receivedAt: number; now: number },
): Promise<SQL[]> {
  const kept = await withoutNames(mailshot, await withoutErased(mailshot, facts))
  return [
    countStatement(kept),
    ...insertEventsStatements(kept, receivedAt),
    ...withdrawnStatements(kept),
    // Who opened a mail has got it, whether or not that is told of them.
    ...reportedStatements(facts, now),
    ...consequenceStatements(mailshot, kept),
  ]
}

/** What is stored has had its consequences in the same write. */
async function withoutStored({ db }: Mailshot, reports: Report[]): Promise<Report[]> {
  const fresh = new Map<string, Report>()
  for (const report of reports) if (!fresh.has(report.key)) fresh.set(report.key, report)
  const keys = JSON.stringify([...fresh.keys()])
  const stored = await db.all<{ key: string }>(
    sql`SELECT key FROM events WHERE key IN (SELECT value FROM json_each(${keys}))`,
  )
  for (const { key } of stored) fresh.delete(key)
  return [...fresh.values()]
}

function countsOf(reports: readonly Report[], facts: ReadonlyMap<Report, Fact>): Recorded {
  const written = reports.flatMap((report) => facts.get(report) ?? [])
  return {
    recorded: written.length,
    repeated: reports.length - written.length,
    unmatched: written.filter(({ matchedBy }) => matchedBy === null).length,
  }
}
