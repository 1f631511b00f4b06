import { unknownSpacing } from '../pace/slow.ts'

/** Bounds the memory for a list of very many domains; a domain that is hit often is soon known again. */
const mostDomains = 5000

/** Measures how far apart the mails to each domain are put in hand, so that half of that rate means something. */
export function openPulse() {
  const beats = new Map<string, { at: number; gap: number | undefined }>()
  return {
    beat: (name: string, now: number): void => {
      const last = beats.get(name)
      if (!last) {
        if (beats.size >= mostDomains) beats.clear()
        beats.set(name, { at: now, gap: undefined })
        return
      }
      const gap = now - last.at
      last.gap = last.gap === undefined ? gap : last.gap + (gap - last.gap) / 8
      last.at = now
    },
    /** Milliseconds between two, of late; a guess where too few were seen. */
    gapOf: (name: string): number => beats.get(name)?.gap ?? unknownSpacing,
  }
}
