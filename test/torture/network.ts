import { setTimeout } from 'node:timers/promises'
import type { HranaServer } from '../hrana-server.ts'
import { openChance } from './chance.ts'

/** One request in so many never arrives, is applied without an answer, or is refused by a proxy. */
const oneIn = 25

/** From now on the way to a remote database is as bad as it may be. */
export function spoilNetwork(server: HranaServer, seed: number): void {
  const chance = openChance(seed)
  server.failWhen(() =>
    chance.below(oneIn) === 0 ? chance.pick(['unheard', 'unanswered', 'refused']) : undefined,
  )
}

/** Nobody reaches the database for so long; then the way is as bad as before. */
export async function cutOff(server: HranaServer, ms: number, seed: number): Promise<void> {
  server.failWhen(() => 'refused')
  await setTimeout(ms)
  spoilNetwork(server, seed)
}
