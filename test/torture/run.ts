import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { readSend, type Send } from '../../integrations/mailshot/send.ts'
import { type Account, openAccount } from './account.ts'
import { holdBack, liftRests } from './brake.ts'
import { type Chance, openChance } from './chance.ts'
import { type Blow, freezeKills, planBlows, type TortureOptions } from './plan.ts'
import { startWorker, type Worker } from './process.ts'
import { type ReceivingSide, startReceivingSide } from './receiving-side.ts'
import { buildServer, openSite, type Site, slug } from './site.ts'
import { spoilNetwork } from './network.ts'
import { cancelAndStartAgain, settleByBook } from './operator.ts'
import { restInPeace } from './rest.ts'
import { lockDatabase, pauseForAWhile, startTwice, triggerAgain } from './steer.ts'
import { endCleanly, killInFreeze, killWorker, stopPastLease } from './strike.ts'
import { compareBooks, type Verdict } from './verdict.ts'

/** A run under way. */
export interface Run {
  options: TortureOptions
  chance: Chance
  site: Site
  side: ReceivingSide
  account: Account
  /** Those that mail now, the stopped ones included. */
  workers: Worker[]
  /** Those who sleep past their leases, until they are awake again. */
  naps: Promise<void>[]
  /** The names of those who have slept at some time. */
  sleepers: Set<string>
  /** The names of the dead, by the ids that they had. */
  graves: Map<string, string>
  /** Whether the rests of the mail server are left to themselves. */
  isPatient: boolean
  /** The latest end that was made to a rest, until it is written. */
  lifting: Promise<unknown>
  started: number
  /** The share of the recipients that may be mailed by now, so that they do not run out before the blows. */
  share: number
  /** The built server's entry, where one takes part. */
  entry: string | undefined
  tell: (line: string) => void
}

export interface Result {
  account: Account
  verdict: Verdict
  folder: string
  seconds: number
}

/** One send, tortured until it is done; `tell` hears how far it is. */
export async function torture(
  options: TortureOptions,
  tell: (line: string) => void = () => {},
): Promise<Result> {
  const since = performance.now()
  const run = await openRun(options, tell)
  const { site, side, entry, account } = run
  const impatience = liftRests(run)
  const brake = holdBack(run)
  try {
    await startTwice(run)
    await freezeUnderFire(run)
    await mailUnderFire(run)
    await finish(run)
  } finally {
    impatience.stop()
    brake.stop()
    for (const { child } of run.workers) child.kill('SIGKILL')
    await Promise.all(run.workers.map(({ ended }) => ended))
    account.cuts = side.cuts
    await side.close()
    if (entry !== undefined) rmSync(dirname(dirname(entry)), { recursive: true, force: true })
  }
  site.server?.failWhen(() => undefined)
  const verdict = await compareBooks(run)
  await site.close()
  const seconds = (performance.now() - since) / 1000
  return { account, verdict, folder: site.folder, seconds }
}

async function openRun(options: TortureOptions, tell: Run['tell']): Promise<Run> {
  const { recipients, remote, seed } = options
  const site = await openSite({ recipients, others: othersFor(options), remote })
  const entry = options.server ? await buildServer(site.folder) : undefined
  const side = await startReceivingSide(site.bookFile)
  if (site.server) spoilNetwork(site.server, seed)
  return {
    options,
    chance: openChance(seed),
    site,
    side,
    account: openAccount(),
    workers: [],
    naps: [],
    sleepers: new Set(),
    graves: new Map(),
    isPatient: false,
    lifting: Promise.resolve(),
    started: 0,
    share: 0,
    entry,
    tell,
  }
}

/** Enough for the freeze to last until somebody can be killed in it. */
function othersFor({ recipients, kills, remote }: TortureOptions): number {
  if (kills === 0) return 0
  return remote ? 2 * recipients : Math.max(60_000, 3 * recipients)
}

/** One worker after the other dies while it freezes the recipients, until enough have, or the freeze is over. */
async function freezeUnderFire(run: Run): Promise<void> {
  for (let left = freezeKills(run.options); left > 0; left--) {
    if ((await readSend(run.site.mailshot, slug)).frozenAt !== null) return
    await killInFreeze(run, launch(run))
  }
}

