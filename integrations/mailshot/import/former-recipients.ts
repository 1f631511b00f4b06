import { sql } from 'drizzle-orm/sql'
import { parseEmailAddress } from '../email-address.ts'
import { countStatement } from '../event/count.ts'
import type { Fact } from '../event/fact.ts'
import { insertEventsStatements } from '../event/write.ts'
import type { Mailshot } from '../mailshot.ts'
import { hashersInUse, hashesOf } from '../suppression/hash.ts'
import type { FormerRecipient, FormerSend } from './history.ts'

interface Slice {
  send: FormerSend
  /** Of the send here. */
  id: string
  recipients: readonly FormerRecipient[]
}

/**
 * Writes who got a send of another system, and then what is known of these mails as events, from which nothing follows here any more.
 *
 * @returns how many recipients are new
 */
export async function writeRecipients(mailshot: Mailshot, slice: Slice): Promise<number> {
  const rows = await rowsOf(mailshot, slice)
  const given = JSON.stringify(rows.map(({ reports: _reports, ...row }) => row))
  const { id, send } = slice
  const [written = [], known = []] = await mailshot.db.write<{ id: number; email: string }>(
    sql`INSERT INTO recipients (send_id, subscriber_id, email, written, lists, status, reason, tries, in_hand_at, settled_at)
      SELECT s.id, ifnull((SELECT p.id FROM subscribers AS p WHERE p.email = r.value ->> 'email'), 0), r.value ->> 'email',
        r.value ->> 'written', ${JSON.stringify(send.lists)}, r.value ->> 'status', r.value ->> 'reason',
        iif(r.value ->> 'status' = 'cancelled', 0, 1), r.value ->> 'handedAt', r.value ->> 'at'
      FROM json_each(${given}) AS r JOIN sends AS s ON s.id = ${id} AND s.purged_at IS NULL AND s.emptied_at IS NULL
      WHERE NOT EXISTS (SELECT 1 FROM json_each(r.value, '$.hashes') AS k JOIN suppressed_hashes AS h
        ON h.kind = k.value ->> 0 AND h.hash = k.value ->> 1)
        -- A conflict would cost a number each time.
        AND NOT EXISTS (SELECT 1 FROM recipients AS k WHERE k.send_id = s.id AND k.email = r.value ->> 'email')
      RETURNING id, email`,
    // Only so is the unique index asked for each, and not all recipients of the send for one.
    sql`SELECT r.id, r.email FROM json_each(${given}) AS j
      CROSS JOIN recipients AS r ON r.send_id = ${id} AND r.email = j.value ->> 'email'`,
  )
  const ids = new Map(known.map((row) => [row.email, row.id]))
  const facts = rows.flatMap((row) => factsOf(row, { sendId: id, recipientId: ids.get(row.email) }))
  if (facts.length > 0) {
    const statements = insertEventsStatements(facts, mailshot.now())
    await mailshot.db.write(countStatement(facts), ...statements)
  }
  return written.length
}

interface Row {
  email: string
  written: string
  status: FormerRecipient['status']
  reason: string | null
  at: number
  handedAt: number | null
  reports: FormerRecipient['reports']
  hashes: [string, string][]
}

/** What is no address got nothing, and is left out. */
async function rowsOf(mailshot: Mailshot, { send, recipients }: Slice): Promise<Row[]> {
  const hashers = await hashersInUse(mailshot)
  const rows = new Map<string, Row>()
  for (const { email: text, status, at: given, reports } of recipients) {
    const address = parseEmailAddress(text)
    if (!address || rows.has(address.identity)) continue
    const { identity: email, written } = address
    const at = given ?? send.finishedAt ?? send.startedAt ?? 0
    const handedAt = status === 'cancelled' ? null : at
    const reason = status === 'sent' ? null : 'import'
    const hashes = hashesOf(hashers, email)
    rows.set(email, { email, written, status, reason, at, handedAt, reports, hashes })
  }
  return [...rows.values()]
}

function factsOf(
  { email, at, reports }: Row,
  { sendId, recipientId }: { sendId: string; recipientId: number | undefined },
): Fact[] {
  if (recipientId === undefined) return []
  return reports.map((type) => ({
    key: `import:${sendId}.${recipientId}:${type}`,
    transport: 'import',
    type,
    word: 'import',
    at,
    email,
    class: null,
    about: null,
    status: null,
    reason: null,
    url: null,
    messageId: null,
    ourId: null,
    token: null,
    providerEventId: null,
    isMachine: false,
    raw: '{}',
    sendId,
    recipientId,
    resend: null,
    subscriberId: null,
    letterId: null,
    matchedBy: 'our-id',
  }))
}
