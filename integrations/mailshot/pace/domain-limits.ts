import { type SQL, sql } from 'drizzle-orm/sql'
import type { Pace } from '../pace-limit.ts'
import { heldUntil } from './held.ts'

/** The limits of the recipient domains that have some, as `readyLetters` reads them. */
export function limitsByDomain(domains: Record<string, Pace>): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(domains).filter(([, { length }]) => length > 0)),
  )
}

/** The recipient domain of the row's `email`, as the config and the lanes name it. */
export const emailDomain = sql.raw(`lower(substr(email, instr(email, '@') + 1))`)

/**
 * A query for the letters that meet a condition and that the lanes of their domains let go at a moment (milliseconds since 1970), as
 * `id` and `due_at`: none of a domain that rests or is full, of a limited one the oldest that it has slots for.
 */
export function readyLetters(limits: string, isDue: SQL, at: number): SQL {
  const place = sql`row_number() OVER (PARTITION BY ${emailDomain} ORDER BY due_at, id)`
  return sql`
    WITH due AS MATERIALIZED (
      SELECT id, due_at, ${emailDomain} AS domain, ${place} AS place FROM letters WHERE ${isDue}),
    ways AS MATERIALIZED (
      SELECT domain, ${freeSlotsTo(limits, at)} AS free FROM (SELECT DISTINCT domain FROM due) AS way)
    SELECT due.id, due.due_at FROM due JOIN ways ON ways.domain = due.domain WHERE due.place <= ways.free`
}

/** How many mails may go to `way.domain` by its own limits: in one lookup, however many domains have some. */
function freeSlotsTo(limits: string, at: number): SQL {
  const path = sql`'$."' || way.domain || '"'`
  const scope = sql`'domain:' || way.domain`
  const taken = sql`coalesce((SELECT sum(slots) FROM pace
    WHERE scope = ${scope} AND window_ms = l.value ->> 'windowMs' AND free_at > ${at}), 0)`
  const isTheirs = sql`status = 'in-hand' AND ${emailDomain} = way.domain`
  return sql`CASE
    WHEN EXISTS (SELECT 1 FROM lanes
      WHERE scope = ${scope} AND parked_until > ${at} AND parked_until < ${heldUntil}) THEN 0
    WHEN json_type(${limits}, ${path}) IS NULL THEN ${Number.MAX_SAFE_INTEGER}
    ELSE (SELECT min(l.value ->> 'count' - ${taken}) FROM json_each(${limits}, ${path}) AS l)
      - (SELECT count(*) FROM recipients WHERE ${isTheirs}) - (SELECT count(*) FROM letters WHERE ${isTheirs}) END`
}
