import type { Mailshot } from '../mailshot.ts'

/** Lets the loop of a worker sleep until something happened or the time is up. */
export interface Bell {
  ring(): void
  wait(ms: number): Promise<void>
}

/** @param longestMs what a longer sleep is cut to */
export function openBell(mailshot: Mailshot, longestMs: number): Bell {
  let waiting: AbortController | undefined
  let rung = false
  return {
    ring: () => {
      rung = true
      // A reason of our own costs nothing; without one it is an error, with the stack of each message's outcome.
      waiting?.abort('rung')
    },
    wait: async (ms) => {
      if (!rung) {
        waiting = new AbortController()
        await mailshot.sleep(Math.min(ms, longestMs), waiting.signal)
        waiting = undefined
      }
      rung = false
    },
  }
}
