import type { Mailshot } from '../mailshot.ts'
import type { ImapOptions } from './options.ts'
import { holdLease, leaseMs, releaseLease } from './mailbox/lease.ts'
import { openMailbox, type OpenMailbox } from './mailbox/session.ts'

/** The task that reads the mailbox bounces come to. */
export interface MailboxReader {
  /** `waiting`: another process reads it. `failing`: it cannot be read; it is tried again. */
  state(): 'reading' | 'waiting' | 'failing' | 'stopped'
  /** Finishes the mail under way, and ends. */
  stop(): Promise<void>
}

const firstPauseMs = 1_000
const longestPauseMs = 5 * 60_000
const lookEveryMs = 60_000
const emptyEveryMs = 3_600_000
const mostInARow = 10

/**
 * Reads the mailbox until it is stopped: each mail is stored, then moved to the folder of those that were understood or of those that
 * were not. One process of a site reads at a time; another takes over where it ends. What cannot be stored stays where it is.
 */
export function startMailbox(mailshot: Mailshot, options: ImapOptions): MailboxReader {
  const controller = new AbortController()
  const { signal } = controller
  const owner = crypto.randomUUID()
  let state: ReturnType<MailboxReader['state']> = 'waiting'
  const work = async () => {
    let pause = firstPauseMs
    while (!signal.aborted) {
      try {
        if (await holdLease(mailshot, owner)) {
          await readWhileOurs(mailshot, options, {
            owner,
            signal,
            onRead: () => (state = 'reading'),
          })
          pause = firstPauseMs
        } else {
          state = 'waiting'
          await mailshot.sleep(leaseMs / 3, signal)
        }
      } catch (error) {
        state = 'failing'
        mailshot.log.warn({ err: error }, 'the bounce mailbox could not be read; it is tried again')
        await mailshot.sleep(pause, signal)
        pause = Math.min(pause * 2, longestPauseMs)
      }
    }
    state = 'stopped'
    try {
      await releaseLease(mailshot, owner)
    } catch (error) {
      mailshot.log.warn({ err: error }, 'the next reader of the bounce mailbox has to wait a while')
    }
  }
  const ended = work()
  return {
    state: () => state,
    stop: () => {
      controller.abort()
      return ended
    },
  }
}

interface Turn {
  owner: string
  signal: AbortSignal
  onRead(): void
}

/** Reads until the connection ends, another process has taken over, or it is stopped. */
async function readWhileOurs(
  mailshot: Mailshot,
  options: ImapOptions,
  { owner, signal, onRead }: Turn,
): Promise<void> {
  const mailbox = await openMailbox(mailshot, options)
  try {
    let emptiedAt = -Infinity
    while (!signal.aborted && (await holdLease(mailshot, owner))) {
      await readAll(mailbox, signal)
      onRead()
      if (mailshot.now() - emptiedAt >= emptyEveryMs) {
        await mailbox.empty()
        emptiedAt = mailshot.now()
      }
      await mailbox.waitForMail(lookEveryMs, signal)
    }
  } finally {
    await mailbox.close()
  }
}

/** Those behind a mail that cannot be stored do not wait for it; where several in a row cannot be, it is not the mails. */
async function readAll(mailbox: OpenMailbox, signal: AbortSignal): Promise<void> {
  let inARow = 0
  let fault: { error: unknown } | undefined
  for (const uid of await mailbox.list()) {
    if (signal.aborted || inARow === mostInARow) break
    try {
      await mailbox.handle(uid)
      inARow = 0
    } catch (error) {
      fault ??= { error }
      inARow += 1
    }
  }
  if (fault) throw fault.error
}
