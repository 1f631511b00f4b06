export interface Slots {
  /** Waits for a slot; `false`, and no slot, when the signal aborts first. */
  take(signal: AbortSignal): Promise<boolean>
  free(): void
}

/** Lets `count` tasks run at once, the others in the order they came. */
export function makeSlots(count: number): Slots {
  let open = count
  const waiting = new Set<(taken: boolean) => void>()

  return {
    take(signal) {
      if (signal.aborted) return Promise.resolve(false)
      if (open > 0) {
        open -= 1
        return Promise.resolve(true)
      }
      return new Promise((resolve) => {
        const settle = (taken: boolean) => {
          waiting.delete(settle)
          signal.removeEventListener('abort', giveUp)
          resolve(taken)
        }
        const giveUp = () => settle(false)
        signal.addEventListener('abort', giveUp, { once: true })
        waiting.add(settle)
      })
    },
    free() {
      const [next] = waiting
      if (next) next(true)
      else open += 1
    },
  }
}
