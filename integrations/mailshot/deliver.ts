import { openBell } from './deliver/bell.ts'
import { composeFrom } from './deliver/compose.ts'
import { type Ending, openEnding, unwritten } from './deliver/ending.ts'
import { handOver, lotsOf } from './deliver/hand-over.ts'
import { blankReport, notHandedOver, openAccount } from './deliver/ledger.ts'
import { openParts, type Part } from './deliver/parts.ts'
import type { HeldRecipient } from './deliver/held.ts'
import { openGuard } from './event/guard.ts'
import { deliverLetters } from './letter/deliver.ts'
import { requireService } from './hold.ts'
import { MailshotError } from './error.ts'
import { tellOfWait } from './log.ts'
import { type Mailshot, requireSecret } from './mailshot.ts'
import { forgetSlotsStatement } from './pace.ts'
import { releaseStatement } from './recipient.ts'
import { listSends, type Send } from './send/read.ts'
import { openReadiness } from './send/ready.ts'
import { finishCancels, tendSends } from './send/tend.ts'
import type { Message, Outcome } from './transport.ts'
import {
  enlistWorker,
  recoverDeadWorkers,
  recoverGoneWorkers,
  renewLease,
  retireWorker,
} from './worker.ts'

export interface DeliverOptions {
  /**
   * Stops cleanly and within 10 seconds: no new claims, claims given back, messages in hand finished; what the relay has not
   * answered by then is uncertain, or given back where the transport knows that nothing of it has left.
   */
  signal?: AbortSignal | undefined
  /** End when nothing that could be sent now is left, instead of waiting for more. */
  untilDone?: boolean | undefined
  /** Called about twice a second with the open sends, and once at the end. */
  onProgress?: ((sends: Send[]) => void) | undefined
}

/** What this worker did, by outcome; `uncertain` counts what it found in the hands of dead workers too. */
export interface DeliverReport {
  sent: number
  failed: number
  deferred: number
  uncertain: number
  skipped: number
  /** Confirmations, welcomes and alarms that it tried to mail, whatever came of them. */
  letters: number
}

const tendEveryMs = 500
/** How long a worker waits for the database before it has begun. */
const enlistMs = 60_000

/**
 * The worker: starts what is due, and mails claimed recipients at the pace until it is told to stop. Any number may run
 * at once, and any may be killed at any moment.
 *
 * @throws MailshotError when the secret is missing or the database is on hold, also when that begins while it runs
 */
export async function deliver(
  mailshot: Mailshot,
  options: DeliverOptions = {},
): Promise<DeliverReport> {
  requireSecret(mailshot.config)
  const signal = options.signal ?? new AbortController().signal
  const ending = openEnding(mailshot, signal)
  try {
    const hired = await enlist(mailshot, signal)
    if (hired === undefined) return blankReport()
    const shift = await beginShift(mailshot, { ...options, ...hired, signal }, ending)
    await workThrough(shift)
    options.onProgress?.(await listSends(shift.mailshot))
    return shift.account.report
  } finally {
    ending.close()
  }
}

/** Whoever cannot write at all is told so at once; nothing when it was stopped before, since nothing is in hand yet. */
async function enlist(given: Mailshot, signal: AbortSignal) {
  const mailshot = { ...given, db: given.db.within(enlistMs, signal) }
  try {
    await requireService(mailshot)
    const uncertain = await recoverDeadWorkers(mailshot)
    const leaseRenewedAt = mailshot.now()
    return { uncertain, leaseRenewedAt, workerId: await enlistWorker(mailshot) }
  } catch (error) {
    if (signal.aborted && !(error instanceof MailshotError)) return undefined
    throw error
  }
}

/** @throws what ended the loop, whatever else goes wrong then */
async function workThrough(shift: Shift): Promise<void> {
  const { parts, ending, mailshot } = shift
  const errors: unknown[] = []
  const note = (error: unknown) => void errors.push(error)
  await mailUntilStopped(shift).catch(note)
  await endShift(shift).catch(note)
  if (errors.length === 0) return
  if (ending.lastCall.aborted)
    throw unwritten(parts.all.reduce((sum, { ledger }) => sum + ledger.inHand, 0))
  const [first, ...others] = errors
  for (const err of others) mailshot.log.error({ err }, 'a worker could not end in order')
  throw first
}

