import { z } from 'zod'
import { deliveryStates, recipientStatuses } from '../../../db/status.ts'
import { type AuditLine, findAudit } from '../audit.ts'
import type { Mailshot } from '../mailshot.ts'
import { listRecipients, type RecipientQuery, type RecipientRow } from '../recipient.ts'

/** What the command line and the API tell of a recipient; of one that is looked for by address, also its history. */
export interface ShownRecipient extends RecipientRow {
  history?: Pick<AuditLine, 'at' | 'actor' | 'action' | 'detail'>[] | undefined
}

/** A recipient as programs read it, from the API and from `--json`: a promise, to which fields may be added. */
export type RecipientJson = z.input<typeof recipientSchema>

const time = z.iso.datetime().transform((text) => Date.parse(text))
const text = z.string().nullable()

/** Reads a recipient out of its JSON, over whatever a newer mailshot has added. */
export const recipientSchema = z.object({
  id: z.int(),
  email: z.string(),
  status: z.enum(recipientStatuses),
  tries: z.int(),
  resend: z.int(),
  reason: text,
  enhanced: text,
  inHandAt: time.nullable(),
  settledAt: time.nullable(),
  dueAt: time.nullable(),
  messageId: text,
  providerId: text,
  answer: text,
  delivery: z.enum(deliveryStates).nullable(),
  deliveryClass: z.enum(['hard', 'soft']).nullable(),
  transport: text,
  history: z
    .array(
      z.object({
        at: time,
        actor: z.string(),
        action: z.string(),
        detail: z.record(z.string(), z.unknown()),
      }),
    )
    .optional(),
})

/** A page of a send's recipients by ascending id; with its history, where one is looked for by address. */
export async function showRecipients(
  mailshot: Mailshot,
  query: RecipientQuery,
): Promise<ShownRecipient[]> {
  const rows = await listRecipients(mailshot, query)
  const [only] = rows
  if (query.email === undefined || !only) return rows
  return [{ ...only, history: await findAudit(mailshot, `recipient:${only.id}`) }]
}

/** The recipient as JSON. */
export function recipientJson(shown: ShownRecipient): RecipientJson {
  const { id, email, status, tries, resend, reason, enhanced, messageId, providerId, answer } =
    shown
  return {
    id,
    email,
    status,
    tries,
    resend,
    reason,
    enhanced,
    inHandAt: written(shown.inHandAt),
    settledAt: written(shown.settledAt),
    dueAt: written(shown.dueAt),
    messageId,
    providerId,
    answer,
    transport: shown.transport,
    delivery: shown.delivery,
    deliveryClass: shown.deliveryClass,
    ...(shown.history && {
      history: shown.history.map(({ at, actor, action, detail }) => ({
        at: new Date(at).toISOString(),
        actor,
        action,
        detail,
      })),
    }),
  }
}

function written(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
