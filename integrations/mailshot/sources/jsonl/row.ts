import { z } from 'zod'
import { suppressionReasons } from '../../../../db/status.ts'
import type { ImportRow } from '../../import.ts'

const text = z
  .string()
  .nullish()
  .transform((given) => given ?? undefined)
const moment = z
  .union([z.number(), z.iso.datetime({ offset: true }).transform((given) => Date.parse(given))])
  .refine(Number.isSafeInteger)
const time = moment.nullish().transform((given) => given ?? undefined)
const status = z.enum(['active', 'pending', 'unsubscribed']).optional()

const suppressed = z
  .object({ reason: z.enum(suppressionReasons), at: time, note: text })
  .or(
    z.enum(suppressionReasons).transform((reason) => ({ reason, at: undefined, note: undefined })),
  )
  .nullish()

const subscription = z.object({
  list: z.string(),
  status,
  askedAt: time,
  activeAt: time,
  endedAt: time,
  endReason: text,
})

const consent = z.object({
  list: z.string(),
  at: moment,
  source: text,
  form: text,
  wording: text,
  lang: text,
  ip: text,
  userAgent: text,
  said: text,
  confirmedAt: time,
  confirmedIp: text,
  confirmedUserAgent: text,
  endedAt: time,
})

const exported = z
  .object({
    id: z.int().positive().optional(),
    email: z.string(),
    name: text,
    lang: text,
    timeZone: text,
    attributes: z.record(z.string(), z.unknown()).optional(),
    lists: z.array(z.string()).optional(),
    status,
    consentAt: time,
    confirmedAt: time,
    endedAt: time,
    createdAt: time,
    pausedUntil: time,
    trackingAgreedAt: time,
    suppressed,
    suppressedAt: time,
    suppressionNote: text,
    subscriptions: z.array(subscription).optional(),
    consents: z.array(consent).optional(),
    formerIds: z.array(z.object({ source: z.string(), id: z.string() })).optional(),
  })
  .transform(({ suppressed: found, ...row }): ImportRow => ({
    ...row,
    ...(found && {
      suppressed: found.reason,
      suppressedAt: found.at ?? row.suppressedAt,
      // A note that is known to be none is not the import's.
      suppressionNote: found.note ?? row.suppressionNote ?? '',
    }),
  }))

/** Reads what an export says of a subscriber; a text says why it cannot be one. */
export function readExportedRow(given: Record<string, unknown>): ImportRow | string {
  const { data, error } = exported.safeParse(given)
  if (data) return data
  const [issue] = error.issues
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it cannot be read'}`
}
