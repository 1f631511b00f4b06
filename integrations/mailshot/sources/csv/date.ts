import { timeReader } from '../tables/time.ts'

/** What comes first in 03/04/2026, which people write either way. */
export const dateOrders = ['day-first', 'month-first'] as const
export type DateOrder = (typeof dateOrders)[number]

export interface DateOptions {
  /** IANA name of the zone of dates that name none; UTC unless told. */
  timeZone?: string | undefined
  /** Without it, a date that can be read both ways is a fault. */
  dates?: DateOrder | undefined
}

/**
 * Reads dates as people and spreadsheets write them: 2026-12-31, 31.12.2026, 31/12/2026 or 12/31/2026, with a time or without, and the
 * number of days that a spreadsheet stores.
 *
 * @returns ms since 1970, undefined for none, or what is wrong with it
 */
export function dateReader({
  timeZone = 'UTC',
  dates,
}: DateOptions): (text: string) => number | undefined | string {
  const timeOf = timeReader(timeZone)
  return (text) => {
    if (text === '') return undefined
    if (zoned.test(text)) return checked(Date.parse(text.replace(' ', 'T')), text)
    const days = /^[2-7]\d{4}(?:[.,]\d+)?$/.test(text) ? Number(text.replace(',', '.')) : undefined
    const iso = days === undefined ? isoOf(text, dates) : isoOfDays(days)
    return iso === 'both' ? bothWays(text) : checked(timeOf(iso), text)
  }
}

const zoned = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/

/** As a database writes it; `both` where day and month cannot be told apart. */
function isoOf(text: string, dates: DateOrder | undefined): string | undefined {
  const [, one = '', mark = '', two = '', three = '', hour, minute = '00', second = '00', half] =
    parts.exec(text) ?? []
  if (one === '') return undefined
  const time = timeText(hour, `${minute}:${second}`, half?.toLowerCase())
  if (one.length === 4) return `${dayText(one, two, three)} ${time}`
  if (three.length !== 4) return undefined
  const isDayFirst =
    mark === '.' || Number(one) > 12 || Number(one) === Number(two) || dates === 'day-first'
  const isMonthFirst = Number(two) > 12 || dates === 'month-first'
  if (!isDayFirst && !isMonthFirst) return 'both'
  return `${isDayFirst ? dayText(three, two, one) : dayText(three, one, two)} ${time}`
}

const parts =
  /^(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:[T ,]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*([ap]m)?)?$/i

function dayText(year: string, month: string, day: string): string {
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
}

function timeText(hour = '0', rest: string, half: string | undefined): string {
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half === 'pm' ? 12 : 0)
  return `${String(hours).padStart(2, '0')}:${rest}`
}

/** Days since 30 December 1899, by the clock of whoever wrote them. */
function isoOfDays(days: number): string {
  const seconds = Math.round(days * 86_400)
  const at = new Date(Date.UTC(1899, 11, 30) + seconds * 1000)
  return at.toISOString().slice(0, 19).replace('T', ' ')
}

function checked(at: number | undefined, text: string): number | string {
  if (at !== undefined && !Number.isNaN(at)) return at
  return `"${text}" is not a date; write it like 2026-12-31 or 2026-12-31 18:30`
}

function bothWays(text: string): string {
  return (
    `"${text}" may be the one or the other month; say which way the file writes dates, ` +
    '--dates day-first or --dates month-first, or write it like 2026-12-31'
  )
}
