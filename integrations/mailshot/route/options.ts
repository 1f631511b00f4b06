import { z } from 'zod'
import { parseEmailAddress } from '../email-address.ts'
import {
  hoursOption,
  paceOption,
  type Ramp,
  rampOption,
  type SendingHours,
} from '../pace/options.ts'
import type { Pace } from '../pace-limit.ts'
import type { Transport } from '../transport.ts'

/** A way out: what `smtp({…})` and its like return. */
export const transportOption = z.custom<Transport>(isTransport, {
  error: 'needs a transport, for example: smtp({ host: "smtp.example.org" })',
})

const entry = z
  .strictObject({
    use: transportOption,
    /** Its own limits; the site's by default. */
    pace: paceOption.optional(),
    /** Its own ramp; the site's by default, `false` for none. */
    ramp: z.union([rampOption, z.literal(false)]).optional(),
    /** Its own sending hours; the site's by default, `false` for any time. */
    hours: z.union([hoursOption, z.literal(false)]).optional(),
    /** The transport that takes over while this one rests for long: a relay that is down, a daily quota that is used up. */
    fallback: z.string().optional(),
    /** For how many minutes it rests before its fallback takes over. */
    fallbackAfterMinutes: z.number().min(0).max(1440).optional(),
  })
  .refine(
    ({ fallback, fallbackAfterMinutes: minutes }) =>
      minutes === undefined || fallback !== undefined,
    { error: 'has no effect without a fallback', path: ['fallbackAfterMinutes'] },
  )

export type WayOptions = z.output<typeof entry>

/** Who takes over, and after how long a rest. */
export interface Fallback {
  to: string
  afterMs: number
}

/** A transport of `transports`, with what the settings as a whole say filled in. */
export interface NamedTransport {
  transport: Transport
  pace: Pace
  ramp: Ramp | undefined
  hours: SendingHours | undefined
  fallback: Fallback | undefined
}

/** A transport, or one with limits of its own: `{ use: mailjet(), pace: '20000/hour', fallback: 'main' }`. */
const way = z
  .custom<Transport | z.input<typeof entry>>(
    (value) => typeof value === 'object' && value !== null,
    { error: 'needs a transport, for example: smtp({ host: "smtp.example.org" })' },
  )
  .transform((given, context): WayOptions => {
    const result = entry.safeParse(isTransport(given) ? { use: given } : given)
    if (result.success) return result.data
    for (const { message, path } of result.error.issues) {
      context.addIssue({ code: 'custom', message, path })
    }
    return z.NEVER
  })

/** Names stand in front matter and in the addresses of webhooks, where some are taken. */
const reserved = ['generic', 'bounces']

/** Several transports by name, the default one first. */
export const transportsOption = z.record(z.string(), way).superRefine((ways, context) => {
  const names = Object.keys(ways)
  if (names.length === 0) context.addIssue({ code: 'custom', message: 'needs at least one' })
  for (const name of names) {
    if (/^[a-z][a-z0-9_-]*$/.test(name) && !reserved.includes(name)) continue
    const message = reserved.includes(name)
      ? `"${name}" is taken; give it another name`
      : `"${name}" must begin with a lower-case letter and go on with those, digits, _ and -`
    context.addIssue({ code: 'custom', message })
  }
})

/** The transport of what a sender sends, by address or by domain: `{ 'news@example.org': 'bulk' }`. */
export const sendersOption = z
  .record(z.string(), z.string())
  .transform((senders, context): Record<string, string> => {
    const entries = Object.entries(senders).map(([given, transport]) => {
      const address = given.includes('@') ? given : `a@${given}`
      const identity = parseEmailAddress(address)?.identity
      if (identity === undefined) {
        context.addIssue(`"${given}" is neither an address nor a domain; write it like example.org`)
      }
      const key = given.includes('@') ? identity : identity?.slice(2)
      return [key ?? given, transport] as const
    })
    return Object.fromEntries(entries)
  })

function isTransport(value: unknown): value is Transport {
  return typeof value === 'object' && value !== null && 'send' in value && 'parallel' in value
}