async function mailUnderFire(run: Run): Promise<void> {
  const { options, chance, account } = run
  const blows = planBlows(options, options.kills - account.deaths.length, chance)
  for (const [index, blow] of blows.entries()) {
    await keepWorkers(run, chance.between(1, options.workers))
    run.share = (index + 1) / blows.length
    await strike(run, blow)
    const send = await readSend(run.site.mailshot, slug)
    if (index % 10 === 9) run.tell(`${progressOf(send)}; ${index + 1} of ${blows.length} blows`)
    if (send.status === 'done' && index + 1 < blows.length) {
      account.violations.push(`the send was done after ${index + 1} of ${blows.length} blows`)
      return
    }
  }
}

async function strike(run: Run, blow: Blow): Promise<void> {
  const { side, account } = run
  switch (blow.kind) {
    case 'kill':
      return void account.deaths.push(await killWorker(run, victimOf(run), blow.at))
    case 'stop':
      return stopPastLease(run, victimOf(run))
    case 'end':
      return endCleanly(run, victimOf(run))
    case 'lock':
      return lockDatabase(run, () => launch(run))
    case 'cut':
      return side.tell({ type: 'cut', step: blow.step })
    case 'pause':
      return pauseForAWhile(run)
    case 'trigger':
      return triggerAgain(run)
    case 'settle':
      return settleByBook(run)
    case 'cancel':
      return beginAnew(run)
    case 'rest':
      return restInPeace(run, blow.times, () => replaceOne(run))
  }
}

/** The rest is frozen anew, and somebody dies in that, too. */
async function beginAnew(run: Run): Promise<void> {
  await cancelAndStartAgain(run)
  await killInFreeze(run, victimOf(run))
  while ((await readSend(run.site.mailshot, slug)).frozenAt === null) {
    await keepWorkers(run, 1)
    await setTimeout(20)
  }
}

async function replaceOne(run: Run): Promise<void> {
  run.account.deaths.push(await killWorker(run, victimOf(run), 'now'))
  launch(run)
}

function victimOf(run: Run): Worker {
  return run.chance.pick(run.workers.filter(({ state }) => state === 'running'))
}

/** Starts what is missing; a process that ended unasked is a violation. */
async function keepWorkers(run: Run, count: number): Promise<void> {
  for (const worker of run.workers.filter(({ state }) => state === 'ended')) {
    run.account.violations.push(`${worker.name} ended by itself:\n${worker.output()}`)
    if (run.account.violations.length > 20) throw new Error(run.account.violations.join('\n'))
    run.workers.splice(run.workers.indexOf(worker), 1)
  }
  const running = run.workers.filter(({ state }) => state === 'running').length
  for (let missing = count - running; missing > 0; missing--) launch(run)
  run.account.mostWorkers = Math.max(run.account.mostWorkers, running, count)
}

function launch(run: Run): Worker {
  run.started += 1
  const hasServer = run.workers.some(({ kind }) => kind === 'server')
  const isServer = run.entry !== undefined && !hasServer && run.chance.below(2) === 0
  const worker = startWorker(run.site, {
    name: `${isServer ? 'server' : 'worker'}-${run.started}`,
    smtpPort: run.side.port,
    entry: isServer ? run.entry : undefined,
  })
  run.workers.push(worker)
  return worker
}

const patienceMs = 120_000

/** Lets the rest be mailed in peace, and ends every process cleanly. */
async function finish(run: Run): Promise<void> {
  await keepWorkers(run, run.options.workers)
  // Whoever wakes after the end could only say that something never left.
  await Promise.all(run.naps)
  run.share = Infinity
  const deadline = performance.now() + patienceMs
  for (;;) {
    await keepWorkers(run, run.options.workers)
    const send = await readSend(run.site.mailshot, slug)
    if (send.status === 'done') break
    if (performance.now() > deadline) {
      run.account.violations.push(`the send did not end: ${progressOf(send)}`)
      return
    }
    await setTimeout(100)
  }
  await Promise.all(run.workers.map((worker) => endCleanly(run, worker)))
}

function progressOf({ status, total, remaining, uncertain }: Send): string {
  return `${status}, ${total - remaining} of ${total} final, ${uncertain} of them uncertain`
}
