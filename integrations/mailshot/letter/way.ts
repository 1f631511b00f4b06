import type { Mailshot } from '../mailshot.ts'
import { laneOf } from '../pace.ts'
import { readLaneState } from '../pace/state.ts'
import { letterWays } from '../route.ts'
import { isDiverted } from '../route/divert.ts'

/**
 * The site as letters see it just now: with the transport that they go by as its own. That is the default one, or its fallback while
 * it rests for long; each is tried again when its rest is over. A mailer of the site's own has no fallback.
 */
export async function letterSite(mailshot: Mailshot): Promise<Mailshot> {
  const ways = letterWays(mailshot.config)
  for (const { config, fallback } of ways.length > 1 ? ways : []) {
    const state = await readLaneState(mailshot.db, laneOf(config, 'letter').scope)
    const now = mailshot.now()
    if (state.parkedUntil <= now || !isDiverted(fallback, state, now))
      return { ...mailshot, config }
  }
  return mailshot
}
