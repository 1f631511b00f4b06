import { type SQL, sql } from 'drizzle-orm/sql'

/** Until when a domain rests that the guard holds: until the operator lets it go on. */
export const heldUntil = Date.UTC(9999, 11, 31)

/** Whether a lane rests until the operator lets it go on. */
export function isHeld({ parkedUntil }: { parkedUntil: number }): boolean {
  return parkedUntil >= heldUntil
}

/** Holds the mails of sends to a recipient domain. Letters go on: a person, or the operator, waits for them. */
export function holdDomainStatement(domain: string, reason: string): SQL {
  return sql`INSERT INTO lanes (scope, parked_until, parked_reason)
    VALUES (${`domain:${domain}`}, ${heldUntil}, ${reason})
    ON CONFLICT (scope) DO UPDATE SET parked_until = excluded.parked_until, parked_reason = excluded.parked_reason`
}

/** Lets held domains go on. */
export function releaseDomainsStatement(domains: readonly string[]): SQL {
  return sql`UPDATE lanes SET parked_until = 0, parked_reason = NULL
    WHERE scope IN (SELECT 'domain:' || value FROM json_each(${JSON.stringify(domains)}))
      AND parked_until >= ${heldUntil}`
}
