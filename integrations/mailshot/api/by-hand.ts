import { z } from 'zod'
import { parseEmailAddress } from '../email-address.ts'
import type { Mailshot } from '../mailshot.ts'
import { sendJson } from '../send/json.ts'
import { planResend, resend, type ResendChoice, type ResendPlan } from '../send/resend.ts'
import { settleUncertain } from '../send/settle.ts'
import { readBody } from './body.ts'
import { type ApiAnswer, type ApiCall, answerCall } from './call.ts'

/** Settles uncertain recipients of a send: `{ as, addresses }` or `{ as, all: true }`, with a `reason`. */
export function handleSettle(
  mailshot: Mailshot,
  request: Request,
  idOrSlug: string,
): Promise<Response> {
  return answerCall(mailshot, request, { POST: (call) => settle(call, idOrSlug) })
}

/** Mails recipients once more: `{ statuses }` or `{ addresses, again }`; with `dryRun` it only counts them. */
export function handleResend(
  mailshot: Mailshot,
  request: Request,
  idOrSlug: string,
): Promise<Response> {
  return answerCall(mailshot, request, { POST: (call) => mailAgain(call, idOrSlug) })
}

/** What `POST api/sends/<id>/settle` takes. */
export type SettleBody = z.input<typeof settleSchema>
/** What `POST api/sends/<id>/resend` takes. */
export type ResendBody = z.input<typeof resendSchema>

async function settle(call: ApiCall, idOrSlug: string): Promise<ApiAnswer> {
  const body = await readBody(call, settleSchema)
  const { send, ...counts } = await settleUncertain(call.mailshot, idOrSlug, {
    as: body.as,
    which: body.addresses ?? 'all',
    reason: body.reason,
    actor: call.actor,
  })
  return { body: { ...counts, send: sendJson(send) } }
}

async function mailAgain(call: ApiCall, idOrSlug: string): Promise<ApiAnswer> {
  const { mailshot, actor } = call
  const body = await readBody(call, resendSchema)
  const { statuses, addresses: emails = [], again = false, asOf } = body
  const choice: ResendChoice = statuses ? { statuses, asOf } : { emails, again, asOf }
  if (body.dryRun) return answer(await planResend(mailshot, idOrSlug, choice))
  return answer(await resend(mailshot, idOrSlug, { choice, reason: body.reason, actor }))
}

function answer({ send, ...counts }: ResendPlan): ApiAnswer {
  return { body: { ...counts, send: sendJson(send) } }
}

const reason = z.string().trim().min(1).max(500).optional()

const address = z.string().transform((text, context): string => {
  const parsed = parseEmailAddress(text)
  if (parsed) return parsed.identity
  context.addIssue(`"${text}" is not an e-mail address`)
  return z.NEVER
})
const named = z.array(address).min(1).max(1000)

const settleSchema = z
  .strictObject({
    as: z.enum(['sent', 'failed']),
    addresses: named.optional(),
    /** All of its uncertain recipients. */
    all: z.literal(true).optional(),
    reason,
  })
  .refine(({ addresses, all }) => (addresses === undefined) !== (all === undefined), {
    error: 'needs either "addresses" or "all": true',
  })

const resendSchema = z
  .strictObject({
    statuses: z
      .array(z.enum(['failed', 'uncertain']))
      .min(1)
      .optional(),
    addresses: named.optional(),
    /** Also those of the addresses who got it. */
    again: z.boolean().optional(),
    reason,
    /** The `asOf` that a dry run answered: nobody whose state is newer, so that it can be repeated. */
    asOf: z.int().optional(),
    /** Count them, and do nothing. */
    dryRun: z.boolean().optional(),
  })
  .refine(({ statuses, addresses }) => (statuses === undefined) !== (addresses === undefined), {
    error: 'needs either "statuses" or "addresses"',
  })
  .refine(({ statuses, again }) => statuses === undefined || again === undefined, {
    error: '"again" goes with "addresses": who got it is named one by one',
  })
