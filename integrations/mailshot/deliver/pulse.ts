import { unknownSpacing } from '../pace/slow.ts'

/** Bounds the memory for a list of very many domains; a domain that is hit often is soon known again. */
const mostDomains = 5000
/** Old beats count half as much each time that so many new ones have come. */
const memory = 32

/** Measures how far apart the mails to each domain are put in hand, so that half of that rate means something. */
export function openPulse() {
  const beats = new Map<string, { since: number; count: number }>()
  return {
    beat: (name: string, at: number): void => {
      const known = beats.get(name)
      if (!known) {
        if (beats.size >= mostDomains) beats.clear()
        beats.set(name, { since: at, count: 1 })
        return
      }
      known.count += 1
      if (known.count < memory) return
      known.since += (at - known.since) / 2
      known.count /= 2
    },
    /** Milliseconds between two, of late; a guess where too few were seen. */
    gapOf: (name: string, now: number): number => {
      const known = beats.get(name)
      return known && known.count > 1
        ? Math.max(1, now - known.since) / known.count
        : unknownSpacing
    },
  }
}
