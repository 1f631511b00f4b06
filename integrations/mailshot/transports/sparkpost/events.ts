import { hash, timingSafeEqual } from 'node:crypto'
import type { DeliveryEvent, EventType, WebhookReading } from '../../transport.ts'
import { bounceClasses, otherClass } from './bounce-class.ts'
import { exactNumbers, fieldsOf } from './client.ts'
import type { CheckedSparkpostOptions } from './options.ts'
import { idField, sinkSuffix } from './transmission.ts'

/**
 * Reads a batch of SparkPost's events: `[{ "msys": { CLASS: {…} } }]`, where the ping has an empty `msys`.
 *
 * @see https://developers.sparkpost.com/api/webhooks/
 */
export async function readEvents(
  request: Request,
  { hasSecret }: { hasSecret: boolean },
  options: CheckedSparkpostOptions,
): Promise<WebhookReading> {
  if (!hasSecret && !hasPassword(request, options)) {
    return { refused: 401, reason: 'neither the secret nor the password of the webhook' }
  }
  const parts = partsOf(await request.text())
  if (!parts) return { refused: 400, reason: 'not a list of SparkPost’s events' }
  const batchId = request.headers.get('x-messagesystems-batch-id')
  return { events: markSameReading(parts.map(eventOf)), ...(batchId !== null && { batchId }) }
}

const shortestPassword = 16

/** RFC 7617. */
function hasPassword(request: Request, { webhookAuth }: CheckedSparkpostOptions): boolean {
  const { user, password = '' } = webhookAuth ?? {}
  if (user === undefined || password.length < shortestPassword) return false
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  return timingSafeEqual(digest(request.headers.get('authorization') ?? ''), digest(expected))
}

/** Of one length, so that comparing takes the same time for all. */
function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

/** One event, with the name of its class. */
interface Part {
  kind: string
  fields: Record<string, unknown>
}

/** Undefined for what SparkPost does not send. */
function partsOf(text: string): Part[] | undefined {
  const batch = parsed(text)
  if (!Array.isArray(batch)) return undefined
  const parts: Part[] = []
  for (const one of batch) {
    const { msys } = fieldsOf(one)
    if (!isRecord(msys)) return undefined
    for (const [kind, fields] of Object.entries(msys)) {
      if (!isRecord(fields)) return undefined
      parts.push({ kind, fields })
    }
  }
  return parts
}

function parsed(text: string): unknown {
  try {
    // A reviver makes it several times slower, and ids are strings as a rule.
    return JSON.parse(text, /[:[,]\s*-?\d{16}/.test(text) ? exactNumbers : undefined)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

type Meaning = Pick<DeliveryEvent, 'type' | 'class' | 'about'>

/** @see https://support.sparkpost.com/docs/tech-resources/sparkpost-event-definitions */
const meanings: Readonly<Record<string, EventType>> = {
  delivery: 'delivered',
  delay: 'deferred',
  spam_complaint: 'complained',
  list_unsubscribe: 'unsubscribed',
  link_unsubscribe: 'unsubscribed',
  open: 'opened',
  initial_open: 'opened',
  amp_open: 'opened',
  amp_initial_open: 'opened',
  click: 'clicked',
  amp_click: 'clicked',
}

/** RFC 5965 §7.3, RFC 6591 and what is seen beside them: not every feedback is a complaint. */
const feedback: Readonly<Record<string, EventType>> = {
  'opt-out': 'unsubscribed',
  'opt-out-list': 'unsubscribed',
  'not-spam': 'unknown',
  'auth-failure': 'unknown',
  dmarc: 'unknown',
}

function meaningOf(word: string, fields: Record<string, unknown>): Meaning {
  switch (word) {
    case 'bounce':
    case 'out_of_band': {
      const {
        type,
        class: kind,
        about,
      } = bounceClasses[textOf(fields['bounce_class'])] ?? otherClass
      return { type, ...(kind && { class: kind }), ...(about && { about }) }
    }
    case 'policy_rejection':
    case 'generation_failure':
    case 'generation_rejection': {
      const isForGood = textOf(fields['error_code']).startsWith('5')
      return { type: 'rejected', class: isForGood ? 'hard' : 'soft', about: 'other' }
    }
    case 'spam_complaint':
      return { type: feedback[textOf(fields['fbtype']).toLowerCase()] ?? 'complained' }
    default:
      return { type: meanings[word] ?? 'unknown' }
  }
}

function eventOf({ kind, fields }: Part): DeliveryEvent {
  const word = textOf(fields['type']) || kind
  const reason = textOf(fields['raw_reason']) || textOf(fields['reason'])
  const meaning = meaningOf(word, fields)
  const status = /(?:^|[\s#(])([245]\.\d{1,3}\.\d{1,3})(?!\d|\.\d)/.exec(reason)?.[1]
  const url = meaning.type === 'clicked' ? textOf(fields['target_link_url']) : ''
  const recipient = textOf(fields['raw_rcpt_to']) || textOf(fields['rcpt_to'])
  const found = {
    recipient: recipient.endsWith(sinkSuffix) ? recipient.slice(0, -sinkSuffix.length) : recipient,
    status,
    reason: reason.slice(0, 1000),
    url,
    // One message a transmission: its id is the one that the hand-over was answered with.
    messageId: textOf(fields['transmission_id']),
    ourId: textOf(fieldsOf(fields['rcpt_meta'])[idField]),
    providerEventId: textOf(fields['event_id']),
    ip: meaning.type === 'opened' || meaning.type === 'clicked' ? textOf(fields['ip_address']) : '',
    userAgent: textOf(fields['user_agent']),
  }
  const known = Object.fromEntries(Object.entries(found).filter(([, value]) => value))
  const machine = isMachine(fields) ? { isMachine: true } : {}
  return {
    ...meaning,
    at: timeOf(fields['timestamp']),
    word,
    ...known,
    ...machine,
    raw: { msys: { [kind]: fields } },
  }
}

/** A proxy that fetches pictures for its people, or before they look. */
function isMachine(fields: Record<string, unknown>): boolean {
  const agent = fieldsOf(fields['user_agent_parsed'])
  return [agent['is_prefetched'], agent['is_proxy'], fields['is_prefetched']].includes(true)
}

/** Unix seconds as text, or in some a date. */
function timeOf(timestamp: unknown): number {
  const said = textOf(timestamp)
  const at = /^\d+(?:\.\d+)?$/.test(said) ? Number(said) * 1000 : Date.parse(said)
  return Number.isFinite(at) ? Math.round(at) : Date.now()
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

const sameReadingMs = 60_000

/**
 * The pictures at the top and at the bottom of a mail are both loaded when it is read. Our mails have the bottom one alone; of those
 * that have both, the bottom one of the same reading is kept as `unknown` beside the top one.
 */
function markSameReading(events: DeliveryEvent[]): DeliveryEvent[] {
  const tops = new Map<string, number[]>()
  for (const event of events) {
    if (!/^(?:amp_)?initial_open$/.test(event.word)) continue
    const times = tops.get(readerOf(event)) ?? []
    tops.set(readerOf(event), [...times, event.at])
  }
  if (tops.size === 0) return events
  return events.map((event) => {
    const times = /^(?:amp_)?open$/.test(event.word) ? tops.get(readerOf(event)) : undefined
    const isSame = times?.some((at) => Math.abs(at - event.at) <= sameReadingMs)
    return isSame ? { ...event, type: 'unknown' } : event
  })
}

function readerOf({ messageId, recipient, ip, userAgent }: DeliveryEvent): string {
  return JSON.stringify([messageId, recipient, ip, userAgent])
}
