export interface Slots {
  /** A slot, at once where one is free; `false`, and no slot, when the signal aborts first. */
  take(signal: AbortSignal): boolean | Promise<boolean>
  free(): void
}

/** Lets `count` tasks run at once, the others in the order they came. */
export function makeSlots(count: number): Slots {
  let open = count
  const waiting = new Set<(taken: boolean) => void>()

  return {
    take(signal) {
      if (signal.aborted) return false
      if (open > 0) {
        open -= 1
        return true
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
