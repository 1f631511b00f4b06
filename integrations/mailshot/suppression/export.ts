import { sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { listSuppressions } from '../suppression.ts'
import { ownHasher, readForeignKeys, readOwnKey, type SuppressedHash } from './hash.ts'

/** A line of an export: the first has the keys, each other one a suppressed address or the hash of one. */
export type ExportLine =
  | { mailshot: 'suppressions'; version: 1; site: string; exportedAt: string; keys: string[] }
  | ({ email: string } & Said)
  | ({ hash: string } & Said)

interface Said {
  reason: string
  /** Not told with the hash of an address that is known: it may have the address in it. */
  note?: string | null
  at: string
}

/**
 * Gives all that is suppressed, with the keys that the hashes among it were made with. With `hashed` nobody's address is in it: whoever
 * has it can tell whether an address that they know is suppressed, and nothing else. `pageRows` are read at once, at most.
 */
export async function* exportSuppressions(
  mailshot: Mailshot,
  { hashed = false, pageRows = 1000 }: { hashed?: boolean; pageRows?: number } = {},
): AsyncGenerator<ExportLine> {
  const { kind, hashOf } = await ownHasher(mailshot)
  yield {
    mailshot: 'suppressions',
    version: 1,
    site: mailshot.config.site,
    exportedAt: new Date(mailshot.now()).toISOString(),
    keys: [await readOwnKey(mailshot), ...(await readForeignKeys(mailshot))],
  }
  for (let after = ''; ;) {
    const page = await listSuppressions(mailshot, { after, limit: pageRows })
    for (const { email, reason, note, at } of page) {
      const time = new Date(at).toISOString()
      yield hashed
        ? { hash: `${kind}:${hashOf(email)}`, reason, at: time }
        : { email, reason, note, at: time }
    }
    if (page.length < pageRows) break
    after = page.at(-1)?.email ?? after
  }
  yield* hashLines(mailshot, pageRows)
}

async function* hashLines({ db }: Mailshot, pageRows: number): AsyncGenerator<ExportLine> {
  for (let after = ['', '']; ;) {
    const page = await db.all<SuppressedHash>(sql`
      SELECT kind, hash, reason, note, at FROM suppressed_hashes
      WHERE (kind, hash) > (${after[0]}, ${after[1]}) ORDER BY kind, hash LIMIT ${pageRows}`)
    for (const { kind, hash, reason, note, at } of page) {
      yield { hash: `${kind}:${hash}`, reason, note, at: new Date(at).toISOString() }
    }
    const last = page.at(-1)
    if (!last || page.length < pageRows) return
    after = [last.kind, last.hash]
  }
}
