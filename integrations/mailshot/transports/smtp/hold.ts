/** Bodies that wait a moment for the next envelope, so that both leave in one write. */
export interface Hold {
  /** A message has come to its end, so the one that takes its place may be near. */
  expect(): void
  /** `true` where a message may be near: then `leave` is called once it is awaited no longer. */
  keep(leave: () => void): boolean
}

/** One for all connections of a relay; a body waits so many milliseconds at most. */
export function openHold(ms: number): Hold {
  let held: (() => void)[] = []
  let isExpecting = false
  const end = () => {
    isExpecting = false
    const leaving = held
    held = []
    for (const leave of leaving) leave()
  }
  return {
    expect() {
      if (isExpecting) return
      isExpecting = true
      setTimeout(end, ms)
    },
    keep(leave) {
      if (isExpecting) held.push(leave)
      return isExpecting
    },
  }
}
