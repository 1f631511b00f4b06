import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import type { MailshotConfig } from '../config.ts'
import { type DeliveryEvent, eventTypes, type WebhookReading } from '../transport.ts'
import { isSignedByKey } from './address.ts'

/** How far the clock of who signs may be from ours, in ms. */
const windowMs = 5 * 60_000

/**
 * Reads events that a relay, or a script beside it, has brought into our words: one as JSON, or an array of them. They are signed as
 * Standard Webhooks has it (github.com/standard-webhooks/standard-webhooks, spec, "Signature scheme"): HMAC-SHA-256 over
 * `<id>.<timestamp>.<body>`. The id names the delivery, the same when it is made again.
 */
export async function readGenericEvents(
  config: Pick<MailshotConfig, 'secrets'>,
  request: Request,
  { hasSecret, now }: { hasSecret: boolean; now: number },
): Promise<WebhookReading> {
  if (!hasSecret) return unsigned('its address does not end with the secret')
  const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map(
    (name) => request.headers.get(`webhook-${name}`) ?? '',
  )
  if (!id || id.length > 200 || !timestamp || !signature) return unsigned('a header is missing')
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(Number(timestamp) * 1000 - now) > windowMs) {
    return unsigned('its time is more than five minutes from ours')
  }
  const body = await request.bytes()
  const given = signature.split(' ').flatMap((one) => /^v1,(.+)$/.exec(one)?.[1] ?? [])
  if (!isSignedByKey(config, [`${id}.${timestamp}.`, body], given)) {
    return unsigned('the signature is of another key, or of another body')
  }
  const events = await parseEvents(body)
  return 'refused' in events ? events : { events, batchId: id }
}

function unsigned(reason: string): { refused: 401; reason: string } {
  return { refused: 401, reason }
}

const text = z.string().max(2000).nullish()
/** A time that no table of dates knows is a mistake. */
const time = z.union([
  z.int().min(0).max(Date.UTC(2200, 0)),
  z.iso.datetime({ offset: true }).transform((iso) => Date.parse(iso)),
])

/** The names are those of `mailshot events --json`, whose absent values are null. */
const eventSchema = z.strictObject({
  type: z.enum(eventTypes),
  at: time,
  word: text,
  recipient: text,
  class: z.enum(['hard', 'soft']).nullish(),
  about: z.enum(['address', 'mailbox', 'other']).nullish(),
  status: text,
  reason: z.string().nullish(),
  url: text,
  messageId: text,
  ourId: text,
  token: text,
  providerEventId: text,
  isMachine: z.boolean().nullish(),
  ip: text,
  userAgent: text,
  raw: z.unknown().optional(),
})

/** As many as are checked without holding the event loop up. */
const sliceSize = 500

async function parseEvents(
  body: Uint8Array,
): Promise<DeliveryEvent[] | { refused: 400; reason: string }> {
  const given = parseJson(body)
  if (given === undefined) return { refused: 400, reason: 'the body is not JSON in UTF-8' }
  const all = Array.isArray(given) ? given : [given]
  const events: DeliveryEvent[] = []
  for (const [place, one] of all.entries()) {
    if (place % sliceSize === sliceSize - 1) await setImmediate()
    const result = eventSchema.safeParse(one)
    if (!result.success) {
      return { refused: 400, reason: `event ${place}: ${z.prettifyError(result.error)}` }
    }
    events.push(eventOf(result.data, one))
  }
  return events
}

function eventOf(data: z.output<typeof eventSchema>, given: unknown): DeliveryEvent {
  const { type, at, word, raw, ...said } = data
  const known = Object.entries(said).filter(([, value]) => value !== null && value !== undefined)
  return { type, at, word: word ?? type, raw: raw ?? given, ...Object.fromEntries(known) }
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined
  }
}
