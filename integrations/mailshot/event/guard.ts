import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import type { Tally } from '../deliver/tally.ts'
import { queueLetterStatement } from '../letter.ts'
import type { Mailshot } from '../mailshot.ts'
import { holdDomainStatement } from '../pace/held.ts'
import { type Send, sendsIn } from '../send/read.ts'
import { pauseStatements } from '../send/steer.ts'
import { guardMark, heldDomains } from './acknowledge.ts'
import {
  domainFindings,
  type Figures,
  type Finding,
  findingsOf,
  noteLevelsStatement,
  ofLateDays,
  readFigures,
  readLevels,
  warningsOf,
} from './figures.ts'
import type { GuardOptions } from './options.ts'

/** Who watches the sends of a worker. */
export interface Guard {
  /** Pauses those that run and go wrong, holds domains that refuse too much, and tells the operator. */
  look(): Promise<void>
}

/** Many domains take their time to be added up. */
const domainsEveryMs = 2000

/** The guard of one worker: it reads counters alone, so that it costs the same whatever the size of a send. */
export function openGuard(mailshot: Mailshot, tally: Tally): Guard {
  const { guard } = mailshot.config
  let domainsAt = -Infinity
  return {
    look: async () => {
      await tally.write(mailshot)
      if (guard === false) return
      const now = mailshot.now()
      const areDomainsDue = now >= domainsAt + domainsEveryMs
      if (areDomainsDue) domainsAt = now
      for (const send of await sendsIn(mailshot, ['running'])) {
        const figures = await readFigures(mailshot, sql`s.id = ${send.id}`)
        if (figures.handled < guard.least) continue
        if (await pauseIfBad(mailshot, send, figures)) continue
        if (areDomainsDue) await holdDomains(mailshot, send, figures)
      }
    },
  }
}

async function pauseIfBad(mailshot: Mailshot, { id }: Send, figures: Figures): Promise<boolean> {
  const { guard } = mailshot.config
  if (guard === false) return false
  const scope = `send:${id}`
  const { found, warnings } = await news(mailshot, scope, { figures, guard })
  const worst = found[0]
  const told = worst ?? warnings[0]
  if (!told) return false
  const when = sql`id = ${id} AND status = 'running' AND ${isNews(scope, told)}`
  await mailshot.db.write(
    alarmStatement(mailshot, id, { finding: told, when }),
    noteLevelsStatement(mailshot, scope, [...found, ...warnings]),
    ...(worst ? pauseStatements(mailshot, id, { reason: reasonOf(worst), actor: 'mailshot' }) : []),
  )
  return worst !== undefined
}

interface News {
  /** What is worse by now than the operator knows, the gravest first. */
  found: Finding[]
  warnings: Finding[]
  /** What was too bad, and is not any more. */
  better: string[]
}

async function news(
  mailshot: Mailshot,
  scope: string,
  { figures, guard }: { figures: Figures; guard: GuardOptions },
): Promise<News> {
  const found = findingsOf(figures, guard)
  const warnings = warningsOf(figures, guard)
  const known = await readLevels(mailshot, scope)
  const current = new Set([...found, ...warnings].map(({ cause }) => cause))
  return {
    found: found.filter(({ cause, level }) => level > (known.get(cause) ?? 0)),
    // Once is enough: from here on it is the limit itself that stops it.
    warnings: warnings.filter(({ cause }) => !known.has(cause)),
    better: [...known.keys()].filter((cause) => !current.has(cause)),
  }
}

/**
 * Judges a send that is to start by all that was sent in the days before. What is too bad pauses it before it begins; what is
 * better again by now counts anew.
 *
 * @returns whether it may start
 */
export async function mayStart(mailshot: Mailshot, { id, onlyTo }: Send): Promise<boolean> {
  const { guard } = mailshot.config
  if (guard === false || guard.days === 0 || onlyTo !== null) return true
  const { days } = guard
  const figures = await readFigures(mailshot, ofLateDays(mailshot, days))
  const { found, warnings, better } = await news(mailshot, 'days', { figures, guard })
  const worst = found[0]
  const told = worst ?? warnings[0]
  const when = sql`id = ${id} AND status = 'scheduled'`
  const statements = [
    ...(better.length > 0 ? [forgetLevelsStatement(better)] : []),
    ...(told ? [alarmStatement(mailshot, id, { finding: told, days, when })] : []),
    ...(worst
      ? pauseStatements(mailshot, id, { reason: reasonOf(worst, days), actor: 'mailshot' })
      : []),
    ...(told && !worst ? [noteLevelsStatement(mailshot, 'days', warnings)] : []),
  ]
  if (statements.length > 0) await mailshot.db.write(...statements)
  return worst === undefined
}

