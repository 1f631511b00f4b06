import type { Message, Outcome } from '../../transport.ts'
import { fieldsOf, type MandrillClient } from './client.ts'
import { idField, ourIdOf } from './message.ts'
import type { CheckedMandrillOptions } from './options.ts'
import { outcomeOf } from './outcome.ts'

// What is older is no message whose answer was lost.
const keptMs = 7 * 86_400_000
const dayMs = 86_400_000
// It searches 20 times a minute.
const askEveryMs = 10_000

/**
 * Asks Mandrill what it has of a message whose answer was lost, again until time is over: its index lags behind. One that it does not
 * know by then stays uncertain, for that proves nothing.
 */
export async function lookUp(
  client: MandrillClient,
  { lookUpSeconds }: CheckedMandrillOptions,
  message: Message,
): Promise<Outcome> {
  const end = performance.now() + lookUpSeconds * 1000
  for (;;) {
    const found = await findMessage(client, message)
    const left = end - performance.now()
    if ('outcome' in found) return found.outcome
    if (left <= 0 || client.isCut) return { status: 'uncertain', reason: found.unknown }
    await client.pause(Math.min(left, askEveryMs))
  }
}

/** Whatever asking again would not change, or why it is not known yet. */
type Found = { outcome: Outcome } | { unknown: string }

/** @see https://mailchimp.com/developer/transactional/api/messages/search-messages-by-date/ */
async function findMessage(client: MandrillClient, message: Message): Promise<Found> {
  const address = message.envelope.to.replace(/["\\]/g, '\\$&')
  const answer = await client.call('messages/search', {
    query: `full_email:"${address}"`,
    date_from: dayOf(Date.now() - keptMs),
    date_to: dayOf(Date.now() + dayMs),
    limit: 1000,
  })
  if ('fault' in answer) return { unknown: answer.fault }
  if (answer.status !== 200 || !Array.isArray(answer.body)) {
    const reason = `Mandrill answered ${answer.status} when asked for its messages`
    const isFinal = fieldsOf(answer.body)['name'] === 'Invalid_Key'
    return isFinal ? { outcome: { status: 'uncertain', reason } } : { unknown: reason }
  }
  const ourId = ourIdOf(message)
  const found = answer.body
    .map(fieldsOf)
    .find((one) => fieldsOf(one['metadata'])[idField] === ourId)
  if (typeof found?.['_id'] === 'string') return { outcome: fateOf(found, client.clean) }
  return { unknown: 'Mandrill does not show it yet' }
}

/** What the send would have been answered: `state` is `sent`, `rejected` or `bounced`, or the words for what came after. */
function fateOf(found: Record<string, unknown>, clean: MandrillClient['clean']): Outcome {
  const { _id, state, reject } = found
  const isRefused = state === 'rejected' || state === 'bounced'
  const unsaid = state === 'bounced' ? 'hard-bounce' : 'for no reason that it shows'
  const entry = isRefused
    ? { status: 'rejected', reject_reason: fieldsOf(reject)['reason'] ?? reject ?? unsaid }
    : { status: 'sent', _id }
  return outcomeOf({ status: 200, body: [entry] }, clean)
}

/** UTC, as the search wants it. */
function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