type Shift = Awaited<ReturnType<typeof beginShift>>

async function beginShift(
  given: Mailshot,
  options: DeliverOptions & { signal: AbortSignal } & NonNullable<
      Awaited<ReturnType<typeof enlist>>
    >,
  ending: Ending,
) {
  const { signal, uncertain, leaseRenewedAt, workerId } = options
  // What is in hand waits for better times.
  const mailshot = {
    ...given,
    db: given.db.until(ending.lastCall, (error) => tellOfWait(given.log, error)),
  }
  await finishCancels(mailshot)
  const bell = openBell(mailshot, tendEveryMs)
  signal.addEventListener('abort', bell.ring, { once: true })
  const account = openAccount()
  const shift = {
    mailshot,
    options,
    signal,
    ending,
    bell,
    account,
    parts: openParts(mailshot, { signal, ending, account }),
    guard: openGuard(mailshot, account.tally),
    ready: openReadiness(mailshot, {
      onEnd: () => tendSoon(shift),
      keep: (work) => keep(shift, work),
      signal,
    }),
    workerId,
    leaseRenewedAt,
    hasLostLease: (holder: string): boolean => hasLostLease(shift, holder),
    tendedAt: 0,
    isDone: false,
    areLettersOut: false,
    calls: new Set<Promise<void>>(),
    fault: undefined as { error: unknown } | undefined,
  }
  shift.account.report.uncertain += uncertain
  return shift
}

