import { unknownSpacing } from '../pace/slow.ts'

/** Bounds the memory for a list of very many domains; a domain that is hit often is soon known again. */
const mostDomains = 5000
/** A stretch is long enough to tell a rate once it has lasted for so long, with so many beats in it. */
const stretchMs = 10_000
const stretchBeats = 8
/** What was older says nothing of a lane whose slowest rate is one in ten minutes. */
const longestMs = 600_000
/** Marks come in bursts, each of which alone looks like any rate. */
const shortestMs = 1000

/** The stretch that runs, after the one before it; the first beat of each is where the one before it ended. */
interface Pulse {
  before: { since: number; count: number } | undefined
  since: number
  /** Beats after the one at `since`. */
  count: number
  last: number
  /** The gap before it was idle, for as long as nothing newer is known. */
  usual: number | undefined
}

/**
 * Measures how far apart this worker puts the mails to each domain in hand, so that half of that rate means something: over its last
 * two stretches of ten seconds or some beats, and never over a time in which it had nothing to do.
 */
export function openPulse() {
  const pulses = new Map<string, Pulse>()
  return {
    beat: (name: string, at: number): void => {
      const pulse = pulses.get(name)
      if (!pulse || isIdle(pulse, at)) {
        pulses.delete(name)
        if (pulses.size >= mostDomains) forgetOldest(pulses)
        const usual = pulse && measuredGap(pulse, pulse.last)
        pulses.set(name, { before: undefined, since: at, count: 0, last: at, usual })
        return
      }
      pulse.count += 1
      pulse.last = Math.max(pulse.last, at)
      const lasted = at - pulse.since
      if ((lasted < stretchMs || pulse.count < stretchBeats) && lasted < longestMs) return
      pulse.before = { since: pulse.since, count: pulse.count }
      pulse.since = at
      pulse.count = 0
    },
    /** Milliseconds between two, of late; a guess where too few were seen. */
    gapOf: (name: string, now: number): number => {
      const pulse = pulses.get(name)
      return (pulse && measuredGap(pulse, now)) ?? unknownSpacing
    },
  }
}

function measuredGap(
  { before, since, count, last, usual }: Pulse,
  now: number,
): number | undefined {
  const beats = count + (before?.count ?? 0)
  if (beats === 0) return usual
  // A refusal that is long in coming is no pause of ours.
  const end = Math.max(last, Math.min(now, last + shortestMs))
  return Math.max(shortestMs, end - (before?.since ?? since)) / beats
}

/** So long after the last beat, as measured by the gaps before, that it had nothing to do meanwhile. */
function isIdle(pulse: Pulse, at: number): boolean {
  const gap = measuredGap(pulse, pulse.last)
  return at - pulse.last > (gap === undefined ? longestMs : Math.max(stretchMs, 8 * gap))
}

function forgetOldest(pulses: Map<string, Pulse>): void {
  const [oldest] = pulses.keys()
  if (oldest !== undefined) pulses.delete(oldest)
}
