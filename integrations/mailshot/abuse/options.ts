import { z } from 'zod'
import { parsePace, type Pace } from '../pace-limit.ts'

/** `'20/hour'`, or several at once (`{ perHour: 20, perDay: 50 }`); `false` for none. */
const limit = z
  .union([
    z.literal(false),
    z.string(),
    z.strictObject({
      perMinute: z.number().positive().optional(),
      perHour: z.number().positive().optional(),
      perDay: z.number().positive().optional(),
    }),
  ])
  .transform((value, context): Pace => {
    const parsed = value === false ? [] : parsePace(value)
    if (typeof parsed !== 'string') return parsed
    context.addIssue(parsed)
    return z.NEVER
  })

/** How often the public forms (sign-up, links by mail, change of address, invitations) may be sent. */
const limitsOption = z.strictObject({
  /** From one client address; of IPv6, from one /64. Off while `proxies` are not declared. */
  client: limit.prefault('20/hour'),
  /** From one network: a /24 of IPv4, a /48 of IPv6. Off while `proxies` are not declared. */
  network: limit.prefault('100/hour'),
  /** For one mail address, whatever tag stands behind a plus in it; of Gmail, whatever dots. */
  address: limit.prefault({ perHour: 6, perDay: 20 }),
  /** For addresses of one mail domain. */
  domain: limit.prefault('500/hour'),
  /** In all. */
  site: limit.prefault('2000/hour'),
})
export type AbuseLimits = z.output<typeof limitsOption>

/** What keeps robots, slips and floods away from the public forms. docs/abuse.md tells all of it. */
export const abuseOption = z.strictObject({
  limits: limitsOption.prefault({}),
  /**
   * Who fills in the field that nobody sees, or sends our own page's form sooner than `fastSeconds` after it was asked for or later
   * than `oldHours`, is asked to press the button once more.
   */
  trap: z
    .union([
      z.literal(false),
      z.strictObject({
        fastSeconds: z.number().min(0).max(60).default(2),
        oldHours: z.number().positive().max(720).default(12),
      }),
    ])
    .prefault({}),
  /** Addresses of services for throw-away mail: noted in the audit (`flag`), refused, or like any other (`false`). */
  disposable: z.union([z.enum(['flag', 'refuse']), z.literal(false)]).default('flag'),
  /** Whether somebody at `gmial.com` is asked if they meant `gmail.com`. */
  mistyped: z.boolean().default(true),
  /** Whether the DNS is asked if a domain takes mail at all. What does not answer within a second passes. */
  mx: z.boolean().default(false),
  /**
   * When more than `times` as many people sign up in an hour as usually do, and at least `least`, their confirmations are held and the
   * operator is told. With `release` they go out by themselves once it is over, else when the operator says so.
   */
  burst: z
    .union([
      z.literal(false),
      z.strictObject({
        times: z.number().min(2).default(10),
        least: z.int().min(1).default(60),
        release: z.boolean().default(true),
      }),
    ])
    .prefault({}),
})
export type AbuseOptions = z.output<typeof abuseOption>
