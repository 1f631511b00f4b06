import type { SQL } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import type { Fact } from './fact.ts'

/**
 * What follows for people from facts that are written in the same write, before these statements. They look at all events that are
 * stored, so that the order in which these came does not matter, and repeating them changes nothing.
 */
export function consequenceStatements(_mailshot: Mailshot, _facts: readonly Fact[]): SQL[] {
  return []
}
