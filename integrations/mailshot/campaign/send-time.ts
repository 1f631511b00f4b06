import { Temporal } from 'temporal-polyfill'

const written =
  /^(\d{4}-\d{2}-\d{2})[T ]+(\d{1,2}:\d{2}(?::\d{2})?)\s*(Z|[+-]\d{2}:?\d{2})?\s*(?:\[?([A-Za-z]+(?:[/_+-][A-Za-z0-9_+-]+)*)\]?)?$/

/**
 * Reads a planned start, `2026-12-01 09:00`, in the zone it names (`+01:00`, `Z`, `Europe/Paris`) or else in the
 * site's. A time that the clocks skip or run through twice is refused rather than guessed.
 *
 * @returns milliseconds since 1970, or what is wrong with it
 */
export function parseSendTime(text: string, timeZone: string): number | { wrong: string } {
  const match = written.exec(text.trim())
  if (!match) return { wrong: `"${text}" is neither manual, on-merge nor a time` }
  const [, date = '', time = '', offset, zone] = match
  try {
    const local = Temporal.PlainDateTime.from(
      `${date}T${time.padStart(time.length === 4 ? 5 : time.length, '0')}`,
      {
        overflow: 'reject',
      },
    )
    if (offset && zone) return atOffset(`${local.toString()}${offset}`, zone)
    if (offset) return Temporal.Instant.from(`${local.toString()}${offset}`).epochMilliseconds
    return atZone(local, zone ?? timeZone)
  } catch {
    return { wrong: `"${text}" is not a time that exists` }
  }
}

/**
 * Reads when a campaign starts: a time as `parseSendTime` reads it, or `2026-12-01 09:00 local` for each reader's own nine
 * o'clock, whose `at` is that of the site's zone.
 */
export function parseStart(
  text: string,
  timeZone: string,
): { at: number; local?: string } | { wrong: string } {
  const [, time] = /^(.*?)\s+local$/i.exec(text.trim()) ?? []
  const at = parseSendTime(time ?? text, timeZone)
  if (typeof at !== 'number') return at
  if (time === undefined) return { at }
  const [, , , offset, zone] = written.exec(time) ?? []
  if (offset ?? zone) return { wrong: `"${text}" names a zone, and local is each reader's own` }
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
  return { at, local: local.toPlainDateTime().toString() }
}

/**
 * The moment of a local time (`2026-12-01T09:00:00`) in a zone. One that the clocks skip is just after the gap, one that comes
 * twice is the first: somebody's clock always does that, and they are to get their mail all the same.
 */
export function localMoment(local: string, timeZone: string): number {
  return Temporal.PlainDateTime.from(local).toZonedDateTime(timeZone).epochMilliseconds
}

/** Where a day begins first: UTC+14. */
export const easternmost = 'Etc/GMT-14'

/** Said twice: then both must say the same. */
function atOffset(time: string, zone: string): number | { wrong: string } {
  try {
    return Temporal.ZonedDateTime.from(`${time}[${zone}]`, { offset: 'reject' }).epochMilliseconds
  } catch {
    return { wrong: `"${time}" is not the time of "${zone}"` }
  }
}

function atZone(local: Temporal.PlainDateTime, zone: string): number | { wrong: string } {
  const earlier = local.toZonedDateTime(zone, { disambiguation: 'earlier' })
  const later = local.toZonedDateTime(zone, { disambiguation: 'later' })
  if (earlier.epochMilliseconds === later.epochMilliseconds) return earlier.epochMilliseconds
  const clocks = earlier.toPlainDateTime().equals(local)
    ? `comes twice in ${zone}, where the clocks go back`
    : `does not exist in ${zone}, where the clocks go forward`
  return { wrong: `${local.toString().replace('T', ' ')} ${clocks}` }
}
