/**
 * Reads a date with its zone, as PostgreSQL writes it, `2026-01-31 09:30:00.123+01`, or Go, `… +0100 CET`. In ms since 1970; undefined
 * for none.
 */
export function zonedTime(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined
  const [, day = '', time = '00:00', zone = '+00', minutes = '00'] =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(?:Z|([+-]\d\d)(?::?(\d\d))?)?(?: (?:[A-Z]{1,5}|[+-]\d{4}))?$/.exec(
      text,
    ) ?? []
  const at = Date.parse(`${day}T${time}${zone}:${minutes}`)
  return Number.isNaN(at) ? undefined : at
}