function forgetLevelsStatement(causes: string[]): SQL {
  return sql`DELETE FROM guard WHERE scope = 'days'
    AND cause IN (SELECT value FROM json_each(${JSON.stringify(causes)}))`
}

/** Holds the recipient domains that refuse too much. Once nobody else is left, the send waits for the operator as a whole. */
async function holdDomains(mailshot: Mailshot, send: Send, figures: Figures): Promise<void> {
  const { guard } = mailshot.config
  if (guard === false || guard.domainFailures === false) return
  const { id } = send
  const scope = `send:${id}`
  if (figures.failures * 100 >= guard.least * guard.domainFailures) {
    const known = await readLevels(mailshot, scope)
    const found = await domainFindings(mailshot, id, guard)
    for (const one of found.filter(({ cause, level }) => level > (known.get(cause) ?? 0))) {
      const when = sql`id = ${id} AND ${isNews(scope, one)}`
      await mailshot.db.write(
        alarmStatement(mailshot, id, { finding: one, when }),
        auditStatement(mailshot, {
          actor: 'mailshot',
          action: 'hold',
          subject: `domain:${domainIn(one)}`,
          detail: { send: id, reason: reasonOf(one) },
          when: sql`EXISTS (SELECT 1 FROM sends WHERE ${when})`,
        }),
        noteLevelsStatement(mailshot, scope, [one]),
        holdDomainStatement(domainIn(one), reasonOf(one)),
      )
    }
  }
  const held = await heldDomains(mailshot, id)
  if (held.length === 0 || !(await isRestHeld(mailshot, id, held))) return
  const reason = `${guardMark}all who are left are at ${held.join(', ')}, which refused too much`
  await mailshot.db.write(...pauseStatements(mailshot, id, { reason, actor: 'mailshot' }))
}

/** Of several workers that see the same, one tells the operator. */
function isNews(scope: string, { cause, level }: Finding): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM guard
    WHERE scope = ${scope} AND cause = ${cause} AND level >= ${level})`
}

function domainIn({ cause }: Finding): string {
  return cause.slice('domain:'.length)
}

/** Whether all who are left of a send are at held domains. */
async function isRestHeld({ db }: Mailshot, id: string, held: string[]): Promise<boolean> {
  const names = sql`(SELECT value FROM json_each(${JSON.stringify(held)}))`
  const row = await db.get<{ others: number }>(sql`
    SELECT EXISTS (SELECT 1 FROM recipients WHERE send_id = ${id} AND status = 'pending')
      OR EXISTS (SELECT 1 FROM recipients WHERE +send_id = ${id} AND status = 'in-hand')
      OR EXISTS (SELECT 1 FROM recipients WHERE send_id = ${id} AND status = 'deferred'
        AND (lane IS NULL OR lane NOT IN ${names}))
      OR EXISTS (SELECT 1 FROM recipients WHERE +send_id = ${id} AND status = 'claimed'
        AND substr(email, instr(email, '@') + 1) NOT IN ${names}) AS others`)
  return row?.others === 0
}

/** Tells the operator, in their language, of the send that meets a condition. */
function alarmStatement(
  mailshot: Mailshot,
  id: string,
  { finding, days, when }: { finding: Finding; days?: number; when: SQL },
): SQL {
  const { operator, lang } = mailshot.config
  const { cause, count, of, limit } = finding
  return queueLetterStatement(mailshot, {
    kind: 'alarm',
    email: operator,
    lang,
    values: {
      event: 'guarded',
      send: id,
      cause,
      count: String(count),
      of: String(of),
      limit: String(limit),
      ...(days !== undefined && { days: String(days) }),
    },
    when: sql`EXISTS (SELECT 1 FROM sends WHERE ${when})`,
  })
}

/** In plain words, for `status` and the log. */
function reasonOf({ cause, count, of, limit }: Finding, days?: number): string {
  const what = said[cause] ?? `of the mails to ${cause.slice('domain:'.length)} failed`
  const share = Math.round((count / of) * 10_000) / 100
  const when = days === undefined ? '' : ` in the last ${days} days`
  return `${guardMark}${count} of ${of}${when} (${share} %) ${what}; the limit is ${limit} %`
}

const said: Record<string, string> = {
  failures: 'failed',
  'hard-bounces': 'were refused for good',
  complaints: 'led to complaints',
}
