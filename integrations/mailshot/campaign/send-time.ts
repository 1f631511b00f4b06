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
