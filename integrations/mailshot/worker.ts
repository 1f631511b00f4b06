import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { sql } from 'drizzle-orm/sql'
import { noteTimeStatement } from './clock.ts'
import { recoverLettersStatement } from './letter.ts'
import type { Mailshot } from './mailshot.ts'
import { limitedLanes } from './pace.ts'
import { orphanedWorkers, recoverStatements } from './recipient.ts'

/** Where this process can tell whether another one lives: one boot of one machine, one process namespace. */
const machine = [hostname(), readOr('/proc/sys/kernel/random/boot_id'), linkOr('/proc/self/ns/pid')]
  .filter((part) => part !== '')
  .join(' ')

/** Notes this process as a worker and answers its id; what it claims is its own until the lease runs out. */
export async function enlistWorker(mailshot: Mailshot): Promise<string> {
  const id = randomUUID()
  const now = mailshot.now()
  await mailshot.db.write(
    sql`INSERT INTO workers (id, machine, pid, started_at, lease_until)
        VALUES (${id}, ${machine}, ${process.pid}, ${now}, ${leaseUntil(mailshot, now)})`,
    noteTimeStatement(now),
  )
  return id
}

/** Prolongs the lease; `false` when it had run out, so that others have taken what this worker held. */
export async function renewLease(mailshot: Mailshot, id: string): Promise<boolean> {
  const now = mailshot.now()
  const isAlive = sql`id = ${id} AND lease_until > ${now}`
  const [, rows] = await mailshot.db.write(
    sql`UPDATE workers SET lease_until = ${leaseUntil(mailshot, now)} WHERE ${isAlive}`,
    sql`SELECT 1 FROM workers WHERE ${isAlive}`,
    noteTimeStatement(now),
  )
  return rows?.length === 1
}

/**
 * Takes over what dead workers held: those whose lease has run out, and those of this machine whose process is gone.
 * Answers how many recipients became uncertain by it.
 */
export async function recoverDeadWorkers(mailshot: Mailshot): Promise<number> {
  const now = mailshot.now()
  const rows = await mailshot.db.all<{ id: string; machine: string; pid: number; lease: number }>(
    sql`SELECT id, machine, pid, lease_until AS lease FROM workers`,
  )
  const dead = rows.filter(
    (row) => row.lease <= now || (row.machine === machine && !isRunning(row.pid)),
  )
  const orphaned = await mailshot.db.all<{ id: string }>(orphanedWorkers())
  const ids = [...dead, ...orphaned].map((row) => row.id)
  if (ids.length === 0) return 0
  const results = await mailshot.db.write<{ uncertain: number }>(
    ...recoverStatements(mailshot, limitedLanes(mailshot.config), ids, now),
    recoverLettersStatement(ids),
    sql`DELETE FROM workers WHERE id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
  )
  const uncertain = results.flat()[0]?.uncertain ?? 0
  mailshot.log.warn({ workers: ids.length, uncertain }, 'took over from workers that died')
  return uncertain
}

/** Removes a worker, unless something is still in its hand: then its lease has to run out. */
export async function retireWorker(mailshot: Mailshot, id: string): Promise<void> {
  await mailshot.db.write(
    sql`DELETE FROM workers WHERE id = ${id}
          AND NOT EXISTS (SELECT 1 FROM recipients WHERE worker_id = ${id} AND status = 'in-hand')
          AND NOT EXISTS (SELECT 1 FROM letters WHERE worker_id = ${id} AND status = 'in-hand')`,
  )
}

function leaseUntil(mailshot: Mailshot, now: number): number {
  return now + mailshot.config.leaseSeconds * 1000
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function linkOr(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