async function mailUntilStopped(shift: Shift): Promise<void> {
  while (!shift.signal.aborted && !shift.isDone) {
    if (shift.fault) throw shift.fault.error
    await tend(shift)
    let rest = Infinity
    for (const part of shift.parts.all) rest = Math.min(rest, await mailNext(shift, part))
    // A freeze has its next slice to write.
    if (rest > 0 && shift.tendedAt > 0) await shift.bell.wait(rest)
    // Timers and sockets get their turn, and what else comes back in it is written in the same transaction.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Notes what came back from one transport, and begins to hand over what it may have next. Answers how long it can wait, in milliseconds. */
async function mailNext(shift: Shift, part: Part): Promise<number> {
  const { ledger, stock, capacity } = part
  await stock.fill(shift.workerId, capacity)
  // One write settles what came back and puts the next in hand; its slots are reused from here on.
  const entry = await ledger.write(stock.claimed, capacity, shift.workerId)
  stock.remove(entry.left)
  for (const lot of lotsOf(entry.inHand, part.transport.batch)) keep(shift, mail(shift, part, lot))
  if (entry.left.length > 0 || ledger.hasNews()) return 0
  // The last one is settled: its send can end.
  if (entry.settled > 0 && shift.calls.size === 0 && stock.claimed.length === 0) tendSoon(shift)
  return ledger.hasRoom(capacity) ? Math.min(entry.rest, stock.rest()) : entry.rest
}

/** Hands one call's worth of messages over, each at its hour, and notes what the transport answered. */
async function mail(shift: Shift, part: Part, lot: HeldRecipient[]): Promise<void> {
  const { mailshot, bell } = shift
  const { ledger } = part
  const hour = Math.max(...lot.map((recipient) => recipient.hour))
  if (hour > mailshot.now()) await mailshot.sleep(hour - mailshot.now(), shift.signal)
  const composed: (Message | Outcome)[] = []
  for (const recipient of lot) {
    composed.push(await composeFrom(mailshot, part, recipient))
  }
  if (lot.some(({ workerId }) => shift.hasLostLease(workerId))) {
    // Stopped for so long that others took over; nothing has left this process yet.
    for (const recipient of lot) ledger.note(recipient, notHandedOver)
    return bell.ring()
  }
  const messages = composed.filter((result): result is Message => 'mime' in result)
  const outcomes = await handOver(mailshot, messages, part)
  for (const [index, recipient] of lot.entries()) {
    const result = composed[index]
    const outcome = result && 'mime' in result ? outcomes[messages.indexOf(result)] : result
    if (outcome) ledger.note(recipient, outcome)
  }
  bell.ring()
}

/** Now and then: renews the lease, recovers the dead, starts, freezes and ends sends, mails letters. */
async function tend(shift: Shift): Promise<void> {
  const { mailshot, options, parts } = shift
  if (mailshot.now() - shift.tendedAt < tendEveryMs) return
  await keepLease(shift)
  shift.tendedAt = mailshot.now()
  await shift.ready.tend()
  if (await tendSends(mailshot, shift.ready.look)) {
    shift.tendedAt = 0
    // A long freeze lets what is ready run between its slices.
    await new Promise((resolve) => setImmediate(resolve))
  }
  mailLetters(shift)
  const [uncertain] = await Promise.all([recoverGoneWorkers(mailshot), shift.guard.look()])
  shift.account.report.uncertain += uncertain
  const { isIdle, sends } = await parts.refresh()
  options.onProgress?.(sends)
  const isStill = shift.calls.size === 0 && !parts.haveNews() && shift.tendedAt > 0
  shift.isDone = options.untilDone === true && isIdle && isStill
}

/** Letters go beside the loop, one run at a time. */
function mailLetters(shift: Shift): void {
  if (shift.areLettersOut) return
  shift.areLettersOut = true
  const run = deliverLetters(shift.mailshot, shift)
  const ended = run.then((tried) => {
    shift.areLettersOut = false
    shift.account.report.letters += tried
    if (tried > 0) tendSoon(shift)
  })
  keep(shift, ended)
}

/** Something has ended that the next look at the sends may act on. */
function tendSoon(shift: Pick<Shift, 'tendedAt' | 'bell'>): void {
  shift.tendedAt = 0
  shift.bell.ring()
}

async function keepLease(shift: Shift): Promise<void> {
  const { mailshot } = shift
  const now = mailshot.now()
  if (now - shift.leaseRenewedAt < mailshot.config.leaseSeconds * 250) return
  if (!(await renewLease(mailshot, shift.workerId))) {
    mailshot.log.warn('this worker was silent for longer than its lease; it starts anew')
    for (const { stock } of shift.parts.all) stock.takeAll()
    // What is known by now of those whom others have taken over.
    await shift.parts.settle(shift.workerId)
    shift.leaseRenewedAt = -Infinity
    shift.workerId = await enlistWorker(mailshot)
  }
  shift.leaseRenewedAt = now
  await requireService(mailshot)
  shift.account.report.uncertain += await recoverDeadWorkers(mailshot)
  await finishCancels(mailshot)
  await mailshot.db.write(forgetSlotsStatement(now))
}

/** Whether others may have taken what was put in hand under this worker id. */
function hasLostLease({ mailshot, leaseRenewedAt, ...shift }: Shift, workerId: string): boolean {
  if (workerId !== shift.workerId) return true
  return mailshot.now() >= leaseRenewedAt + mailshot.config.leaseSeconds * 1000
}

async function endShift(shift: Shift): Promise<void> {
  const { mailshot, parts, account, workerId } = shift
  shift.signal.removeEventListener('abort', shift.bell.ring)
  const release = mailshot.db.write(releaseStatement({ workerId }))
  const [released] = await Promise.allSettled([release, ...shift.calls])
  await parts.settle(workerId)
  await account.tally.write(mailshot)
  if (released.status === 'rejected') throw released.reason
  await tendSends(mailshot, shift.ready.look)
  await retireWorker(mailshot, workerId)
}

/** Calls run beside the loop; one that throws (a bug, or the database is gone) ends the loop. */
function keep(shift: Shift, work: Promise<void>): void {
  const call = work.then(
    () => void shift.calls.delete(call),
    (error: unknown) => {
      shift.calls.delete(call)
      shift.fault = { error }
      shift.bell.ring()
    },
  )
  shift.calls.add(call)
}
