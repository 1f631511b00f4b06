import type { TableValue } from '../tables.ts'
import { localMoment } from '../../campaign/send-time.ts'

/**
 * Reads the dates of a database that says no zone with them, as PHP programs store them: by the clock of their site.
 *
 * @param timeZone IANA name of that zone
 * @returns ms since 1970, or undefined for none (also MySQL's zero date)
 */
export function timeReader(timeZone: string): (text: TableValue | undefined) => number | undefined {
  // Each day's hours are asked for a thousand times.
  const hours = new Map<string, number>()
  return (text) => {
    const [, day = '', hour = '00', minutes = '00:00'] =
      /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d):(\d\d:\d\d))?/.exec(String(text ?? '')) ?? []
    if (day === '' || day.startsWith('0000')) return undefined
    const key = `${day}T${hour}`
    const known = hours.get(key) ?? momentOf(`${key}:00`, timeZone)
    if (hours.size > mostHours) hours.clear()
    if (known !== undefined) hours.set(key, known)
    if (known === undefined) return undefined
    const [minute = '0', second = '0'] = minutes.split(':')
    return known + (Number(minute) * 60 + Number(second)) * 1000
  }
}

/** Undefined for a day that no calendar has, as MySQL may hold it. */
function momentOf(text: string, timeZone: string): number | undefined {
  try {
    return localMoment(text, timeZone)
  } catch {
    return undefined
  }
}

const mostHours = 50_000
