import type { Message, Outcome } from '../../transport.ts'
import type { SparkpostClient } from './client.ts'
import { lookUp } from './look-up.ts'
import type { CheckedSparkpostOptions } from './options.ts'
import { outcomeOf } from './outcome.ts'
import { transmissionOf } from './transmission.ts'

// SparkPost limits how often its events are asked for.
const askEveryMs = 5000

/** Gives a message to SparkPost. Where the answer was lost, it is asked what it has of it, again until time is over. */
export async function handOver(
  client: SparkpostClient,
  options: CheckedSparkpostOptions,
  { message, signal }: { message: Message; signal: AbortSignal },
): Promise<Outcome> {
  const body = transmissionOf(message, options)
  const outcome = outcomeOf(await client.call({ method: 'post', path: 'transmissions', body }))
  if (outcome.status === 'accepted') return outcome
  const said = { ...outcome, reason: client.clean(outcome.reason) }
  const end = performance.now() + options.lookUpSeconds * 1000
  while (said.status === 'uncertain' && !client.isCut && !signal.aborted) {
    const found = await lookUp(client, options, message)
    if (found.status !== 'uncertain') return found
    const left = end - performance.now()
    if (left <= 0) break
    await client.pause(Math.min(left, askEveryMs))
  }
  return said
}
