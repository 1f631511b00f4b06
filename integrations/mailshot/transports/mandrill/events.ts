import type { DeliveryEvent, WebhookReading } from '../../transport.ts'
import { fieldsOf } from './client.ts'
import { idField } from './message.ts'
import { type CheckedMandrillOptions, webhookKeysOf } from './options.ts'
import { rejections } from './outcome.ts'
import { isSigned } from './signature.ts'

/**
 * Reads a batch of Mandrill's events: a form whose field `mandrill_events` is a JSON list. The secret of the address proves nothing
 * here, for Mandrill signs.
 *
 * @see https://mailchimp.com/developer/transactional/docs/webhooks/
 */
export async function readEvents(
  request: Request,
  options: CheckedMandrillOptions,
): Promise<WebhookReading> {
  const keys = webhookKeysOf(options)
  const signature = request.headers.get('x-mandrill-signature') ?? ''
  const form = signature === '' ? undefined : formOf(await request.text())
  if (!form || !isSigned(form, { url: request.url, signature, keys })) {
    const cause = keys.length === 0 ? '; no key is set: MANDRILL_WEBHOOK_KEYS' : ''
    return { refused: 401, reason: `not signed by Mandrill${cause}` }
  }
  const batch = parsed(form.get('mandrill_events') ?? '')
  if (!Array.isArray(batch) || !batch.every(isRecord)) {
    return { refused: 400, reason: 'mandrill_events is not a list of events' }
  }
  return { events: batch.map(eventOf) }
}

// Mandrill's form has one.
const mostFields = 8

/** Nothing for a form of many fields: Node takes minutes to read millions of them, and whoever sent it is not known yet. */
function formOf(text: string): URLSearchParams | undefined {
  let fields = 1
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) {
    fields += 1
    if (fields > mostFields) return undefined
  }
  return new URLSearchParams(text)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

type Meaning = Pick<DeliveryEvent, 'type' | 'class' | 'about'>

function eventOf(event: Record<string, unknown>): DeliveryEvent {
  const { event: word, ts, msg, reject, entry } = event
  return typeof word === 'string' && isRecord(msg)
    ? messageEvent(event, word, msg)
    : { ...syncEvent(event, fieldsOf(reject ?? entry)), at: timeOf(ts), raw: event }
}

/** A change of Mandrill's own lists, by a bounce that is reported apart, or by hand. */
function syncEvent(
  { type, action, event }: Record<string, unknown>,
  reject: Record<string, unknown>,
): Omit<DeliveryEvent, 'at' | 'raw'> {
  const word = [type, action, event].map(textOf).filter(Boolean).join(' ') || 'sync'
  const found = { recipient: textOf(reject['email']), reason: textOf(reject['reason']) }
  return { type: 'unknown', word, ...filled(found) }
}

function messageEvent(
  event: Record<string, unknown>,
  word: string,
  msg: Record<string, unknown>,
): DeliveryEvent {
  const reason = reasonOf(msg)
  const meaning = meaningOf(word, msg)
  const found = {
    recipient: textOf(msg['email']),
    status: /(?:^|[\s#(;])([245]\.\d{1,3}\.\d{1,3})(?!\d|\.\d)/.exec(reason)?.[1] ?? '',
    reason: reason.slice(0, 1000),
    url: word === 'click' ? textOf(event['url']) : '',
    messageId: textOf(msg['_id']),
    ourId: textOf(fieldsOf(msg['metadata'])[idField]),
    // The event's own _id is the message's.
    ip: textOf(event['ip']),
    userAgent: textOf(event['user_agent']),
  }
  const isRobot = textOf(fieldsOf(event['user_agent_parsed'])['type']).toLowerCase() === 'robot'
  const machine = isRobot ? { isMachine: true } : {}
  return { ...meaning, at: timeOf(event['ts']), word, ...filled(found), ...machine, raw: event }
}

function meaningOf(word: string, msg: Record<string, unknown>): Meaning {
  switch (word) {
    case 'send':
      return { type: isTaken(msg) ? 'delivered' : 'unknown' }
    case 'delivered':
      return { type: 'delivered' }
    case 'deferral':
      return { type: 'deferred' }
    case 'hard_bounce':
      return bounceOf('hard', msg)
    case 'soft_bounce':
      return bounceOf('soft', msg)
    case 'reject':
      return rejectionOf(msg)
    case 'spam':
      return { type: 'complained' }
    case 'unsub':
      return { type: 'unsubscribed' }
    case 'open':
      return { type: 'opened' }
    case 'click':
      return { type: 'clicked' }
    default:
      return { type: 'unknown' }
  }
}

/** `send` says that Mandrill sent it; where another server's yes stands beside it, more. */
function isTaken({ smtp_events: attempts }: Record<string, unknown>): boolean {
  if (!Array.isArray(attempts)) return false
  const { type, diag } = fieldsOf(attempts.at(-1))
  return type === 'sent' && /^2\d\d\b/.test(textOf(diag))
}

/** What a bounce is about, by `bgtools_code`, else by `bounce_description`. What is in neither is the mailbox, unspecified. */
const bounceCauses: Readonly<Record<string, 'address' | 'mailbox' | 'other' | 'none'>> = {
  10: 'address',
  bad_mailbox: 'address',
  21: 'mailbox',
  invalid_domain: 'mailbox',
  22: 'mailbox',
  mailbox_full: 'mailbox',
  23: 'other',
  24: 'other',
  30: 'mailbox',
  40: 'mailbox',
  general: 'mailbox',
  50: 'other',
  51: 'other',
  52: 'other',
  53: 'other',
  54: 'other',
  60: 'none',
  70: 'other',
  80: 'none',
  90: 'none',
  100: 'none',
}

function bounceOf(kind: 'hard' | 'soft', msg: Record<string, unknown>): Meaning {
  const { bgtools_code: code, bounce_description: description } = msg
  const about =
    bounceCauses[textOf(code)] ?? bounceCauses[textOf(description).toLowerCase()] ?? 'mailbox'
  // An automatic answer, or somebody who subscribes: no failure.
  if (about === 'none') return { type: textOf(code) === '90' ? 'unsubscribed' : 'unknown' }
  // A domain that is gone for good takes its addresses along.
  const isGone = kind === 'hard' && (textOf(code) === '21' || description === 'invalid_domain')
  return { type: 'bounced', class: kind, about: isGone ? 'address' : about }
}

function rejectionOf({ reject }: Record<string, unknown>): Meaning {
  const why = textOf(reject) || textOf(fieldsOf(reject)['reason'])
  const verdict = rejections[why]
  const kind = verdict?.status === 'rejected' ? verdict.class : 'soft'
  const isBounce = why === 'hard-bounce' || why === 'soft-bounce'
  if (why === 'invalid') return { type: 'rejected', class: 'hard', about: 'address' }
  return { type: 'rejected', class: kind, about: isBounce ? 'mailbox' : 'other' }
}

function reasonOf(msg: Record<string, unknown>): string {
  const { diag, bounce_description: description, reject, smtp_events: attempts } = msg
  const last = fieldsOf(Array.isArray(attempts) ? attempts.at(-1) : undefined)
  const said = [diag, last['diag'], fieldsOf(reject)['reason'], reject, description]
  return said.map(textOf).find(Boolean) ?? ''
}

/** Unix seconds. */
function timeOf(ts: unknown): number {
  return typeof ts === 'number' && Number.isFinite(ts) ? Math.round(ts * 1000) : Date.now()
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** Without the texts that are empty. */
function filled(texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''))
}
