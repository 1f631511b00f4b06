export const hour = 3_600_000
export const day = 24 * hour

/** At most `count` hand-overs in any sliding window of `windowMs`. */
export interface Limit {
  count: number
  windowMs: number
}

/** All limits that hold at once; none means as fast as the relay takes it. */
export type Pace = Limit[]

const windows = {
  second: 1000,
  minute: 60_000,
  hour,
  day,
} as const

type PaceOptions = {
  [key in 'perSecond' | 'perMinute' | 'perHour' | 'perDay']?: number | undefined
}

/** Reads `'5000/day'`, `'fast'` or `{ perSecond: 10, perDay: 50000 }`; a text back says what is wrong. */
export function parsePace(value: string | PaceOptions): Pace | string {
  if (value === 'fast') return []
  if (typeof value !== 'string') return paceOfOptions(value)
  const match = /^\s*(\d[\d _]*)\s*\/\s*(second|minute|hour|day)\s*$/.exec(value)
  const count = Number(match?.[1]?.replace(/[ _]/g, ''))
  const unit = match?.[2]
  if (!isUnit(unit) || !(count >= 1)) {
    return `"${value}" is not a pace; write it like 5000/day, 10/second or fast`
  }
  return [{ count, windowMs: windows[unit] }]
}

function paceOfOptions(options: PaceOptions): Pace | string {
  const limits: Pace = []
  for (const [key, windowMs] of [
    ['perSecond', windows.second],
    ['perMinute', windows.minute],
    ['perHour', windows.hour],
    ['perDay', windows.day],
  ] as const) {
    const count = options[key]
    if (count === undefined) continue
    if (!Number.isInteger(count) || count < 1) {
      return `${key}: ${count} must be a whole number from 1; use a longer window for less`
    }
    limits.push({ count, windowMs })
  }
  if (limits.length === 0) return 'an empty pace; name a limit, or write fast'
  return limits
}

function isUnit(text: string | undefined): text is keyof typeof windows {
  return text !== undefined && Object.hasOwn(windows, text)
}
