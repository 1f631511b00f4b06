import { constants } from 'node:os'
import { exitCodes } from './command.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Beyond what the work itself takes to end. */
const longestEndMs = 9_500

/**
 * A signal that aborts at SIGINT (Ctrl-C), SIGTERM or SIGHUP (the terminal is closed), so that work ends cleanly; a second one ends the
 * process at once, and so does whatever still keeps it alive after 10 seconds. `release` puts the usual handling back.
 */
export function stopSignal(onStop: () => void = () => {}): {
  signal: AbortSignal
  release: () => void
} {
  const controller = new AbortController()
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      // A terminal that is closed tells the process and whatever passes its signals on.
      if (name === 'SIGHUP') return
      // As a shell says that a signal has ended a process.
      process.exit(128 + constants.signals[name])
    }
    controller.abort()
    onStop()
    setTimeout(() => process.exit(exitCodes.failed), longestEndMs).unref()
  }
  for (const name of signals) process.on(name, stop)
  return {
    signal: controller.signal,
    release: () => {
      for (const name of signals) process.off(name, stop)
    },
  }
}

/** Both what shows the progress and what closes the database are waited for before the process is ended. */
const briefMs = 25

/** Waits for what ends by itself, well or badly, unless it hangs: a stopped worker has some 200 ms left to say why it failed. */
export async function waitBriefly(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, briefMs)))
  await Promise.race([work.catch(() => {}), over])
  clearTimeout(timer)
}
