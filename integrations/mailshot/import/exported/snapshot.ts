import { type SQL, sql } from 'drizzle-orm/sql'
import type { CompiledCampaign } from '../../compile.ts'
import { snapshotHash } from '../../compile/content-hash.ts'
import type { Row } from './row.ts'

/** Why a compiled campaign cannot be what its hash says; undefined for one that is. */
export function faultOfSnapshot({ compiled, hash }: Row): string | undefined {
  // What it is besides, its hash vouches for.
  const frozen: CompiledCampaign = JSON.parse(String(compiled))
  if (typeof frozen === 'object' && frozen !== null && snapshotHash(frozen) === hash) return
  return 'compiled is not what was sent: it differs from its hash; export it again'
}

/** The statement that writes compiled campaigns, and answers those that are new. */
export function snapshotStatement(rows: readonly Row[]): SQL {
  return sql`
    INSERT INTO snapshots (hash, slug, compiled, created_at)
    SELECT r.value ->> 'hash', r.value ->> 'slug', r.value ->> 'compiled', r.value ->> 'created_at'
    FROM json_each(${JSON.stringify(rows)}) AS r WHERE true ON CONFLICT DO NOTHING RETURNING 1`
}
