import { type SQL, sql } from 'drizzle-orm/sql'
import type { Mailshot } from '../mailshot.ts'
import type { GuardOptions } from './options.ts'

/** What became of mails, by the counters of their sends. */
export interface Figures {
  /** Handed over, taken or refused. */
  handled: number
  /** Failed at the hand-over, or rejected or bounced since, for whatever cause. */
  failures: number
  /** Refused for good, at the hand-over or since. */
  hardBounces: number
  complaints: number
}

/** What is too bad, and by how much. */
export interface Finding {
  /** `failures`, `hard-bounces`, `complaints`, `complaint-warning`, or `domain:<recipient domain>`. */
  cause: string
  count: number
  of: number
  /** In per cent. */
  limit: number
  /** 1 from the limit on, then one more for each half of it. */
  level: number
}

/** How many of the send `s` were taken, and rejected or bounced since. */
export const cameToNothing: SQL = sql`ifnull((SELECT sum(n) FROM send_counts WHERE send_id = s.id AND kind = 'delivery'
  AND key IN ('bounced:hard', 'bounced:soft', 'rejected:hard', 'rejected:soft')), 0)`

/** The figures of the sends `s` that meet a condition, all together. */
export async function readFigures({ db }: Mailshot, which: SQL): Promise<Figures> {
  const n = (kind: string, key: string) =>
    sql`ifnull((SELECT n FROM send_counts WHERE send_id = s.id AND kind = ${kind} AND key = ${key}), 0)`
  const row = await db.get<Figures>(sql`
    SELECT ifnull(sum(s.sent + s.failed), 0) AS handled,
      ifnull(sum(s.failed + ${cameToNothing}), 0) AS failures,
      ifnull(sum(${n('people', 'bounced:hard')} + ${n('people', 'rejected:hard')}), 0) AS hardBounces,
      ifnull(sum(${n('people', 'complained')}), 0) AS complaints
    FROM sends AS s WHERE ${which}`)
  return row ?? { handled: 0, failures: 0, hardBounces: 0, complaints: 0 }
}

/** What pauses a send by these figures, the gravest first. */
export function findingsOf(figures: Figures, options: GuardOptions): Finding[] {
  const { handled: of, failures, hardBounces, complaints } = figures
  if (of < options.least) return []
  return [
    finding('complaints', { count: complaints, of, limit: options.complaints }),
    finding('hard-bounces', { count: hardBounces, of, limit: options.hardBounces }),
    finding('failures', { count: failures, of, limit: options.failures }),
  ].filter(({ level }) => level > 0)
}

/** Of what the operator is told while the send goes on. */
export function warningsOf({ handled: of, complaints }: Figures, options: GuardOptions): Finding[] {
  if (of < options.least) return []
  const limit = options.complaintWarning
  return [finding('complaint-warning', { count: complaints, of, limit })].filter(
    ({ level }) => level > 0,
  )
}

/** The recipient domains of a send that refuse too much. */
export async function domainFindings(
  { db }: Mailshot,
  sendId: string,
  { least, domainFailures: limit }: GuardOptions,
): Promise<Finding[]> {
  if (limit === false) return []
  const rows = await db.all<{ domain: string; count: number; of: number }>(sql`
    SELECT domain, count, "of" FROM (
      SELECT substr(key, 1, instr(key, ' ') - 1) AS domain,
        sum(n) FILTER (WHERE key LIKE '% sent' OR key LIKE '% failed') AS "of",
        sum(n) FILTER (WHERE key LIKE '% failed' OR key LIKE '% bounced:%' OR key LIKE '% rejected:%') AS count
      FROM send_counts WHERE send_id = ${sendId} AND kind = 'domain' GROUP BY 1)
    WHERE "of" >= ${least} AND count * 100.0 >= "of" * ${limit} ORDER BY domain`)
  return rows.map(({ domain, count, of }) => finding(`domain:${domain}`, { count, of, limit }))
}

function finding(
  cause: string,
  { count, of, limit }: { count: number; of: number; limit: number | false },
): Finding {
  if (limit === false) return { cause, count, of, limit: 0, level: 0 }
  const share = (count * 100) / of
  const level = count > 0 && share >= limit ? 1 + Math.floor(((share - limit) * 2) / limit) : 0
  return { cause, count, of, limit, level }
}

/** How bad it was when the guard last said so, or the operator let it go on, by cause. */
export async function readLevels({ db }: Mailshot, scope: string): Promise<Map<string, number>> {
  const rows = await db.all<{ cause: string; level: number }>(
    sql`SELECT cause, level FROM guard WHERE scope = ${scope}`,
  )
  return new Map(rows.map(({ cause, level }) => [cause, level]))
}

/** Notes how bad it is. */
export function noteLevelsStatement(
  mailshot: Mailshot,
  scope: string,
  findings: readonly Finding[],
): SQL {
  const rows = JSON.stringify(findings.map(({ cause, level }) => [cause, level]))
  return sql`INSERT INTO guard (scope, cause, level, at)
    SELECT ${scope}, value ->> 0, value ->> 1, ${mailshot.now()} FROM json_each(${rows}) WHERE true
    ON CONFLICT (scope, cause) DO UPDATE SET level = max(level, excluded.level), at = excluded.at`
}

/** The condition for the sends `s` of the last days, which a send that is to start is judged by. */
export function ofLateDays(mailshot: Mailshot, days: number): SQL {
  return sql`s.started_at >= ${mailshot.now() - days * 86_400_000}`
}
