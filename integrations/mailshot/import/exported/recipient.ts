import { type SQL, sql } from 'drizzle-orm/sql'
import { parseEmailAddress } from '../../email-address.ts'
import type { Mailshot } from '../../mailshot.ts'
import { hashersInUse, hashesOf } from '../../suppression/hash.ts'
import type { Row } from './row.ts'
import { isImported, valuesOf } from './send.ts'

/** Why a recipient cannot be mailed at such an address; undefined for one who can. */
export function faultOfRecipient({ email }: Row): string | undefined {
  if (parseEmailAddress(String(email))?.identity === email) return undefined
  return `email: "${String(email)}" is no normalised address`
}

/** Who was left when the export was made is mailed by nobody here; whose mail was in hand may have got it. */
export function settledRecipient(row: Row, now: number): Row {
  const settled = { ...row, reason: 'import', settled_at: now, due_at: null }
  if (row['status'] === 'in-hand') return { ...settled, status: 'uncertain' }
  const isLeft = ['pending', 'claimed', 'deferred'].includes(String(row['status']))
  return isLeft ? { ...settled, status: 'cancelled' } : row
}

/**
 * The statement that writes recipients of imported sends, and answers those who are new. A number is kept where nobody has had it;
 * nobody is written of whom only a hash is kept here.
 */
export async function recipientStatement(mailshot: Mailshot, rows: readonly Row[]): Promise<SQL> {
  const hashers = await hashersInUse(mailshot)
  const given = JSON.stringify(
    rows.map((row) => ({ ...row, hashes: hashesOf(hashers, String(row['email'])) })),
  )
  const columns = Object.keys(rows[0] ?? {}).filter(
    (name) => name !== 'id' && name !== 'subscriber',
  )
  const isHere = sql`EXISTS (SELECT 1 FROM recipients AS h WHERE h.send_id = n.value ->> 'send_id' AND h.email = n.value ->> 'email')`
  // All of a slice or none, so that a number that is kept never meets one that is given.
  const areFree = sql`(SELECT min(n.value ->> 'id') FROM json_each(${given}) AS n WHERE NOT ${isHere})
    > ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'recipients'), 0)`
  return sql`
    INSERT INTO recipients (id, subscriber_id, ${sql.raw(columns.join(', '))})
    SELECT iif(${areFree}, r.value ->> 'id', NULL),
      ifnull((SELECT p.id FROM subscribers AS p WHERE p.email = r.value ->> 'subscriber'), 0), ${valuesOf(columns)}
    FROM json_each(${given}) AS r JOIN sends AS s ON s.id = r.value ->> 'send_id'
    WHERE s.purged_at IS NULL AND s.emptied_at IS NULL AND ${isImported(sql`s.id`)}
      AND NOT EXISTS (SELECT 1 FROM json_each(r.value, '$.hashes') AS k JOIN suppressed_hashes AS h
        ON h.kind = k.value ->> 0 AND h.hash = k.value ->> 1)
    ON CONFLICT (send_id, email) DO NOTHING RETURNING 1`
}
