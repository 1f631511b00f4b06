/**
 * Writes a date in a language: `full`, `long`, `medium`, `short`, or a pattern of `%d %m %Y %B …`. A date without a
 * time is that day everywhere. What is no date stays as it is.
 */
export function formatDate(value: unknown, format: unknown, lang: string): unknown {
  const date = typeof value === 'number' || typeof value === 'string' ? new Date(value) : undefined
  if (value === '' || !date || Number.isNaN(date.getTime())) return value
  const wanted = typeof format === 'string' ? format : 'long'
  const style = styles.find((one) => one === wanted)
  if (style)
    return new Intl.DateTimeFormat(lang, { dateStyle: style, timeZone: 'UTC' }).format(date)
  return wanted.replace(
    /%-?([A-Za-z%])/g,
    (whole, letter: string) => parts[letter]?.(date, lang, whole.includes('-')) ?? whole,
  )
}

type Part = (date: Date, lang: string, bare: boolean) => string

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
  return new Intl.DateTimeFormat(lang, { ...options, timeZone: 'UTC' }).format(date)
}
