import { constants } from 'node:os'
import { exitCodes } from './command.ts'

/** Beyond what the work itself takes to end. */
const longestEndMs = 9_500

/**
 * A signal that aborts at SIGINT (Ctrl-C) or SIGTERM, so that work ends cleanly; a second one ends the process at once, and so
 * does whatever still keeps it alive after 10 seconds. `release` puts the usual handling back.
 */
export function stopSignal(onStop: () => void = () => {}): {
  signal: AbortSignal
  release: () => void
} {
  const controller = new AbortController()
  const stop = (name: NodeJS.Signals) => {
    // As a shell says that a signal has ended a process.
    if (controller.signal.aborted) process.exit(128 + constants.signals[name])
    controller.abort()
    onStop()
    setTimeout(() => process.exit(exitCodes.failed), longestEndMs).unref()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  return {
    signal: controller.signal,
    release: () => void process.off('SIGINT', stop).off('SIGTERM', stop),
  }
}
