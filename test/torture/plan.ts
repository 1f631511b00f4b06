import type { Chance } from './chance.ts'
import { type CutStep, cutSteps } from './orders.ts'

export interface TortureOptions {
  seed: number
  recipients: number
  /** How many processes die by SIGKILL. */
  kills: number
  /** Most processes that mail at once. */
  workers: number
  /** How often each step of the conversation is cut. */
  cuts: number
  /** How many processes are stopped past their lease and woken again. */
  stops: number
  /** How often the database cannot be written, and for how long: another process has it locked, or its server is gone. */
  locks: number
  lockMs: number
  /** How often the send is paused and resumed, and how often it is triggered again. */
  steers: number
  /** How often the operator settles and resends by the mail server's book. */
  settles: number
  /** How often the send is cancelled, and started again for the rest. */
  cancels: number
  /** How often the mail server is away and the rest that follows is not lifted; every other time it is away twice. */
  rests: number
  /** Whether the database is a server's, 20 ms away, over a network that loses requests and answers. */
  remote: boolean
  /** Whether the built site's server is one of the processes. */
  server: boolean
}

/** Something done to a send that runs. */
export type Blow =
  | { kind: 'kill'; at: 'body' | 'answered' | 'any' }
  | { kind: 'stop' }
  | { kind: 'end' }
  | { kind: 'lock' }
  | { kind: 'cut'; step: CutStep }
  | { kind: 'pause' }
  | { kind: 'trigger' }
  | { kind: 'settle' }
  | { kind: 'cancel' }
  | { kind: 'rest'; times: number }

/** How many of the kills fall into the freeze, if it lasts long enough. */
export function freezeKills({ kills }: TortureOptions): number {
  return Math.min(Math.ceil(kills / 2), Math.max(2, Math.floor(kills / 12)))
}

const moments = ['body', 'answered', 'any', 'answered'] as const

/** All that happens after the freeze, in a random order. */
export function planBlows(options: TortureOptions, kills: number, chance: Chance): Blow[] {
  const times = (length: number, blow: (_: unknown, index: number) => Blow) =>
    Array.from({ length }, blow)
  return chance.shuffle([
    // In three of four the server chooses the moment, since a step lasts for some milliseconds only.
    ...times(kills, (_, index) => ({ kind: 'kill', at: moments[index % moments.length] ?? 'any' })),
    ...times(options.stops, () => ({ kind: 'stop' })),
    ...times(options.locks, () => ({ kind: 'lock' })),
    ...times(Math.ceil(options.steers / 2), () => ({ kind: 'end' })),
    ...times(options.steers, () => ({ kind: 'pause' })),
    ...times(options.steers, () => ({ kind: 'trigger' })),
    ...times(options.settles, () => ({ kind: 'settle' })),
    ...times(options.cancels, () => ({ kind: 'cancel' })),
    ...times(options.rests, (_, index) => ({ kind: 'rest', times: 1 + (index % 2) })),
    ...cutSteps.flatMap((step) => times(options.cuts, () => ({ kind: 'cut', step }))),
  ])
}
