import { type SQL, sql } from 'drizzle-orm/sql'
import { auditStatement } from '../audit.ts'
import { queueLetterStatement } from '../letter.ts'
import type { Mailshot } from '../mailshot.ts'
import { day, hour } from '../pace-limit.ts'

/** The letters that go to an address that anybody may have entered; a link that is renewed is a confirmation, too. */
const isAsked = sql`kind IN ('confirmation', 'invitation')`
/** What is usual is looked up once an hour. */
const usuals = new WeakMap<Mailshot['config'], { perHour: number; at: number }>()
/** How many days back it is looked for what is usual; the last one is left out. */
const days = 28
/** Until when the operator takes a burst for people. */
const allowedKey = 'burst_allowed_until'
const sliceSize = 1000
/** What the audit calls them. */
const subject = 'letters:held'

/**
 * Statements to follow those of an ask: in a burst of sign-ups its confirmation, or invitation, is held, and the operator told, once a
 * day. None where the site wants no such thing, or the operator asks by command.
 */
export async function holdBurstStatements(
  mailshot: Mailshot,
  { subscriberId, source }: { subscriberId: number; source: 'form' | 'api' | 'command' },
): Promise<SQL[]> {
  const { burst } = mailshot.config.abuse
  if (burst === false || source === 'command') return []
  const now = mailshot.now()
  const perHour = await usualPerHour(mailshot)
  const most = mostPerHour(mailshot, perHour)
  const isHeld = sql`subscriber_id = ${subscriberId} AND status = 'held'`
  const isTold = sql`EXISTS (SELECT 1 FROM letters
    WHERE kind = 'alarm' AND "values" ->> 'event' = 'burst' AND created_at > ${now - day})`
  const isNews = sql`EXISTS (SELECT 1 FROM letters WHERE ${isHeld}) AND NOT ${isTold}`
  return [
    sql`UPDATE letters SET status = 'held'
        WHERE subscriber_id = ${subscriberId} AND ${isAsked} AND status = 'pending' AND tries = 0
          AND ${isBurst(most, now)} AND NOT ${isAllowed(now)}`,
    auditStatement(mailshot, {
      actor: 'mailshot',
      action: 'hold',
      subject,
      detail: { perHour: most },
      when: isNews,
    }),
    queueLetterStatement(mailshot, {
      kind: 'alarm',
      email: mailshot.config.operator,
      lang: mailshot.config.lang,
      values: {
        event: 'burst',
        count: String(most),
        usual: String(Math.round(perHour)),
        release: String(burst.release),
      },
      when: isNews,
    }),
  ]
}

/**
 * Mails the confirmations that are held, and for a day those that follow: it was people. Answers how many.
 *
 * @param by who says so
 */
export async function releaseHeld(mailshot: Mailshot, by: string): Promise<number> {
  const until = mailshot.now() + day
  await mailshot.db.write(
    auditStatement(mailshot, {
      actor: by,
      action: 'allow-burst',
      subject,
      detail: { until: new Date(until).toISOString() },
    }),
    sql`INSERT INTO meta (key, value) VALUES (${allowedKey}, ${String(until)})
        ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  )
  return settleHeld(mailshot, by, 'release')
}

/** Deletes the confirmations that are held: it was robots. Nobody was mailed, and nobody is subscribed. Answers how many. */
export async function dropHeld(mailshot: Mailshot, by: string): Promise<number> {
  return settleHeld(mailshot, by, 'drop')
}

/** Releases what is held once no more people sign up than usual, where the site wants that. */
export async function tendBurst(mailshot: Mailshot): Promise<void> {
  const { burst } = mailshot.config.abuse
  if (burst !== false && !burst.release) return
  const held = await mailshot.db.get(sql`SELECT 1 FROM letters WHERE status = 'held' LIMIT 1`)
  if (!held) return
  const most = mostPerHour(mailshot, await usualPerHour(mailshot))
  const isOn = await mailshot.db.get(sql`SELECT 1 WHERE ${isBurst(most, mailshot.now())}`)
  if (burst === false || !isOn) await settleHeld(mailshot, 'mailshot', 'release')
}

async function settleHeld(
  mailshot: Mailshot,
  actor: string,
  action: 'release' | 'drop',
): Promise<number> {
  const some = sql`id IN (SELECT id FROM letters WHERE status = 'held' LIMIT ${sliceSize})`
  const held = sql`SELECT count(*) FROM letters WHERE status = 'held'`
  const row = await mailshot.db.get<{ n: number }>(sql`SELECT (${held}) AS n`)
  const count = row?.n ?? 0
  if (count === 0) return 0
  await mailshot.db.write(auditStatement(mailshot, { actor, action, subject, detail: { count } }))
  for (let left = count; left > 0; left -= sliceSize) {
    await mailshot.db.write(
      action === 'drop'
        ? sql`DELETE FROM letters WHERE ${some}`
        : sql`UPDATE letters SET status = 'pending', due_at = ${mailshot.now()} WHERE ${some}`,
    )
  }
  return count
}

/** Whether more were asked for within the last hour; it counts no further than that. */
function isBurst(most: number, now: number): SQL {
  return sql`(SELECT count(*) FROM (SELECT 1 FROM letters
    WHERE ${isAsked} AND created_at > ${now - hour} LIMIT ${most + 1})) > ${most}`
}

function isAllowed(now: number): SQL {
  return sql`EXISTS (SELECT 1 FROM meta WHERE key = ${allowedKey} AND CAST(value AS INTEGER) > ${now})`
}

function mostPerHour({ config: { abuse } }: Mailshot, perHour: number): number {
  return abuse.burst === false
    ? Number.MAX_SAFE_INTEGER - 1
    : Math.max(abuse.burst.least, Math.ceil(perHour * abuse.burst.times))
}

async function usualPerHour(mailshot: Mailshot): Promise<number> {
  const { config, db } = mailshot
  const now = mailshot.now()
  const known = usuals.get(config)
  if (known && now - known.at < hour) return known.perHour
  const row = await db.get<{ n: number }>(sql`SELECT count(*) AS n FROM letters
    WHERE ${isAsked} AND created_at BETWEEN ${now - (days + 1) * day} AND ${now - day}`)
  const perHour = (row?.n ?? 0) / (days * 24)
  usuals.set(config, { perHour, at: now })
  return perHour
}
