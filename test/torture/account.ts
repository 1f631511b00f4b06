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

/** What the operator did by hand. */
export interface ByHand {
  /** Uncertain ones whom the server's book has, and whom it has not. */
  settledAsSent: number
  settledAsFailed: number
  /** Of these, how many were let be mailed again. */
  resentFailed: number
  /** Addresses of uncertain ones that were mailed once more unsettled: they may get it twice, by this wish. */
  resentUncertain: string[]
  /** How often the send was cancelled and its campaign started again for the rest. */
  cancels: number
}

/** All that was done in one run, and what went wrong on the way. */
export interface Account {
  deaths: Death[]
  stops: Stop[]
  /** Milliseconds from SIGTERM to the end of each process that was ended cleanly. */
  ends: number[]
  cuts: Map<CutStep, number>
  /** How often the database could not be written for long: it was locked, or its server gone. */
  locks: number
  /** How long each rest of the mail server was that nobody lifted, in milliseconds. */
  rests: number[]
  pauses: number
  triggers: number
  byHand: ByHand
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
    rests: [],
    pauses: 0,
    triggers: 0,
    byHand: {
      settledAsSent: 0,
      settledAsFailed: 0,
      resentFailed: 0,
      resentUncertain: [],
      cancels: 0,
    },
    mostWorkers: 0,
    violations: [],
  }
}
