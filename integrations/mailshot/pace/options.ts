import { z } from 'zod'
import { parseEmailAddress } from '../email-address.ts'
import { parsePace, type Pace } from '../pace-limit.ts'

/** `'5000/day'`, several limits at once (`{ perSecond: 10, perDay: 50000 }`), or `'fast'`. */
export const paceOption = z
  .union([
    z.string(),
    z.strictObject({
      perSecond: z.number().positive().optional(),
      perMinute: z.number().positive().optional(),
      perHour: z.number().positive().optional(),
      perDay: z.number().positive().optional(),
    }),
  ])
  .transform((value, context): Pace => {
    const parsed = parsePace(value)
    if (typeof parsed !== 'string') return parsed
    context.addIssue(parsed)
    return z.NEVER
  })

/** A pace for each recipient domain that has one of its own: `{ 'gmail.com': '500/hour' }`. */
export const domainsOption = z
  .record(z.string(), paceOption)
  .transform((domains, context): Record<string, Pace> => {
    const entries = Object.entries(domains).map(([name, pace]) => {
      const domain = parseEmailAddress(`a@${name}`)?.identity.slice(2)
      if (domain !== undefined) return [domain, pace] as const
      context.addIssue(`"${name}" is not a domain; write it like gmail.com`)
      return undefined
    })
    return Object.fromEntries(entries.filter((entry) => entry !== undefined))
  })

/** The first days of a new address or provider: so many mails, then more by this factor each day. */
export const rampOption = z
  .strictObject({
    /** Mails on the first day, counted from the first mail. */
    start: z.int('must be a whole number of mails').min(1, 'must be at least 1 mail'),
    /** How many times as many each day as the day before. */
    factor: z
      .number()
      .gt(1, 'must be greater than 1, or the ramp never ends')
      .max(10, 'must be at most 10: a ramp that steep is none')
      .default(2),
    /** Mails a day at which the ramp is over. Without it, the limits of `pace` end it. */
    until: z.int('must be a whole number of mails a day').min(1).optional(),
  })
  .refine(({ start, until }) => until === undefined || until > start, {
    error: 'must be more than start, or there is no ramp',
    path: ['until'],
  })

export type Ramp = z.output<typeof rampOption>

const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

const clockTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not a time of day; write it like 09:00')

/** When campaigns may be mailed; letters that a person waits for go at any hour. */
export const hoursOption = z
  .strictObject({
    from: clockTime,
    /** At or before `from` it is the next day's: `from: '20:00', to: '02:00'`. */
    to: clockTime,
    /** The days on which they begin; every day by default. */
    days: z
      .array(z.enum(dayNames, { error: `is not a day; the days are ${dayNames.join(', ')}` }))
      .min(1, 'names no day, so nothing would ever be sent')
      .default([...dayNames]),
    /** The config's zone by default. */
    timeZone: z
      .string()
      .refine(isTimeZone, { error: 'is not a time zone; write it like Europe/Paris' })
      .optional(),
  })
  .transform(({ days, ...hours }) => ({
    ...hours,
    // ISO weekdays: Monday is 1.
    days: days.map((day) => dayNames.indexOf(day) + 1),
  }))

export type SendingHours = z.output<typeof hoursOption>

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
