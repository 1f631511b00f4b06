import { setTimeout } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import type { Run } from './run.ts'
import { handsEmpty, isCampaign } from './steer.ts'

const patienceMs = 60_000

/**
 * The mail server is away, and this time nobody lifts the rest that follows. While it lasts no mail leaves, whoever dies or begins in
 * it (`meanwhile`); then mails go on by themselves. Where it is away for two times, the second rest is twice as long.
 */
export async function restInPeace(
  run: Run,
  times: number,
  meanwhile: () => Promise<void>,
): Promise<void> {
  run.isPatient = true
  await run.lifting
  let until: number | undefined = 0
  for (let time = 1; time <= times; time++) {
    run.side.tell({ type: 'away', isAway: true })
    until = await restBegins(run, until)
    run.side.tell({ type: 'away', isAway: false })
    if (until === undefined) break
    const restMs = until - run.site.mailshot.now()
    await handsEmpty(run)
    if (time === 1) await meanwhile()
    const before = run.side.readBook().length
    await setTimeout(Math.max(0, until - run.site.mailshot.now() - 50))
    const early = run.side.readBook().slice(before).filter(isCampaign)
    const late = early.filter(({ worker }) => !run.sleepers.has(worker))
    if (late.length > 0) run.account.violations.push(`${late.length} mails left in a rest`)
    run.account.rests.push(restMs)
  }
  if (!(await goesOn(run))) run.account.violations.push('nothing left after a rest was over')
  run.isPatient = false
}

/** When the rest will end that has begun, another one than that which ends `after`. */
async function restBegins({ site, account }: Run, after: number): Promise<number | undefined> {
  const deadline = performance.now() + patienceMs
  while (performance.now() < deadline) {
    const lane = await site.mailshot.db.get<{ until: number }>(
      sql`SELECT parked_until AS until FROM lanes
          WHERE parked_until > ${Math.max(after, site.mailshot.now())}`,
    )
    if (lane) return lane.until
    await setTimeout(10)
  }
  account.violations.push('the mail server was away, and nothing rests')
  return undefined
}

async function goesOn({ side }: Run): Promise<boolean> {
  const deadline = performance.now() + patienceMs
  const before = side.readBook().length
  while (performance.now() < deadline) {
    if (side.readBook().slice(before).some(isCampaign)) return true
    await setTimeout(50)
  }
  return false
}
