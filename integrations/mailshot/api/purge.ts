import { z } from 'zod'
import type { Mailshot } from '../mailshot.ts'
import { forget } from '../privacy/tend.ts'
import { planPurge, purge } from '../purge.ts'
import { countPlan } from '../purge/count.ts'
import { readBody } from './body.ts'
import { type ApiAnswer, type ApiCall, answerCall } from './call.ts'

/** What `POST api/purge` takes. */
export type PurgeBody = z.input<typeof schema>

/**
 * Deletes the details of old sends, `{ months }` or as the settings say, and erases the people whose time is over by `privacy`; with
 * `dryRun` it only counts them. It works for some seconds:
 * with `done: false` there is more, for the next such request. What is deleted is about people, so the token needs the scope `people`.
 */
export function handlePurge(mailshot: Mailshot, request: Request): Promise<Response> {
  return answerCall(mailshot, request, { POST: purgeSome, scopes: ['people'] })
}

/** So long may the work last for one request: proxies give up after a minute. */
export const workMs = 5_000

async function purgeSome(call: ApiCall): Promise<ApiAnswer> {
  const { mailshot, actor } = call
  const { months, dryRun } = await readBody(call, schema)
  const plan = await planPurge(mailshot, months)
  if (dryRun) return { body: { ...(await countPlan(mailshot, plan)) } }
  const { isDone, ...gone } = await purge(mailshot, plan, { actor, workMs })
  const forgotten = isDone
    ? await forget(mailshot, { actor, workMs })
    : { people: 0, isDone: false }
  const { people } = forgotten
  return { body: { sends: plan.sends.length, ...gone, people, done: forgotten.isDone } }
}

const schema = z.strictObject({
  /** Of sends that ended longer ago than this. */
  months: z.int().min(1).max(600).optional(),
  /** Count them, and do nothing. */
  dryRun: z.boolean().optional(),
})
