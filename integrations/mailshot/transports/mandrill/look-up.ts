import type { Message, Outcome } from '../../transport.ts'
import { fieldsOf, type MandrillClient } from './client.ts'
import { idField } from './message.ts'

// What is older is no message whose answer was lost.
const keptMs = 7 * 86_400_000
const dayMs = 86_400_000

/**
 * Searches for a message. To find it proves that Mandrill took it; not to find it proves nothing, for its index lags behind.
 *
 * @see https://mailchimp.com/developer/transactional/api/messages/search-messages-by-date/
 */
export async function lookUp(client: MandrillClient, message: Message): Promise<Outcome> {
  const address = message.envelope.to.replace(/["\\]/g, '\\$&')
  const answer = await client.call('messages/search', {
    query: `full_email:"${address}"`,
    date_from: dayOf(Date.now() - keptMs),
    date_to: dayOf(Date.now() + dayMs),
    limit: 1000,
  })
  if ('fault' in answer) return { status: 'uncertain', reason: answer.fault }
  if (answer.status !== 200 || !Array.isArray(answer.body)) {
    const reason = `Mandrill answered ${answer.status} when asked for its messages`
    return { status: 'uncertain', reason }
  }
  const found = answer.body
    .map(fieldsOf)
    .find((one) => fieldsOf(one['metadata'])[idField] === message.id)
  const id = found?.['_id']
  if (typeof id === 'string') return { status: 'accepted', providerId: id }
  return { status: 'uncertain', reason: 'Mandrill does not show it yet' }
}

/** UTC, as the search wants it. */
function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
