/** Bodies that wait a moment for the next envelope, so that both leave in one write. */
export interface Hold {
  /** A message has come to its end, so the one that takes its place may be near. */
  expect(): void
  /** A message has come. */
  came(): void
  /** `true` where a message may be near: then `leave` is called once it is awaited no longer. */
  keep(leave: () => void): boolean
}

/** A commit and the next composition take less, but where the disk is slow. */
const least = 2
/** Whoever comes later than this comes at a pace, and is not waited for. */
const most = 10

/**
 * One for all connections of a relay. A body waits for twice as long as messages were after the ends of others of late, in any
 * case for 2 to 10 ms.
 */
export function openHold(now: () => number = () => performance.now()): Hold {
  let held: (() => void)[] = []
  let isExpecting = false
  let usual = least / 2
  let expectedAt: number | undefined
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
      expectedAt ??= now()
      setTimeout(end, Math.min(most, Math.max(least, Math.round(2 * usual))))
    },
    came() {
      if (expectedAt === undefined) return
      const delay = now() - expectedAt
      expectedAt = undefined
      if (delay <= most) usual += (delay - usual) / 4
    },
    keep(leave) {
      if (isExpecting) held.push(leave)
      return isExpecting
    },
  }
}
