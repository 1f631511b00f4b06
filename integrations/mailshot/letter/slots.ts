import { type SQL, sql } from 'drizzle-orm/sql'
import { domainOf } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { allowance, domainLaneOf, type Lane, laneOf, returnSlotsStatement } from '../pace.ts'
import { readyLetters } from '../pace/domain-limits.ts'
import { singleLane } from '../pace/single.ts'
import { letterSite } from './way.ts'

/**
 * The ids of the letters that meet a condition and may be taken now, at most `most` and oldest first, by the transport's lane as
 * it stands. The site's own mailer has no pace of ours; on the campaigns' transport a letter takes slots as a campaign's mail
 * does, its domain's too, but ahead of the even spread.
 */
export function letterSlots(
  mailshot: Mailshot,
  isDue: SQL,
  { lane: transport, most, now }: { lane: Lane; most: number; now: number },
): SQL {
  if (mailshot.config.mailer) {
    return sql`SELECT id FROM letters WHERE ${isDue} ORDER BY due_at LIMIT ${most}`
  }
  return sql`SELECT id FROM (${readyLetters(transport.domainLimits, isDue, now)})
    ORDER BY due_at, id LIMIT ${allowance(transport, most, now)}`
}

/** A slot of a limit per minute that was just answered for comes back within it. */
const soonMs = 61_000

/** Whether a letter is due that can go within a minute or so; one that its domain or the pace holds up for longer is no work for now. */
export async function hasReadyLetters(given: Mailshot): Promise<boolean> {
  const now = given.now()
  const isDue = sql`status = 'pending' AND due_at <= ${now}`
  // Mostly there is none at all.
  if (!(await given.db.get(sql`SELECT 1 FROM letters WHERE ${isDue} LIMIT 1`))) return false
  const mailshot = await letterSite(given)
  const lane = await singleLane(mailshot)
  const row = await mailshot.db.get(
    letterSlots(mailshot, isDue, { lane, most: 1, now: now + soonMs }),
  )
  return row !== undefined
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
function limitedLanesTo({ config }: Mailshot, email: string): Lane[] {
  const lanes = [laneOf(config, 'letter'), domainLaneOf(config, domainOf(email))]
  return lanes.filter(({ limits }) => limits.length > 0)
}
