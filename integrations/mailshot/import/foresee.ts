import { sql } from 'drizzle-orm/sql'
import { parseEmailAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import type { SuppressionSource } from '../suppression/import.ts'
import {
  formerSendId,
  type HistorySource,
  type HistorySummary,
  type FormerRecipient,
  slicesOf,
} from './history.ts'

/** Of suppressions. */
const sliceRows = 1000

/**
 * What `importHistory` would bring in; writes nothing. Counted too is who was erased here, whom it would leave out, and twice whoever
 * stands far apart in one send.
 */
export async function foreseeHistory(
  mailshot: Mailshot,
  source: HistorySource,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<HistorySummary> {
  const summary: HistorySummary = { sends: 0, recipients: 0, stopped: false }
  for await (const send of source.sends()) {
    summary.stopped = signal?.aborted ?? false
    if (summary.stopped) break
    const id = formerSendId(source.system, send)
    const here = await mailshot.db.get<{ isGone: number }>(
      sql`SELECT (purged_at IS NOT NULL OR emptied_at IS NOT NULL) AS isGone FROM sends WHERE id = ${id}`,
    )
    if (!here) summary.sends += 1
    if (!here?.isGone) summary.recipients += await newRecipients(mailshot, id, send.recipients())
  }
  return summary
}

async function newRecipients(
  mailshot: Mailshot,
  id: string,
  recipients: Iterable<FormerRecipient>,
): Promise<number> {
  let fresh = 0
  for (const slice of slicesOf(recipients)) {
    const emails = slice.flatMap(({ email }) => parseEmailAddress(email)?.identity ?? [])
    const row = await mailshot.db.get<{ n: number }>(sql`
      SELECT count(DISTINCT j.value) AS n FROM json_each(${JSON.stringify(emails)}) AS j
      WHERE NOT EXISTS (SELECT 1 FROM recipients AS r WHERE r.send_id = ${id} AND r.email = j.value)`)
    fresh += row?.n ?? 0
  }
  return fresh
}

/** How many lines a list of suppressions has, and how many of their addresses and hashes are not suppressed here yet; writes nothing. */
export async function foreseeSuppressions(
  mailshot: Mailshot,
  source: SuppressionSource,
): Promise<{ read: number; changed: number }> {
  const summary = { read: 0, changed: 0 }
  let names: string[] = []
  const count = async () => {
    const row = await mailshot.db.get<{ n: number }>(sql`
      SELECT count(DISTINCT value) AS n FROM json_each(${JSON.stringify(names)})
      WHERE NOT EXISTS (SELECT 1 FROM suppressions WHERE email = value)
        AND NOT EXISTS (SELECT 1 FROM suppressed_hashes WHERE hash = value)`)
    summary.changed += row?.n ?? 0
    names = []
  }
  for await (const entry of source) {
    if (!('keys' in entry)) summary.read += 1
    if ('address' in entry) names.push(nameOf(entry.address))
    if (names.length === sliceRows) await count()
  }
  await count()
  return summary
}

/** An address, or a hash without the kind before it. */
function nameOf(text: string): string {
  return parseEmailAddress(text)?.identity ?? text.trim().toLowerCase().replace(/^\w+:/, '')
}
