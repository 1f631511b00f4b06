import { setTimeout } from 'node:timers/promises'
import { goneCode } from './connection.ts'

/** For how long an operation is tried again, and with what. */
export interface Patience {
  /** With other writers, and with a network or server that is gone for a moment. */
  readonly ms: number
  /** With whatever may pass, a full disk too, for as long as it takes: until this aborts. */
  readonly until?: AbortSignal
  /** Ends the patience before its time. */
  readonly stop?: AbortSignal | undefined
  /** Told of what it waits for, five seconds after it began, and every minute. */
  readonly onWait?: ((error: unknown) => void) | undefined
}

const firstWordMs = 5_000
const nextWordMs = 60_000

/** Tries again for as long as there is patience. The last failure is thrown. */
export async function patiently<Result>(
  patience: Patience,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now()
  let wordAt = startedAt + firstWordMs
  for (let wait = 2; ; wait *= 2) {
    try {
      return await beforeAbort(attempt, patience.until ?? patience.stop)
    } catch (error) {
      const now = performance.now()
      if (!mayPass(error, patience, now - startedAt)) throw error
      if (now >= wordAt) {
        patience.onWait?.(error)
        wordAt = now + nextWordMs
      }
      wait = Math.min(wait, isBusy(error) ? 250 : 2_000)
    }
    // Jitter, so that several waiting writers do not meet again and again.
    await setTimeout(wait / 2 + Math.random() * wait)
  }
}

function mayPass(error: unknown, { ms, until, stop }: Patience, waitedMs: number): boolean {
  if (until?.aborted || stop?.aborted) return false
  if (until) return isBusy(error) || isGone(error) || isUnwritable(error)
  return waitedMs < ms && (isBusy(error) || isGone(error) || isFull(error))
}

/** Another connection is writing. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(?:BUSY|LOCKED)/.test(codeOf(error))
}

function isFull(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_FULL')
}

/** The disk is full, or the file cannot be written (any more). */
export function isUnwritable(error: unknown): boolean {
  return /^SQLITE_(?:FULL|READONLY|IOERR|CANTOPEN)/.test(codeOf(error))
}

/** Nobody knows whether a remote database has done it. */
export function isGone(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return codeOf(error) === goneCode || codeOf(error) === 'HRANA_CLOSED_ERROR' || isGone(error.cause)
}

/** SQLite's own, or the remote client's. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** What is asked once nobody waits any more may still be answered, unless the disk is stalled. */
const lateMs = 20

/** An attempt whose answer nobody waits for any more ends by itself. */
async function beforeAbort<Result>(
  attempt: () => Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (!signal) return attempt()
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  const late = signal.aborted ? globalThis.setTimeout(abort, lateMs) : undefined
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([attempt(), aborted.promise])
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', abort)
  }
}
