import type { Mailshot } from '../mailshot.ts'
import { markPurged, planPurge, type PurgePlan } from '../purge.ts'
import { purgeSlice } from './slice.ts'

interface Round {
  lookedAt: number
  /** What is left of the last look. */
  plan: PurgePlan | undefined
}

const dayMs = 86_400_000
const rounds = new WeakMap<Mailshot['config'], Round>()

/** Looks once a day for what is to be purged, and deletes one slice of it at each call: a worker calls it twice a second. */
export async function tendPurge(mailshot: Mailshot): Promise<void> {
  const now = mailshot.now()
  const round = rounds.get(mailshot.config) ?? { lookedAt: -Infinity, plan: undefined }
  rounds.set(mailshot.config, round)
  if (round.plan === undefined && now - round.lookedAt < dayMs) return
  if (round.plan === undefined) {
    round.lookedAt = now
    const plan = await planPurge(mailshot)
    if (plan.sends.length === 0 && !plan.hasOthers) return
    await markPurged(mailshot, plan, 'mailshot')
    round.plan = plan
  }
  if ((await purgeSlice(mailshot, round.plan)) === undefined) round.plan = undefined
}
