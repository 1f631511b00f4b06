import { type SQL, sql } from 'drizzle-orm/sql'
import { domainsInHand, type Lane } from '../pace.ts'
import { behindAfter, gainedByHurry } from './behind.ts'
import { emailDomain } from './domain-limits.ts'
import { rulesOf } from './reserve.ts'
import { laneColumns } from './state.ts'

// Very many domains may have a slot in one mark, which must not cost some statements each. What `pace.ts` and `state.ts` say of one
// lane is said here of several, listed as `w`.

/** Makes sure that lanes of domains have their rows. */
export function domainRowsStatement(lanes: Lane[]): SQL {
  return sql`INSERT INTO lanes (scope) SELECT value FROM json_each(${JSON.stringify(lanes.map(({ scope }) => scope))})
    WHERE true ON CONFLICT DO NOTHING`
}

/** Asks where lanes of domains stand, a row each with its `scope`, as `laneStateStatement` does for one. */
export function domainStatesStatement(lanes: Lane[], now: number): SQL {
  const later = sql`${now} + l.value ->> 'laterMs'`
  return sql`
    WITH held AS MATERIALIZED (${inHandByDomain(lanes)})
    SELECT lanes.scope AS scope, ${laneColumns},
      (SELECT min(${now} + (SELECT min(free_at) FROM pace WHERE ${ofRule} AND free_at > ${markedFrom(now)}) - (${markedFrom(now)}))
        FROM ${rules}) AS freeAt,
      (SELECT json_group_array(json_object(
        'free', l.value ->> 'count' - ${takenSlots(later)} - coalesce(held.count, 0),
        'coming', (SELECT json_group_array(json_array(free_at, slots)) FROM pace
          WHERE ${ofRule} AND free_at > ${later} AND free_at <= ${markedFrom(now)})))
        FROM ${rules}) AS slots
    FROM ${listed(lanes, now)} JOIN lanes ON lanes.scope = w.value ->> 'scope'
      LEFT JOIN held ON held.domain = w.value ->> 'domain'`
}

/**
 * A query for how many each of the lanes may put in hand now (`free`), by its place in the list (`way`), as `allowance` says of one. It
 * must stand in the same statement as the in-hand mark.
 */
export function domainAllowances(lanes: Lane[], now: number): SQL {
  const slots = sql`(SELECT min(l.value ->> 'count' - ${takenSlots(markedFrom(now))}) FROM ${rules})
    - coalesce(held.count, 0) - coalesce(waiting.count, 0)`
  const spread = sql`iif(w.value ->> 'spacing' > 0, 1 + CAST(floor((${now} + w.value ->> 'ahead'
    - max(coalesce(lanes.next_at, 0), w.value ->> 'since')) / (w.value ->> 'spacing')) AS INTEGER), ${unlimited})`
  return sql`
    WITH held AS MATERIALIZED (${inHandByDomain(lanes)}), waiting AS MATERIALIZED (${waitingByDomain(lanes, now)})
    SELECT w.key AS way,
      iif(lanes.parked_until > ${now}, 0, min(coalesce(${slots}, ${unlimited}), ${spread})) AS free
    FROM ${listed(lanes, now)} LEFT JOIN lanes ON lanes.scope = w.value ->> 'scope'
      LEFT JOIN held ON held.domain = w.value ->> 'domain'
      LEFT JOIN waiting ON waiting.domain = w.value ->> 'domain'`
}

/**
 * Moves the even spread of lanes on by as many slots as were `taken` of each, a query with `way` and `count`; nothing where the
 * statement just before it changed no row.
 */
export function advanceDomainsStatement(lanes: Lane[], taken: SQL, now: number): SQL {
  const behind = behindAfter(sql`w.value ->> 'since'`, {
    most: sql`w.value ->> 'most'`,
    waitedSince: sql`w.value ->> 'waitedSince'`,
    gained: sql`w.value ->> 'gain' * taken.count`,
  })
  return sql`UPDATE lanes
    SET next_at = max(next_at, w.value ->> 'since') + w.value ->> 'spacing' * taken.count, behind = ${behind}
    FROM ${listed(lanes, now)} JOIN (${taken}) AS taken ON taken.way = w.key
    WHERE lanes.scope = w.value ->> 'scope' AND changes() > 0`
}

/** A query for the domains of those whom their claims still hold in hand. */
export function domainsStillInHand(held: { id: number; claimId: string }[]): SQL {
  const claims = JSON.stringify(held.map(({ id, claimId }) => [id, claimId]))
  return sql`SELECT ${emailDomain} AS domain FROM json_each(${claims}) AS j
    CROSS JOIN recipients ON recipients.id = j.value ->> 0
    WHERE claim_id = j.value ->> 1 AND status = 'in-hand'`
}

const unlimited = sql.raw(String(Number.MAX_SAFE_INTEGER))
const rules = sql.raw(`json_each(w.value, '$.rules') AS l`)
const ofRule = sql.raw(`scope = w.value ->> 'scope' AND window_ms = l.value ->> 'windowMs'`)

function listed(lanes: Lane[], now: number): SQL {
  const ways = lanes.map((lane) => ({
    scope: lane.scope,
    domain: lane.domain,
    spacing: lane.spacing,
    ahead: lane.ahead,
    since: now - lane.catchUpMs,
    most: lane.makingUp.most,
    waitedSince: Math.min(now, lane.makingUp.waitedSince),
    gain: gainedByHurry(lane),
    rules: rulesOf(lane.limits, lane.reserve),
  }))
  return sql`json_each(${JSON.stringify(ways)}) AS w`
}

function markedFrom(now: number): SQL {
  return sql`${now} + max(w.value ->> 'ahead', l.value ->> 'laterMs')`
}

function takenSlots(at: SQL): SQL {
  return sql`coalesce((SELECT sum(slots) FROM pace WHERE ${ofRule} AND free_at > ${at}), 0)`
}

function inHandByDomain(lanes: Lane[]): SQL {
  const domains = domainsInHand(lanes.some(({ carriesLetters }) => carriesLetters))
  return sql`SELECT domain, count(*) AS count FROM (${domains}) GROUP BY domain`
}

function waitingByDomain(lanes: Lane[], now: number): SQL {
  const isDue = lanes.some(({ yields }) => yields)
    ? sql`status = 'pending' AND due_at <= ${now}`
    : sql`false`
  return sql`SELECT ${emailDomain} AS domain, count(*) AS count FROM letters WHERE ${isDue} GROUP BY 1`
}
