import { setTimeout } from 'node:timers/promises'
import { sql } from 'drizzle-orm/sql'
import { readSend } from '../../integrations/mailshot/send.ts'
import type { Death } from './account.ts'
import type { Worker } from './process.ts'
import type { Run } from './run.ts'
import { latencyMs, slug, workerIds } from './site.ts'

const patienceMs = 5_000

/** SIGKILL once the freeze has come further than it was. */
export async function killInFreeze(run: Run, worker: Worker): Promise<void> {
  const { mailshot } = run.site
  const before = await readSend(mailshot, slug)
  for (;;) {
    const send = await readSend(mailshot, slug)
    if (send.freezeCursor > before.freezeCursor || send.frozenAt !== null) break
    if (worker.state === 'ended') throw new Error(`${worker.name} ended:\n${worker.output()}`)
    // Looks again at each turn of the event loop: a slice lasts for some milliseconds.
    await setTimeout(1)
  }
  run.account.deaths.push(await killWorker(run, worker, 'now'))
}

/** SIGKILL at a step of one of its mails, at once, or at any moment of the next third of a second. */
export async function killWorker(
  run: Run,
  worker: Worker,
  at: 'body' | 'answered' | 'any' | 'now',
): Promise<Death> {
  await learnIds(run, worker)
  if (at === 'any') await setTimeout(run.chance.below(333))
  const { name, pid } = worker
  // Writing an answer down takes a moment too, which may be struck.
  const afterMs = at === 'answered' ? Math.max(0, run.chance.below(6) - 2) : 0
  const order = { worker: name, pid, at: at === 'any' ? 'now' : at, afterMs } as const
  if (!(await run.side.kill(order, patienceMs))) {
    // It mails nothing at the moment, so it dies as it is.
    await run.side.kill({ ...order, at: 'now', afterMs: 0 }, patienceMs)
  }
  await worker.ended
  // What it was telling a server that is far away is on its way still.
  if (run.options.remote) await setTimeout(20 * latencyMs)
  await learnIds(run, worker)
  bury(run, worker)
  return autopsy(run, worker)
}

async function autopsy(run: Run, worker: Worker): Promise<Death> {
  const { site, side } = run
  const rows = await site.mailshot.db.all<{ email: string }>(
    sql`SELECT email FROM recipients WHERE worker_id = ${worker.ids.at(-1) ?? ''}
        AND (status = 'in-hand' OR (status = 'uncertain' AND reason LIKE '%died%'))`,
  )
  const steps = await side.stepsOf(rows.map(({ email }) => email))
  const count = (...wanted: typeof steps) => steps.filter((step) => wanted.includes(step)).length
  const { status, freezeCursor } = await readSend(site.mailshot, slug)
  const death = {
    name: worker.name,
    kind: worker.kind,
    inFreeze: status === 'preparing' && freezeCursor > 0,
    inHand: rows.length,
    inFlight: count('body', 'accepted'),
    inSettle: count('answered'),
  }
  if (death.inHand > site.capacity) {
    const text = `${death.name} had ${death.inHand} in hand; it may have ${site.capacity}`
    run.account.violations.push(text)
  }
  return death
}

/** SIGSTOP until others have taken over what it held, then SIGCONT. Goes on beside what else happens. */
export async function stopPastLease(run: Run, worker: Worker): Promise<void> {
  await holdsSomething(run, worker)
  await setTimeout(run.chance.below(100))
  await learnIds(run, worker)
  worker.state = 'stopped'
  run.sleepers.add(worker.name)
  worker.child.kill('SIGSTOP')
  // Two of three sleep between two writes; the third may do so within one, which holds up all others.
  if (run.chance.below(3) > 0) await shiftBetweenWrites(run, worker)
  const id = worker.ids.at(-1)
  if (id === undefined) return wake(worker)
  run.naps.push(sleep(run, worker, id))
}

