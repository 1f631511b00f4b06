import type { Message, Outcome } from '../../transport.ts'
import { fieldsOf, type SparkpostClient } from './client.ts'
import type { CheckedSparkpostOptions } from './options.ts'
import { addressOf, idField } from './transmission.ts'

// SparkPost keeps events for ten days.
const keptMs = 10 * 86_400_000

/**
 * Asks for the events of a message. One of them proves that SparkPost took it; none proves nothing, for they show a minute later.
 *
 * @see https://developers.sparkpost.com/api/events/
 */
export async function lookUp(
  client: SparkpostClient,
  options: CheckedSparkpostOptions,
  message: Message,
): Promise<Outcome> {
  const query = new URLSearchParams({
    recipients: addressOf(message, options),
    from: minuteOf(Date.now() - keptMs),
    to: minuteOf(Date.now() + 60_000),
    per_page: '1000',
  })
  const answer = await client.call({ method: 'get', path: `events/message?${query.toString()}` })
  if ('fault' in answer) return { status: 'uncertain', reason: answer.fault }
  if (answer.status !== 200) {
    const reason = `SparkPost answered ${answer.status} when asked for its events`
    return { status: 'uncertain', reason }
  }
  const { results } = fieldsOf(answer.body)
  const fate = fateOf(Array.isArray(results) ? results.map(fieldsOf) : [], message.id)
  return fate.status === 'accepted' ? fate : { ...fate, reason: client.clean(fate.reason) }
}

// Nothing was made of it, so nothing left.
const unmade = new Set(['generation_failure', 'generation_rejection', 'policy_rejection'])

function fateOf(events: Record<string, unknown>[], id: string): Outcome {
  const ours = events.filter((event) => fieldsOf(event['rcpt_meta'])[idField] === id)
  const [first] = ours
  if (!first) return { status: 'uncertain', reason: 'SparkPost has no event of it yet' }
  const made = ours.find((event) => !unmade.has(String(event['type'])))
  if (made) return { status: 'accepted', providerId: String(made['transmission_id']) }
  const reason = String(first['raw_reason'] ?? first['reason'] ?? first['type'])
  return { status: 'rejected', class: 'soft', reason }
}

/** UTC, as the events API wants it. */
function minuteOf(time: number): string {
  return new Date(time).toISOString().slice(0, 16)
}
