import { uptime } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm/sql'
import type { Logger } from 'pino'
import type { Database } from '../../db/open.ts'
import { day } from './pace-limit.ts'

/** The time by which everything in a database is dated. */
export interface Clock {
  /** In milliseconds; it never goes back while the process runs. */
  now(): number
  /** Ends after so many milliseconds of that time, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  stop(): void
}

/** The clocks of a machine, in milliseconds. */
export interface MachineClocks {
  /** What people see; anyone may set it. */
  wall(): number
  /** Of this process: never set, and on some systems it stands still while the machine sleeps. */
  own(): number
  /** Since the machine began: never set, and it goes on while the machine sleeps. */
  up(): number
}

const machineClocks: MachineClocks = {
  wall: () => Date.now(),
  own: () => performance.now(),
  up: () => uptime() * 1000,
}

const minuteMs = 60_000

/**
 * The database's time, measured now and every minute, and advanced by the process's own monotonic clock and by what the machine slept:
 * several machines agree. It does not go back either when the machine's clock is set back and the process starts anew, or slots would be taken
 * for an hour to come, and each worker's lease would have run out in the eyes of another. What was more than a day ahead was
 * wrong, though, and is not waited for.
 */
export async function openDatabaseClock(
  db: Database,
  log: Logger,
  clocks = machineClocks,
): Promise<Clock> {
  const { wall, seen } = await measure(db)
  const behindMs = seen - wall
  if (behindMs > day) await forgetLaterTimes(db, wall)
  // The clocks of several machines differ by less.
  if (behindMs > 1000) warn(log, behindMs)
  const sleptMs = openSleepWatch(clocks, log)
  const runMs = () => clocks.own() + sleptMs()
  let offset = (behindMs > day ? wall : Math.max(wall, seen)) - runMs()
  const timer = setInterval(() => {
    measure(db).then(
      (again) => {
        const next = Math.max(again.wall, again.seen) - runMs()
        if (next - offset > minuteMs) warnOfJump(log, next - offset)
        offset = Math.max(offset, next)
      },
      // A failed measurement keeps the last one; the next minute measures again.
      () => {},
    )
  }, minuteMs).unref()
  return {
    now: () => Math.floor(runMs() + offset),
    sleep: sleepUntilAborted,
    stop: () => clearInterval(timer),
  }
}

/** Clocks are read one after another, and slewed. */
const noticedMs = 1000

/** Answers how long the machine has slept so far, in milliseconds. It shows at the first look after it: a lease or an hour may be over. */
function openSleepWatch({ wall, own, up }: MachineClocks, log: Logger): () => number {
  let slept = 0
  let lead = wall() - own()
  let awake = up() - own()
  return () => {
    const leadNow = wall() - own()
    // A sleep moves what people see as well, which costs less to ask.
    if (leadNow - lead < noticedMs) {
      lead = Math.min(lead, leadNow)
      return slept
    }
    lead = leadNow
    const asleep = up() - own() - awake
    if (asleep < noticedMs) return slept
    awake += asleep
    slept += asleep
    if (asleep > minuteMs) warnOfSleep(log, asleep)
    return slept
  }
}

/** Notes the time in the database, for those who open it later. */
export function noteTimeStatement(now: number): SQL {
  return sql`INSERT INTO meta (key, value) VALUES ('clock', ${String(now)})
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
      WHERE CAST(excluded.value AS INTEGER) > CAST(meta.value AS INTEGER)`
}

interface Measured {
  /** The clock of the database's machine. */
  wall: number
  /** The latest time that a worker has noted; 0 in a new database. */
  seen: number
}

async function measure(db: Database): Promise<Measured> {
  const row = await db.get<Measured>(
    sql`SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS wall,
        coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'clock'), 0) AS seen`,
  )
  return row ?? { wall: Date.now(), seen: 0 }
}

/** Nothing waits for an hour of the days that were never there. */
async function forgetLaterTimes(db: Database, wall: number): Promise<void> {
  const tooLate = wall + 2 * day
  await db.write(
    sql`UPDATE meta SET value = ${String(wall)} WHERE key = 'clock'`,
    sql`DELETE FROM pace WHERE free_at > ${tooLate}`,
    sql`UPDATE lanes SET next_at = min(next_at, ${wall}), parked_until = min(parked_until, ${wall}),
          queued_until = min(queued_until, ${wall}), slowed_at = min(slowed_at, ${wall}), ramp_from = min(ramp_from, ${wall})`,
    sql`UPDATE recipients SET due_at = ${wall} WHERE status = 'deferred' AND due_at > ${tooLate}`,
    sql`UPDATE letters SET due_at = ${wall} WHERE status = 'pending' AND due_at > ${tooLate}`,
    // One that was to start at once, not at an hour of its own.
    sql`UPDATE sends SET scheduled_at = ${wall} WHERE status = 'scheduled' AND scheduled_at BETWEEN ${wall} AND created_at`,
    // Whoever lives enlists anew.
    sql`UPDATE workers SET lease_until = 0 WHERE lease_until > ${wall + day}`,
  )
}

function warn(log: Logger, behindMs: number): void {
  const seconds = Math.round(behindMs / 1000)
  const what = `the clock of this machine was set back: the database has seen a time ${seconds} s later`
  const then =
    behindMs > day
      ? 'that is too far ahead to be true, so it goes by the clock, and the pace begins anew'
      : 'it goes on from there, and nothing is mailed twice or faster; set the clock (timedatectl)'
  log.warn(`${what}; ${then}`)
}

function warnOfJump(log: Logger, aheadMs: number): void {
  const seconds = Math.round(aheadMs / 1000)
  log.warn(
    `the time went on by ${seconds} s at once: a clock was set, or another machine's is ahead; what was to be mailed in that time ` +
      'is mailed now, and the database does not go back; if the clock is wrong, set it (timedatectl)',
  )
}

function warnOfSleep(log: Logger, sleptMs: number): void {
  const seconds = Math.round(sleptMs / 1000)
  log.warn(
    `this machine slept for ${seconds} s; what was to be mailed in that time is mailed now, and a send that was planned for it ` +
      'starts now, or is held where that is too late',
  )
}

async function sleepUntilAborted(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, signal && { signal })
  } catch {
    // The only failure of a timer is its abort, which the caller's own signal already says.
  }
}
