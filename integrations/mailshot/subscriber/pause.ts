import { type SQL, sql } from 'drizzle-orm/sql'
import { Temporal } from 'temporal-polyfill'
import { auditStatement } from '../audit.ts'
import { localMoment } from '../campaign/send-time.ts'
import type { Mailshot } from '../mailshot.ts'

/** The days that a pause may end on, as `2026-12-31` in the site's time zone: from tomorrow, for two years. */
export interface PauseDays {
  first: string
  last: string
}

export function pauseDays({ config, now }: Pick<Mailshot, 'config' | 'now'>): PauseDays {
  const today = dayOf(now(), config.timeZone)
  return { first: today.add({ days: 1 }).toString(), last: today.add({ years: 2 }).toString() }
}

export type Paused =
  | { status: 'paused'; until: number }
  /** Nothing was changed: it is no such day, or there is nobody of that number. */
  | { status: 'invalid' | 'unknown' }

/**
 * Sends nothing to a person before a day begins in the site's time zone. They stay on their lists, and may leave them as ever; letters
 * that they wait for are mailed all the same. Doing it again changes nothing.
 *
 * @param day `2026-12-31`, one of `pauseDays`
 */
export async function pausePerson(
  mailshot: Mailshot,
  { subscriberId, day }: { subscriberId: number; day: string },
): Promise<Paused> {
  const { first, last } = pauseDays(mailshot)
  // A date of that shape sorts like a text, and one that does not exist is none.
  if (!isDay(day) || day < first || day > last) return { status: 'invalid' }
  const until = localMoment(`${day}T00:00:00`, mailshot.config.timeZone)
  const isKnown = await setPause(mailshot, { subscriberId, until, action: 'pause' })
  return isKnown ? { status: 'paused', until } : { status: 'unknown' }
}

/** Lets mail go to a person again, from now on: what was sent meanwhile is not made up for. */
export async function endPause(mailshot: Mailshot, subscriberId: number): Promise<void> {
  await setPause(mailshot, { subscriberId, until: null, action: 'end-pause' })
}

async function setPause(
  mailshot: Mailshot,
  { subscriberId, until, action }: { subscriberId: number; until: number | null; action: string },
): Promise<boolean> {
  const isOther = sql`id = ${subscriberId} AND paused_until IS NOT ${until}`
  const changes: SQL[] = [
    auditStatement(mailshot, {
      actor: 'subscriber',
      action,
      subject: `subscriber:${subscriberId}`,
      detail: until === null ? {} : { until: new Date(until).toISOString() },
      when: sql`EXISTS (SELECT 1 FROM subscribers WHERE ${isOther})`,
    }),
    sql`UPDATE subscribers SET paused_until = ${until}, updated_at = ${mailshot.now()} WHERE ${isOther}`,
  ]
  const results = await mailshot.db.write(
    ...changes,
    sql`SELECT 1 FROM subscribers WHERE id = ${subscriberId}`,
  )
  return results.at(-1)?.length === 1
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  try {
    Temporal.PlainDate.from(text, { overflow: 'reject' })
    return true
  } catch {
    return false
  }
}

function dayOf(at: number, timeZone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate()
}
