import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import { heldUntil, releaseDomainsStatement } from '../pace/held.ts'
import {
  domainFindings,
  findingsOf,
  noteLevelsStatement,
  ofLateDays,
  readFigures,
  warningsOf,
} from './figures.ts'

/** What the reason of a send begins with that the guard has paused. */
export const guardMark = 'guard: '

/** The recipient domains that the guard holds because of a send. */
export async function heldDomains({ db }: Mailshot, sendId: string): Promise<string[]> {
  const rows = await db.all<{ domain: string }>(sql`
    SELECT substr(g.cause, 8) AS domain FROM guard AS g JOIN lanes AS l ON l.scope = g.cause
    WHERE g.scope = ${`send:${sendId}`} AND l.parked_until >= ${heldUntil}`)
  return rows.map(({ domain }) => domain)
}

/**
 * The statements that note that the operator has seen how bad it is by now, and lets it go on: it stops again for the same cause
 * only when that has got worse by another step. Nothing where the guard had not stopped it.
 */
export async function acknowledgeStatements(
  mailshot: Mailshot,
  send: { id: string; reason: string | null },
): Promise<SQL[]> {
  const held = await heldDomains(mailshot, send.id)
  const isStopped = send.reason?.startsWith(guardMark) === true
  if (!isStopped && held.length === 0) return []
  const release = held.length > 0 ? [releaseDomainsStatement(held)] : []
  const { guard } = mailshot.config
  if (guard === false) return release
  const own = await readFigures(mailshot, sql`s.id = ${send.id}`)
  const late = await readFigures(mailshot, ofLateDays(mailshot, guard.days))
  const domains = await domainFindings(mailshot, send.id, guard)
  const ownFindings = [...findingsOf(own, guard), ...warningsOf(own, guard), ...domains]
  return [
    noteLevelsStatement(mailshot, `send:${send.id}`, ownFindings),
    noteLevelsStatement(mailshot, 'days', [...findingsOf(late, guard), ...warningsOf(late, guard)]),
    ...release,
  ]
}
