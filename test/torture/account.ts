import type { CutStep } from './orders.ts'

/** What a process held when it was killed. */
export interface Death {
  name: string
  kind: 'worker' | 'server'
  /** Whether the send was still being frozen. */
  inFreeze: boolean
  /** Recipients committed as in hand whose outcome was not: they alone may become uncertain. */
  inHand: number
  /** Of these: the server had begun to take the mail, and had not answered. */
  inFlight: number
  /** Of these: the server's 250 had left, and the outcome was not written down. */
  inSettle: number
}

/** A process that was stopped past its lease, and woken again. */
export interface Stop {
  name: string
  /** Whether others have taken over from it; one that slept in the middle of a write held them up. */
  isTakenOver: boolean
  /** How many recipients others took from it as uncertain. */
  lost: number
}

/** All that was done in one run, and what went wrong on the way. */
export interface Account {
  deaths: Death[]
  stops: Stop[]
  /** Milliseconds from SIGTERM to the end of each process that was ended cleanly. */
  ends: number[]
  cuts: Map<CutStep, number>
  locks: number
  pauses: number
  triggers: number
  mostWorkers: number
  violations: string[]
}

export function openAccount(): Account {
  return {
    deaths: [],
    stops: [],
    ends: [],
    cuts: new Map(),
    locks: 0,
    pauses: 0,
    triggers: 0,
    mostWorkers: 0,
    violations: [],
  }
}
