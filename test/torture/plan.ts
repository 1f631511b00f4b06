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
  /** How often another process keeps the database locked, and for how long, in milliseconds. */
  locks: number
  lockMs: number
  /** How often the send is paused and resumed, and how often it is triggered again. */
  steers: number
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

/** How many of the kills fall into the freeze, if it lasts long enough. */
export function freezeKills({ kills }: TortureOptions): number {
  return Math.max(2, Math.floor(kills / 12))
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
    ...cutSteps.flatMap((step) => times(options.cuts, () => ({ kind: 'cut', step }))),
  ])
}
