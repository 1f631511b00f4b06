import type { Message, Outcome } from '../../transport.ts'
import type { MandrillClient } from './client.ts'
import { lookUp } from './look-up.ts'
import { sendParameters } from './message.ts'
import type { CheckedMandrillOptions } from './options.ts'
import { outcomeOf } from './outcome.ts'

// Mandrill searches 20 times a minute.
const askEveryMs = 10_000

/** Gives a message to Mandrill. Where the answer was lost, it is asked what it has of it, again until time is over. */
export async function handOver(
  client: MandrillClient,
  options: CheckedMandrillOptions,
  { message, signal }: { message: Message; signal: AbortSignal },
): Promise<Outcome> {
  const outcome = outcomeOf(await client.call('messages/send', sendParameters(message, options)))
  if (outcome.status === 'accepted') return outcome
  const said = { ...outcome, reason: client.clean(outcome.reason) }
  const end = performance.now() + options.lookUpSeconds * 1000
  while (said.status === 'uncertain' && !client.isCut && !signal.aborted) {
    const found = await lookUp(client, message)
    if (found.status !== 'uncertain') return found
    const left = end - performance.now()
    if (left <= 0) break
    await client.pause(Math.min(left, askEveryMs))
  }
  return said
}
