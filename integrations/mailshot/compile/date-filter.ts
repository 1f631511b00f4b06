import { localeOf } from '../campaign/language-tag.ts'
import { asText } from './escape.ts'

/**
 * Writes a date in a language: `full`, `long`, `medium`, `short`, or a pattern of `%d %m %Y %B …`. A date is written as it
 * stands, `2026-12-01`, `2026-12-01 09:30` or with a zone behind it, so that it is the same on every machine. What is no
 * such date stays as it is.
 */
export function formatDate(value: unknown, format: unknown, lang: string): unknown {
  const date = readDate(value)
  if (!date) return value
  const wanted = typeof format === 'string' ? format : 'long'
  const style = styles.find((one) => one === wanted)
  if (style) return formatterFor(lang, { dateStyle: style }).format(date)
  return wanted.replace(
    letters,
    (whole, letter: string) => parts[letter]?.(date, lang, whole.includes('-')) ?? whole,
  )
}

/** What is wrong with a date, or its format, that a template itself holds. */
export function wrongDate(value: unknown, format: unknown): string | undefined {
  if (value !== undefined && value !== '' && !readDate(value))
    return `"${asText(value)}" is no date like 2026-12-01, or 2026-12-01 09:30`
  const unknown =
    typeof format === 'string'
      ? Array.from(format.matchAll(letters)).find(
          ([, letter = '']) => !Object.hasOwn(parts, letter),
        )
      : undefined
  return unknown && `${unknown[0]} is not part of a date`
}

type Part = (date: Date, lang: string, bare: boolean) => string

const letters = /%-?([A-Za-z%])/g
const written =
  /^(\d{4}-\d\d-\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)?$/

/** Its day and time as if they were of UTC. */
function readDate(value: unknown): Date | undefined {
  const [, day = '', hour = '00', minute = '00'] =
    typeof value === 'string' ? (written.exec(value.trim()) ?? []) : []
  const date = new Date(`${day}T${hour}:${minute}:00Z`)
  // There is no 31st of February, whatever Date makes of it.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day) ? date : undefined
}

const styles = ['full', 'long', 'medium', 'short'] as const
const parts: Record<string, Part> = {
  d: (date, _lang, bare) => digits(date.getUTCDate(), bare),
  e: (date) => String(date.getUTCDate()),
  m: (date, _lang, bare) => digits(date.getUTCMonth() + 1, bare),
  Y: (date) => String(date.getUTCFullYear()),
  y: (date, _lang, bare) => digits(date.getUTCFullYear() % 100, bare),
  H: (date, _lang, bare) => digits(date.getUTCHours(), bare),
  M: (date, _lang, bare) => digits(date.getUTCMinutes(), bare),
  B: (date, lang) => named(date, lang, { month: 'long' }),
  b: (date, lang) => named(date, lang, { month: 'short' }),
  A: (date, lang) => named(date, lang, { weekday: 'long' }),
  a: (date, lang) => named(date, lang, { weekday: 'short' }),
  '%': () => '%',
}

function digits(value: number, bare: boolean): string {
  return bare ? String(value) : String(value).padStart(2, '0')
}

function named(date: Date, lang: string, options: Intl.DateTimeFormatOptions): string {
  return formatterFor(lang, options).format(date)
}

/** Kept, since making one costs more than composing the rest of a mail. */
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterFor(lang: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${lang} ${JSON.stringify(options)}`
  const known = formatters.get(key)
  if (known) return known
  const formatter = new Intl.DateTimeFormat(localeOf(lang), { ...options, timeZone: 'UTC' })
  formatters.set(key, formatter)
  return formatter
}
