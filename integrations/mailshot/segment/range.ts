import { Temporal } from 'temporal-polyfill'

export const units = ['day', 'week', 'month', 'year'] as const
export type Unit = (typeof units)[number]

/** A day: by its date, or counted from today, backwards where `count` is negative. */
export type Moment = { day: string } | { count: number; unit: Unit }

/** Some days: the last so many with today, or those before, since, after, until or on one. */
export type Range =
  { op: 'within'; count: number; unit: Unit } | { op: (typeof rangeWords)[number]; moment: Moment }

export const rangeWords = ['before', 'since', 'after', 'until', 'on'] as const

/** The first day, and the one after the last: `2026-12-31`. Where one is absent there is no end. */
export interface Days {
  from?: string
  to?: string
}

/** Whole days, in the site's time zone. */
export function daysOf(range: Range, today: string): Days {
  if (range.op === 'within') {
    const from = dayOf({ count: -range.count, unit: range.unit }, today)
    return { from, to: dayAfter(today) }
  }
  const day = dayOf(range.moment, today)
  switch (range.op) {
    case 'before':
      return { to: day }
    case 'since':
      return { from: day }
    case 'after':
      return { from: dayAfter(day) }
    case 'until':
      return { to: dayAfter(day) }
    case 'on':
      return { from: day, to: dayAfter(day) }
  }
}

/** The day that a moment (milliseconds since 1970) is in. */
export function todayIn(timeZone: string, now: number): string {
  return Temporal.Instant.fromEpochMilliseconds(now)
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
    .toString()
}

/** When a day begins, in milliseconds since 1970. */
export function startOfDay(day: string, timeZone: string): number {
  return Temporal.PlainDate.from(day).toZonedDateTime(timeZone).epochMilliseconds
}

/** Whether it is a day that exists, of four-digit years. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString() === text
  } catch {
    return false
  }
}

function dayOf(moment: Moment, today: string): string {
  if ('day' in moment) return moment.day
  const { count, unit } = moment
  return Temporal.PlainDate.from(today)
    .add({ [`${unit}s`]: count })
    .toString()
}

function dayAfter(day: string): string {
  return Temporal.PlainDate.from(day).add({ days: 1 }).toString()
}
