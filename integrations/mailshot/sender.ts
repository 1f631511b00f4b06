import { deliver } from './deliver.ts'
import type { Mailshot } from './mailshot.ts'

/** The worker that runs inside the site's server. */
export interface Sender {
  /** `failing`: its last run broke off, and it tries again; or it has waited for the database for a minute. */
  state(): 'running' | 'failing' | 'stopped'
  /** Finishes what is in hand, gives the rest back, and ends. */
  stop(): Promise<void>
}

const firstPauseMs = 1_000
const longestPauseMs = 60_000
/** A worker says twice a second how far it is, unless it cannot go on. */
const stuckMs = 60_000

/**
 * Runs a worker until it is stopped. One that breaks off (the database is gone for a while) starts again, after a pause that
 * doubles up to a minute: a send must never stand still because nobody looked at a log.
 */
export function startSender(mailshot: Mailshot): Sender {
  const controller = new AbortController()
  const { signal } = controller
  let state: ReturnType<Sender['state']> = 'running'
  let progressAt = mailshot.now()
  const noteProgress = () => {
    state = 'running'
    progressAt = mailshot.now()
  }
  const work = async () => {
    for (let pause = firstPauseMs; !signal.aborted; pause = Math.min(pause * 2, longestPauseMs)) {
      const startedAt = mailshot.now()
      try {
        await deliver(mailshot, { signal, onProgress: noteProgress })
      } catch (error) {
        state = 'failing'
        if (signal.aborted) {
          mailshot.log.error({ err: error }, 'the sender could not end in order')
          break
        }
        mailshot.log.error({ err: error }, 'the sender broke off; it starts again')
        // What ran for a while is a new fault, not the old one.
        if (mailshot.now() - startedAt > longestPauseMs) pause = firstPauseMs
        await mailshot.sleep(pause, signal)
      }
    }
    state = 'stopped'
  }
  const ended = work()
  return {
    state: () => {
      const isStuck = mailshot.now() - progressAt > stuckMs
      return state === 'running' && isStuck ? 'failing' : state
    },
    stop: () => {
      controller.abort()
      return ended
    },
  }
}
