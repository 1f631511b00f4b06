import { type SQL, sql } from 'drizzle-orm/sql'
import { domainOf } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { allowance, type Lane, laneOf, limitedLanes, returnSlotsStatement } from '../pace.ts'

/**
 * The ids of the letters that meet a condition and may be taken now, at most `most` and oldest first, by the transport's lane as it stands. The site's own mailer has no
 * pace of ours; on the campaigns' transport a letter takes slots as a campaign's mail does, its domain's too.
 */
export function letterSlots(
  mailshot: Mailshot,
  isDue: SQL,
  { lane: transport, most, now }: { lane: Lane; most: number; now: number },
): SQL {
  if (mailshot.config.mailer) {
    return sql`SELECT id FROM letters WHERE ${isDue} ORDER BY due_at LIMIT ${most}`
  }
  const allowed = allowance(transport, most, now)
  const lanes = limitedDomains(mailshot)
  if (lanes.length === 0) {
    return sql`SELECT id FROM letters WHERE ${isDue} ORDER BY due_at LIMIT ${allowed}`
  }
  // One at a time of each limited domain, so that each is counted before the next is taken.
  const whens = lanes.map((lane) => sql`WHEN ${`@${lane.domain}`} THEN ${lane.domain}`)
  const domain = sql`(CASE lower(substr(email, instr(email, '@'))) ${sql.join(whens, sql` `)} END)`
  const full = lanes.map(
    (lane) => sql`AND NOT (${domain} IS ${lane.domain} AND ${allowance(lane, 1, now)} < 1)`,
  )
  return sql`SELECT min(id) FROM letters WHERE ${isDue} ${sql.join(full, sql` `)}
    GROUP BY coalesce(${domain}, id) ORDER BY min(due_at) LIMIT ${allowed}`
}

/** Gives back the slots of a letter that was answered; `isHeld` is the condition for it to be in hand still. */
export function letterSlotStatements(
  mailshot: Mailshot,
  email: string,
  isHeld: SQL,
  now: number,
): SQL[] {
  if (mailshot.config.mailer) return []
  const inHand = sql`(SELECT count(*) FROM letters WHERE ${isHeld})`
  return limitedLanesTo(mailshot, email).map((lane) => returnSlotsStatement(lane, inHand, now))
}

/** The lanes with limits that a letter to an address takes slots of, on the campaigns' transport. */
function limitedLanesTo(mailshot: Mailshot, email: string): Lane[] {
  const own = limitedDomains(mailshot).filter(({ domain }) => domain === domainOf(email))
  return [laneOf(mailshot.config, 'letter'), ...own].filter(({ limits }) => limits.length > 0)
}

/** As letters use them: ahead of the even spread, and of each other. */
function limitedDomains({ config }: Mailshot): Lane[] {
  return limitedLanes(config)
    .filter(({ domain }) => domain !== undefined)
    .map((lane) => ({ ...lane, spacing: 0, ahead: 0, yields: false }))
}
