/**
 * A signal that aborts at SIGINT (Ctrl-C) or SIGTERM, so that work ends cleanly; a second one ends the process at once.
 * `release` puts the usual handling back.
 */
export function stopSignal(onStop: () => void = () => {}): {
  signal: AbortSignal
  release: () => void
} {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
    onStop()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  return {
    signal: controller.signal,
    release: () => void process.off('SIGINT', stop).off('SIGTERM', stop),
  }
}
