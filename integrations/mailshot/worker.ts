import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { type SQL, sql } from 'drizzle-orm/sql'
import { noteTimeStatement } from './clock.ts'
import { recoverLettersStatement } from './letter.ts'
import type { Mailshot } from './mailshot.ts'
import { orphanedWorkers, recoverStatements } from './recipient.ts'
import { isRunning } from '../../db/running.ts'

/** Without it, a host's name is no proof that two processes are of one machine. */
const bootId = readOr('/proc/sys/kernel/random/boot_id')
/** Where this process can tell whether another one lives: one boot of one machine, one process namespace. */
const machine = [hostname(), bootId, linkOr('/proc/self/ns/pid')]
  .filter((part) => part !== '')
  .join(' ')
/** The workers that this process has been. */
const ownIds = new Set<string>()

/** Notes this process as a worker and answers its id; what it claims is its own until the lease runs out. */
export async function enlistWorker(mailshot: Mailshot): Promise<string> {
  const id = randomUUID()
  ownIds.add(id)
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
  const rows = await mailshot.db.all<WorkerRow>(sql`${noted}`)
  const dead = rows.filter((row) => row.lease <= now || isGone(mailshot, row))
  const orphaned = await mailshot.db.all<{ id: string }>(orphanedWorkers())
  const suspects = [...dead, ...orphaned.map(({ id }) => ({ id, lease: null }))]
  if (suspects.length === 0) return 0
  const ids = stillDead(suspects)
  const results = await mailshot.db.write<{ uncertain: number }>(
    ...recoverStatements(mailshot, ids, now),
    recoverLettersStatement(ids),
    sql`DELETE FROM workers WHERE id IN ${ids}`,
  )
  const uncertain = results.flat()[0]?.uncertain ?? 0
  mailshot.log.warn({ workers: suspects.length, uncertain }, 'took over from workers that died')
  return uncertain
}

/**
 * Does so only where a process of this machine is gone: cheap enough to be asked twice a second, so that what it had in hand keeps no
 * slots of a limit per second.
 */
export async function recoverGoneWorkers(mailshot: Mailshot): Promise<number> {
  const rows = await mailshot.db.all<WorkerRow>(sql`${noted} WHERE machine = ${machine}`)
  return rows.some((row) => isGone(mailshot, row)) ? recoverDeadWorkers(mailshot) : 0
}

const noted = sql.raw(
  'SELECT id, machine, pid, started_at AS startedAt, lease_until AS lease FROM workers',
)

interface WorkerRow {
  id: string
  machine: string
  pid: number
  startedAt: number
  lease: number
}

/** A query for the ids of those who have not renewed their lease since they were looked at. */
function stillDead(suspects: { id: string; lease: number | null }[]): SQL {
  const looked = JSON.stringify(suspects.map(({ id, lease }) => [id, lease]))
  return sql`(SELECT j.value ->> 0 FROM json_each(${looked}) AS j
    WHERE NOT EXISTS (SELECT 1 FROM workers AS w
      WHERE w.id = j.value ->> 0 AND w.lease_until IS NOT j.value ->> 1))`
}

function isGone(mailshot: Mailshot, { id, pid, startedAt, ...row }: WorkerRow): boolean {
  if (bootId === '' || row.machine !== machine) return false
  if (pid !== process.pid) return !isRunning(pid)
  // A container that is started again gives its processes the same ids.
  return !ownIds.has(id) && startedAt < mailshot.now() - process.uptime() * 1000
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
