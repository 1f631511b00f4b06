import { setImmediate } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm/sql'
import { z } from 'zod'
import type { Mailshot } from '../mailshot.ts'
import { countForgettable } from '../privacy/forget.ts'
import type { PurgePlan } from '../purge.ts'

const count = z.int()

/** How many rows a purge would take, for programs: a promise, to which fields may be added. */
export const purgeCountsSchema = z.object({
  /** Of each send; `isTrash`: its counters go too, for it has been in the trash for long enough. */
  sends: z.array(
    z.object({
      id: z.string(),
      slug: z.string(),
      finishedAt: z.iso.datetime().nullable(),
      isTrash: z.boolean(),
      recipients: count,
      events: count,
    }),
  ),
  /** Events about no send. */
  others: count,
  /** People whose time is over by `privacy`: who never confirmed, and who left every list. */
  people: z.object({ unconfirmed: count, left: count }),
})
export type PurgeCounts = z.output<typeof purgeCountsSchema>

/** Counts what a plan would take, send by send, so that others get the database in between. */
export async function countPlan(mailshot: Mailshot, plan: PurgePlan): Promise<PurgeCounts> {
  const sends: PurgeCounts['sends'] = []
  for (const { finishedAt, ...send } of plan.sends) {
    sends.push({
      ...send,
      finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
      recipients: await countRows(mailshot, sql`recipients WHERE send_id = ${send.id}`),
      events: await countRows(mailshot, sql`events WHERE send_id = ${send.id}`),
    })
  }
  const others = sql`events WHERE send_id IS NULL AND received_at < ${plan.before}`
  const people = await countForgettable(mailshot)
  return { sends, people, others: plan.hasOthers ? await countRows(mailshot, others) : 0 }
}

async function countRows({ db }: Mailshot, which: SQL): Promise<number> {
  await setImmediate()
  const row = await db.get<{ n: number }>(sql`SELECT count(*) AS n FROM ${which}`)
  return row?.n ?? 0
}
