import { Temporal } from 'temporal-polyfill'
import type { SendingHours } from './options.ts'

/** The stretch of time that is open now, or the next one: from `opensAt` up to `closesAt`, in milliseconds. */
export interface Opening {
  opensAt: number
  closesAt: number
}

/** Open for ever: where a site names no hours. */
export const alwaysOpen: Opening = { opensAt: 0, closesAt: Infinity }

/**
 * The first stretch of the sending hours that has not ended at `now`. A time that the clocks skip is the moment after the gap, one that
 * comes twice is the first of both, so an opening is an hour shorter or longer on those days.
 */
export function openingAt(hours: SendingHours, timeZone: string, now: number): Opening {
  const zone = hours.timeZone ?? timeZone
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate()
  // Yesterday's may still be open; a week from now every day of the week has come.
  for (let ahead = -1; ahead <= 8; ahead++) {
    const date = today.add({ days: ahead })
    if (!hours.days.includes(date.dayOfWeek)) continue
    const end = hours.to > hours.from ? date : date.add({ days: 1 })
    const opening = {
      opensAt: momentOf(date, hours.from, zone),
      closesAt: momentOf(end, hours.to, zone),
    }
    if (opening.closesAt > now) return opening
  }
  return alwaysOpen
}

function momentOf(date: Temporal.PlainDate, time: string, timeZone: string): number {
  return date.toZonedDateTime({ timeZone, plainTime: time }).epochMilliseconds
}
