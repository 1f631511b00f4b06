import { createHmac, hash, randomBytes } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm/sql'
import type { SuppressionReason } from '../../../db/status.ts'
import type { Mailshot } from '../mailshot.ts'
import { mergeSuppression } from './merge.ts'

/** A suppression of which only a hash of the address is kept. */
export interface SuppressedHash {
  /** The id of the key it was made with, or `sha256`, `md5` of the bare address, as other systems give them. */
  kind: string
  /** In hexadecimal. */
  hash: string
  reason: SuppressionReason
  note: string | null
  at: number
}

type Hasher = { kind: string; hashOf(email: string): string }

const bare: Hasher[] = (['sha256', 'md5'] as const).map((kind) => ({
  kind,
  hashOf: (email) => hash(kind, email),
}))

const keyPrefix = 'suppression-key:'
const ownKey = 'suppression-key'

/** The id by which hashes name their key: it says nothing about it. */
function keyId(key: string): string {
  return hash('sha256', `mailshot suppression key ${key}`).slice(0, 12)
}

function keyed(key: string): Hasher {
  return {
    kind: keyId(key),
    hashOf: (email) =>
      createHmac('sha256', Buffer.from(key, 'base64url')).update(email).digest('hex'),
  }
}

/**
 * The key that this site's hashes are made with. It is made once and never changed, since nobody could tell any more whom the
 * hashes are of; it travels with each export.
 */
export async function readOwnKey({ db }: Mailshot): Promise<string> {
  const made = randomBytes(32).toString('base64url')
  const [, rows = []] = await db.write<{ value: string }>(
    sql`INSERT INTO meta (key, value) VALUES (${ownKey}, ${made}) ON CONFLICT DO NOTHING`,
    sql`SELECT value FROM meta WHERE key = ${ownKey}`,
  )
  return rows[0]?.value ?? made
}

/** The keys of others that were imported with their lists. */
export async function readForeignKeys({ db }: Mailshot): Promise<string[]> {
  const rows = await db.all<{ value: string }>(
    sql`SELECT value FROM meta WHERE key > ${keyPrefix} AND key < ${'suppression-key;'}`,
  )
  return rows.map(({ value }) => value)
}

/** Keeps a key of others; not that which is the site's own. */
export function addKeyStatement(key: string): SQL {
  return sql`INSERT INTO meta (key, value) SELECT ${keyPrefix + keyId(key)}, ${key}
    WHERE NOT EXISTS (SELECT 1 FROM meta WHERE key = ${ownKey} AND value = ${key}) ON CONFLICT DO NOTHING`
}

/** Makes a key the site's own where none was made yet. */
export function adoptKeyStatement(key: string): SQL {
  return sql`INSERT INTO meta (key, value) VALUES (${ownKey}, ${key}) ON CONFLICT DO NOTHING`
}

/** The hash of an address by the site's own key. */
export async function ownHasher(mailshot: Mailshot): Promise<Hasher> {
  return keyed(await readOwnKey(mailshot))
}

/** How addresses are hashed that are to be looked for: by all that hashes are kept of. Mostly there are none. */
export async function hashersInUse(mailshot: Mailshot): Promise<Hasher[]> {
  const { db } = mailshot
  if (!(await db.get(sql`SELECT 1 FROM suppressed_hashes LIMIT 1`))) return []
  const keys = [await readOwnKey(mailshot), ...(await readForeignKeys(mailshot))]
  const hashers = [...bare, ...keys.map(keyed)]
  const used = await db.all<{ kind: string }>(sql`
    SELECT value AS kind FROM json_each(${JSON.stringify(hashers.map(({ kind }) => kind))})
    WHERE EXISTS (SELECT 1 FROM suppressed_hashes WHERE kind = value)`)
  return hashers.filter(({ kind }) => used.some((one) => one.kind === kind))
}

/** The kinds of hashes that can be told whose they are. */
export async function knownKinds(mailshot: Mailshot): Promise<Set<string>> {
  const keys = [await readOwnKey(mailshot), ...(await readForeignKeys(mailshot))]
  return new Set([...bare.map(({ kind }) => kind), ...keys.map(keyId)])
}

/** The hashes of an address: `[kind, hash]`. */
export function hashesOf(hashers: readonly Hasher[], email: string): [string, string][] {
  return hashers.map(({ kind, hashOf }) => [kind, hashOf(email)])
}

/** How many addresses are suppressed of which only hashes are kept. */
export async function countSuppressedHashes({ db }: Mailshot): Promise<number> {
  const row = await db.get<{ n: number }>(sql`SELECT count(*) AS n FROM suppressed_hashes`)
  return row?.n ?? 0
}

/** Why an address gets nothing of which only the hash is kept. */
export async function findByHash(
  mailshot: Mailshot,
  email: string,
): Promise<SuppressedHash | undefined> {
  const hashers = await hashersInUse(mailshot)
  if (hashers.length === 0) return undefined
  return mailshot.db.get<SuppressedHash>(sql`
    SELECT h.kind, h.hash, h.reason, h.note, h.at FROM suppressed_hashes AS h
    WHERE (h.kind, h.hash) IN (${pairs(hashesOf(hashers, email))}) ORDER BY h.at LIMIT 1`)
}

/**
 * Puts the addresses themselves in the place of their hashes, for those who are known here again: sends look for addresses alone. To be
 * called before somebody becomes a subscriber, and for all subscribers once hashes have come in.
 */
export async function nameSuppressed(
  mailshot: Mailshot,
  emails: readonly string[],
): Promise<number> {
  const hashers = await hashersInUse(mailshot)
  if (hashers.length === 0 || emails.length === 0) return 0
  const rows = emails.flatMap((email) =>
    hashesOf(hashers, email).map(([kind, hashed]) => [kind, hashed, email]),
  )
  const given = JSON.stringify(rows)
  const [named = []] = await mailshot.db.write(
    sql`SELECT 1 FROM json_each(${given}) AS j
      JOIN suppressed_hashes AS h ON h.kind = j.value ->> 0 AND h.hash = j.value ->> 1`,
    sql`INSERT INTO suppressions (email, reason, note, at)
      SELECT j.value ->> 2, h.reason, h.note, h.at FROM json_each(${given}) AS j
      JOIN suppressed_hashes AS h ON h.kind = j.value ->> 0 AND h.hash = j.value ->> 1 WHERE true
      ON CONFLICT (email) ${mergeSuppression('suppressions')}`,
    sql`DELETE FROM suppressed_hashes WHERE (kind, hash) IN (${pairs(rows)})`,
  )
  return named.length
}

/** Forgets the hashes of an address, in the same write as another change. */
export async function forgetHashesStatements(mailshot: Mailshot, email: string): Promise<SQL[]> {
  const hashers = await hashersInUse(mailshot)
  if (hashers.length === 0) return []
  return [
    sql`DELETE FROM suppressed_hashes WHERE (kind, hash) IN (${pairs(hashesOf(hashers, email))})`,
  ]
}

function pairs(rows: readonly (readonly string[])[]): SQL {
  return sql`SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(rows)})`
}
