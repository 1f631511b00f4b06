import { hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { snapshotHash } from '../compile/content-hash.ts'
import { parseEmailAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { sendIdOf } from '../send/id.ts'
import { compiledFrom } from './former-mail.ts'
import { writeRecipients } from './former-recipients.ts'
import type { Rehearsal } from './rehearsal.ts'

/** What another system sent, to whom, and what came of it. */
export interface HistorySource {
  /** What messages call it: the file's name. */
  readonly name: string
  /** `spip`, `phplist`, …: with a send's id there, it makes the send's id and slug here. */
  readonly system: string
  sends(): AsyncIterable<FormerSend>
  /** How many recipients they have, where that can be told before. */
  countRecipients?(): Promise<number | undefined>
}

/** A mailing of another system that is over there. Times are in ms since 1970. */
export interface FormerSend {
  id: string
  subject: string
  /** Old placeholders (`@nom@`) and all. */
  html: string
  text: string
  from?: { name: string; address: string } | undefined
  lists: string[]
  startedAt: number | undefined
  finishedAt: number | undefined
  /** `cancelled` where it was broken off: whoever was left is mailed by nobody any more. */
  status: 'done' | 'cancelled'
  /** What was counted there, for a send whose recipients are gone. */
  counts: FormerCounts
  recipients(): Iterable<FormerRecipient>
}

export interface FormerCounts {
  total: number
  sent: number
  failed: number
  opened: number
  clicked: number
  complained: number
}

export interface FormerRecipient {
  email: string
  status: 'sent' | 'failed' | 'cancelled'
  at: number | undefined
  /** What is known of the mail since: each counts once. */
  reports: ('opened' | 'clicked' | 'complained')[]
}

export interface HistorySummary {
  /** Sends and recipients that were not here yet. */
  sends: number
  recipients: number
  stopped: boolean
}

export interface HistoryOptions {
  actor: string
  /** Ends the import after the slice in hand; running it again goes on. */
  signal?: AbortSignal | undefined
  /** The copy in which a dry run is done. */
  rehearsal?: Rehearsal | undefined
  /** After each slice of recipients. */
  onProgress?: ((progress: { read: number; total: number | undefined }) => void) | undefined
}

const sliceRows = 1000

/**
 * Brings in what another system has sent. The sends stand in the history with their contents, recipients and statuses, and mail
 * nobody; the archive shows none of them. Running it again, also after it was killed, ends the same; what was purged here since stays
 * purged, and nobody who was erased is stored again.
 */
export async function importHistory(
  mailshot: Mailshot,
  source: HistorySource,
  { actor, signal, rehearsal, onProgress }: HistoryOptions,
): Promise<HistorySummary> {
  const target = rehearsal?.mailshot ?? mailshot
  const summary: HistorySummary = { sends: 0, recipients: 0, stopped: false }
  const total = await source.countRecipients?.()
  let read = 0
  for await (const send of source.sends()) {
    const id = formerSendId(source.system, send)
    const slug = `${source.system}-${send.id}`
    await rehearsal?.copySend({ id, triggerKey: triggerKeyOf(slug) })
    summary.sends += await writeSend(target, { send, id, slug })
    for (const recipients of slicesOf(send.recipients())) {
      summary.stopped = signal?.aborted ?? false
      if (summary.stopped) break
      await rehearsal?.copyRecipients(id, addressesOf(recipients))
      summary.recipients += await writeRecipients(target, { send, id, recipients })
      read += recipients.length
      onProgress?.({ read, total })
      // Deliveries of the same process get their turn.
      await setImmediate()
    }
    await target.db.write(countStatement(id))
    if (summary.stopped) break
  }
  if (rehearsal) return summary
  const detail = { ...summary }
  const subject = `history:${source.name}`
  await mailshot.db.write(auditStatement(mailshot, { actor, action: 'import', subject, detail }))
  return summary
}

/** What the id of a former send is here: the same for the same send, whichever dump it is read from. */
function formerSendId(system: string, { id, startedAt = 0 }: FormerSend): string {
  const chance = Number.parseInt(hash('sha256', `${system} ${id}`).slice(0, 8), 16)
  return sendIdOf([Math.floor(startedAt / 1000), chance])
}

function triggerKeyOf(slug: string): string {
  return `import:${slug}`
}

/** @returns how many are new: one, or none */
async function writeSend(
  mailshot: Mailshot,
  { send, id, slug }: { send: FormerSend; id: string; slug: string },
): Promise<number> {
  const compiled = compiledFrom(mailshot.config, send, slug)
  const snapshot = snapshotHash(compiled)
  const startedAt = send.startedAt ?? send.finishedAt ?? 0
  const finishedAt = send.finishedAt ?? startedAt
  const results = await mailshot.db.write<{ id: string }>(
    sql`INSERT INTO snapshots (hash, slug, compiled, created_at)
        SELECT ${snapshot}, ${slug}, ${JSON.stringify(compiled)}, ${startedAt}
        WHERE NOT EXISTS (SELECT 1 FROM sends WHERE trigger_key = ${triggerKeyOf(slug)}) ON CONFLICT DO NOTHING`,
    sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status, reason, created_at,
          scheduled_at, started_at, frozen_at, finished_at)
        VALUES (${id}, ${slug}, ${compiled.hash}, ${snapshot}, ${JSON.stringify(send.lists)}, ${triggerKeyOf(slug)}, 'first',
          ${send.status}, 'import', ${startedAt}, ${startedAt}, ${startedAt}, ${startedAt}, ${finishedAt})
        ON CONFLICT DO NOTHING RETURNING id`,
    ...withoutRecipients(mailshot, send, id),
  )
  return results[1]?.length ?? 0
}

/** Of a send that was purged there, what was counted is kept, as of one that was purged here. */
function withoutRecipients(mailshot: Mailshot, send: FormerSend, id: string): SQL[] {
  const [first] = send.recipients()
  const { total, sent, failed, ...reports } = send.counts
  if (first !== undefined || total === 0) return []
  // Of opens and clicks nobody knows whose they were.
  const rows = [
    ['events', 'opened', reports.opened],
    ['events', 'clicked', reports.clicked],
    ['events', 'complained', reports.complained],
    ['people', 'complained', reports.complained],
  ].filter(([, , n]) => n !== 0)
  return [
    sql`UPDATE sends SET purged_at = ${mailshot.now()}, total = ${total}, sent = ${sent}, failed = ${failed},
          cancelled = ${Math.max(0, total - sent - failed)}
        WHERE id = ${id} AND purged_at IS NULL AND trashed_at IS NULL`,
    sql`INSERT INTO send_counts (send_id, kind, key, n)
        SELECT ${id}, value ->> 0, value ->> 1, value ->> 2 FROM json_each(${JSON.stringify(rows)}) WHERE true
        ON CONFLICT DO NOTHING`,
  ]
}

/** The counters, which a trigger keeps of recipients that are mailed here. */
function countStatement(id: string): SQL {
  const n = (status: string) =>
    sql`(SELECT count(*) FROM recipients WHERE send_id = sends.id AND status = ${status})`
  return sql`
    UPDATE sends SET total = (SELECT count(*) FROM recipients WHERE send_id = sends.id),
      sent = ${n('sent')}, failed = ${n('failed')}, cancelled = ${n('cancelled')}
    WHERE id = ${id} AND purged_at IS NULL`
}

function addressesOf(recipients: readonly FormerRecipient[]): string[] {
  return recipients.flatMap(({ email }) => parseEmailAddress(email)?.identity ?? [])
}

/** The recipients of a send, as many at once as are written at once. */
function* slicesOf(recipients: Iterable<FormerRecipient>): Generator<FormerRecipient[]> {
  let slice: FormerRecipient[] = []
  for (const recipient of recipients) {
    slice.push(recipient)
    if (slice.length < sliceRows) continue
    yield slice
    slice = []
  }
  if (slice.length > 0) yield slice
}