async function sleep(run: Run, worker: Worker, id: string): Promise<void> {
  const isTakenOver = await takenOver(run, id)
  wake(worker)
  const row = await run.site.mailshot.db.get<{ lost: number }>(
    sql`SELECT count(*) AS lost FROM recipients WHERE worker_id = ${id} AND status = 'uncertain'
        AND reason LIKE '%died%'`,
  )
  run.account.stops.push({ name: worker.name, isTakenOver, lost: row?.lost ?? 0 })
}

async function shiftBetweenWrites(run: Run, worker: Worker): Promise<void> {
  const write = () => run.site.mailshot.db.within(100).write(sql`UPDATE meta SET value = value`)
  const isFree = () =>
    write().then(
      () => true,
      () => false,
    )
  while (!(await isFree())) {
    worker.child.kill('SIGCONT')
    await setTimeout(run.chance.below(10))
    worker.child.kill('SIGSTOP')
  }
}

async function holdsSomething(run: Run, worker: Worker): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (performance.now() < deadline && worker.state !== 'ended') {
    await learnIds(run, worker)
    const held = await run.site.mailshot.db.get(
      sql`SELECT 1 FROM recipients WHERE status = 'in-hand' AND worker_id = ${worker.ids.at(-1) ?? ''}`,
    )
    if (held) return
    await setTimeout(5)
  }
}

function wake(worker: Worker): void {
  worker.child.kill('SIGCONT')
  if (worker.state === 'stopped') worker.state = 'running'
}

/** One that was stopped in the middle of a write holds everybody up, so that nobody can take over before it wakes. */
async function takenOver({ site }: Run, id: string): Promise<boolean> {
  const deadline = performance.now() + site.leaseMs * 3
  while (performance.now() < deadline) {
    const row = await site.mailshot.db.get(sql`SELECT 1 FROM workers WHERE id = ${id}`)
    if (row === undefined) return true
    await setTimeout(100)
  }
  return false
}

/** What a process promises to keep to after SIGTERM. */
const endPromiseMs = 10_000

/** SIGTERM: it ends in time and with code 0, and has nothing in hand any more. */
export async function endCleanly(run: Run, worker: Worker): Promise<void> {
  const { site, account } = run
  if (worker.state === 'stopped') wake(worker)
  // One that is only just starting has not yet said what a signal is to do.
  await enlisted(run, worker)
  const since = performance.now()
  worker.child.kill('SIGTERM')
  await Promise.race([worker.ended, setTimeout(2 * endPromiseMs, undefined, { ref: false })])
  account.ends.push(performance.now() - since)
  const { exitCode, signalCode } = worker.child
  const isLate = performance.now() - since > endPromiseMs
  if (exitCode !== 0 || isLate) {
    const how = `code ${exitCode}, signal ${signalCode}, ${isLate ? 'late' : 'in time'}`
    account.violations.push(`${worker.name} did not end cleanly: ${how}\n${worker.output()}`)
  }
  worker.child.kill('SIGKILL')
  await worker.ended
  bury(run, worker)
  const held = await site.mailshot.db.get(
    sql`SELECT 1 FROM recipients WHERE status IN ('in-hand', 'claimed')
        AND worker_id IN (SELECT value FROM json_each(${JSON.stringify(worker.ids)}))`,
  )
  if (held) account.violations.push(`${worker.name} ended with recipients in hand or claimed`)
}

/** Once it has an id in the database, it has all that it needs to wait for better times. */
export async function enlisted(run: Run, worker: Worker): Promise<void> {
  while (worker.ids.length === 0 && worker.state !== 'ended') {
    await learnIds(run, worker)
    await setTimeout(20)
  }
}

async function learnIds({ site }: Run, worker: Worker): Promise<void> {
  const known = new Set([...worker.ids, ...(await workerIds(site, worker.pid))])
  worker.ids = [...known]
}

function bury({ workers, graves }: Run, worker: Worker): void {
  for (const id of worker.ids) graves.set(id, worker.name)
  workers.splice(workers.indexOf(worker), 1)
}
