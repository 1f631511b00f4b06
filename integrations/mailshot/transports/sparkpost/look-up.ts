import type { Message, Outcome } from '../../transport.ts'
import { fieldsOf, type SparkpostClient } from './client.ts'
import type { CheckedSparkpostOptions } from './options.ts'
import { addressOf, idField, ourIdOf } from './transmission.ts'

// SparkPost keeps events for ten days, and limits how often it is asked for them.
const keptMs = 10 * 86_400_000
const askEveryMs = 5000

/**
 * Asks SparkPost what it has of a message whose answer was lost, again until time is over: events show a while after. One that it
 * does not know by then stays uncertain, for that proves nothing.
 */
export async function lookUp(
  client: SparkpostClient,
  options: CheckedSparkpostOptions,
  message: Message,
): Promise<Outcome> {
  const end = performance.now() + options.lookUpSeconds * 1000
  for (;;) {
    const found = await findTransmission(client, options, message)
    const left = end - performance.now()
    if ('outcome' in found) return found.outcome
    if (left <= 0 || client.isCut) return { status: 'uncertain', reason: found.unknown }
    await client.pause(Math.min(left, askEveryMs))
  }
}

/** Whatever asking again would not change, or why it is not known yet. */
type Found = { outcome: Outcome } | { unknown: string }

/** @see https://developers.sparkpost.com/api/events/ */
async function findTransmission(
  client: SparkpostClient,
  options: CheckedSparkpostOptions,
  message: Message,
): Promise<Found> {
  const query = new URLSearchParams({
    recipients: addressOf(message, options),
    from: minuteOf(Date.now() - keptMs),
    to: minuteOf(Date.now() + 60_000),
    per_page: '1000',
  })
  const answer = await client.call({ method: 'get', path: `events/message?${query.toString()}` })
  if ('fault' in answer) return { unknown: answer.fault }
  const reason = `SparkPost answered ${answer.status} when asked for its events`
  // Without the grant to read events there is no answer later either.
  if (answer.status === 401 || answer.status === 403) {
    return { outcome: { status: 'uncertain', reason } }
  }
  if (answer.status !== 200) return { unknown: reason }
  const { results } = fieldsOf(answer.body)
  const events = Array.isArray(results) ? results.map(fieldsOf) : []
  const ourId = ourIdOf(message)
  const ours = events.filter((event) => fieldsOf(event['rcpt_meta'])[idField] === ourId)
  return ours.length > 0
    ? { outcome: fateOf(ours, client) }
    : { unknown: 'SparkPost has no event of it yet' }
}

// Nothing was made of it, so nothing left.
const unmade = new Set(['generation_failure', 'generation_rejection', 'policy_rejection'])

/** Any event proves that SparkPost took the message, and most that it made a mail of it. */
function fateOf(events: Record<string, unknown>[], client: SparkpostClient): Outcome {
  const made = events.find((event) => !unmade.has(String(event['type'])))
  if (made) return { status: 'accepted', providerId: String(made['transmission_id']) }
  const { raw_reason: raw, reason, type } = events[0] ?? {}
  const words = [raw, reason, type].find((one) => typeof one === 'string') ?? 'refused'
  return { status: 'rejected', class: 'soft', reason: client.clean(words) }
}

/** UTC, as the events API wants it. */
function minuteOf(time: number): string {
  return new Date(time).toISOString().slice(0, 16)
}
