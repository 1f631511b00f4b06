import { createHash, timingSafeEqual } from 'node:crypto'
import type { DeliveryEvent, EventType, WebhookReading } from '../../transport.ts'
import { type Fields, fieldsOf, textOf } from './fields.ts'
import type { MailjetOptions } from './options.ts'

type Refusal = Required<Pick<DeliveryEvent, 'class' | 'about'>>

/** Mailjet's kinds: https://dev.mailjet.com/email/guides/webhooks/ (event types). */
const types: Record<string, EventType> = {
  // The receiving server took it.
  sent: 'delivered',
  open: 'opened',
  click: 'clicked',
  bounce: 'bounced',
  // Mailjet did not try.
  blocked: 'rejected',
  spam: 'complained',
  unsub: 'unsubscribed',
}

const nobodysFault: Refusal = { class: 'soft', about: 'other' }
const forGood: Refusal = { class: 'hard', about: 'other' }

/**
 * Its errors, by `error_related_to`: the same page (possible values for errors), and the states of
 * https://dev.mailjet.com/email/reference/messages/. Of a bounce, `hard_bounce` says whether it is permanent.
 */
const refusals: Record<string, Refusal> = {
  // recipient
  'user unknown': { class: 'hard', about: 'address' },
  'mailbox inactive': { class: 'hard', about: 'mailbox' },
  'quota exceeded': { class: 'soft', about: 'mailbox' },
  // Excluded in the account, and complained about it before: Mailjet's lists, not the mailbox.
  blacklisted: forGood,
  'spam reporter': forGood,
  // domain
  'invalid domain': { class: 'hard', about: 'address' },
  'no mail host': { class: 'hard', about: 'address' },
  'relay/access denied': nobodysFault,
  greylisted: nobodysFault,
  typofix: { class: 'hard', about: 'address' },
  // content
  'bad or empty template': forGood,
  'error in template language': forGood,
  // spam
  'sender blocked': nobodysFault,
  'content blocked': nobodysFault,
  'policy issue': nobodysFault,
  'spam preblocked': nobodysFault,
  // system
  'system issue': nobodysFault,
  'protocol issue': nobodysFault,
  'connection issue': nobodysFault,
  // mailjet: it has bounced lately, so it is not tried for a while
  preblocked: { class: 'soft', about: 'mailbox' },
}

/** What is said of a mail that went out before: another copy of it was dropped. */
const duplicate = 'duplicate in campaign'

/**
 * Reads a request of Mailjet's Event API: one event, or a list of them. It signs nothing, so the secret in the address or the
 * password shown proves who it is.
 */
export async function readMailjetEvents(
  request: Request,
  { hasSecret }: { hasSecret: boolean },
  auth: MailjetOptions['webhookAuth'],
): Promise<WebhookReading> {
  if (!hasSecret && !showsPassword(request, auth)) {
    return { refused: 401, reason: 'neither the secret in the address nor the password is right' }
  }
  const said = parseExactly(await request.text())
  const list = Array.isArray(said) ? said : [said]
  if (said === undefined || !list.every(isEvent)) {
    return { refused: 400, reason: 'not a JSON object, or a list of them, that each name an event' }
  }
  return { events: list.map(readEvent) }
}

function readEvent(raw: Fields): DeliveryEvent {
  const word = textOf(raw['event'])
  const messageId = firstOf(raw['MessageID'], raw['mj_message_id'], raw['Message_GUID'])
  const seconds = Number(raw['time'])
  const said = {
    recipient: textOf(raw['email']),
    messageId,
    ourId: firstOf(raw['Payload'], raw['CustomID']),
    status: statusOf(raw),
    reason: reasonOf(raw),
    url: textOf(raw['url']),
    ip: textOf(raw['ip']),
    userAgent: textOf(raw['agent']),
  }
  return {
    ...typeOf(word, raw),
    ...Object.fromEntries(Object.entries(said).filter(([, text]) => text !== '')),
    at: Number.isFinite(seconds) && seconds > 0 ? Math.round(seconds * 1000) : Date.now(),
    word,
    providerEventId: eventId(raw, messageId),
    raw,
  }
}

function typeOf(word: string, raw: Fields): Pick<DeliveryEvent, 'type' | 'class' | 'about'> {
  const type = Object.hasOwn(types, word) ? types[word] : undefined
  if (type !== 'bounced' && type !== 'rejected') return { type: type ?? 'unknown' }
  const error = textOf(raw['error']).toLowerCase()
  if (error === duplicate) return { type: 'unknown' }
  const isHard = raw['hard_bounce']
  // It will be tried again.
  if (type === 'bounced' && error === 'greylisted' && isHard !== true) return { type: 'deferred' }
  const refusal = (Object.hasOwn(refusals, error) && refusals[error]) || judgeStatus(raw)
  const isSaid = type === 'bounced' && typeof isHard === 'boolean'
  return {
    type,
    about: refusal.about,
    class: isSaid && isHard ? 'hard' : isSaid ? 'soft' : refusal.class,
  }
}

/** An error of no name, or one that Mailjet has added since: only what the receiving server's status says is believed. */
function judgeStatus(raw: Fields): Refusal {
  const status = statusOf(raw)
  if (/^5\.1\.(?:1|2|3|6|10)$/.test(status)) return { class: 'hard', about: 'address' }
  if (/^[45]\.2\.[0-4]$/.test(status))
    return { class: status.startsWith('5') ? 'hard' : 'soft', about: 'mailbox' }
  return nobodysFault
}

/** RFC 3463, in what the receiving server said. */
function statusOf({ comment, smtp_reply: reply }: Fields): string {
  const text = firstOf(comment, reply)
  return /(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])/.exec(text)?.[0] ?? ''
}

function reasonOf(raw: Fields): string {
  const error = [raw['error_related_to'], raw['error']].map(textOf).filter(Boolean).join(': ')
  const texts = [raw['comment'], raw['smtp_reply'], raw['source']].map(textOf)
  return [error, ...texts].filter(Boolean).join('; ').slice(0, 1000)
}

/** Mailjet numbers no events, and repeats those that it thinks were lost, word for word. */
function eventId(raw: Fields, messageId: string): string {
  const { event, time, email, url, error, ip, agent } = raw
  const what = [messageId, event, time, email, url, error, ip, agent].map((one) => one ?? null)
  return createHash('sha256').update(JSON.stringify(what)).digest('base64url').slice(0, 32)
}

/** JSON, with the integers that JavaScript cannot hold as the strings they were; nothing for what is none. */
function parseExactly(text: string): unknown {
  try {
    const exactly = (_key: string, value: unknown, context?: { source?: string }) =>
      typeof value === 'number' &&
      !Number.isSafeInteger(value) &&
      /^-?\d+$/.test(context?.source ?? '')
        ? context?.source
        : value
    return JSON.parse(text, exactly)
  } catch {
    return undefined
  }
}

function isEvent(value: unknown): value is Fields {
  return textOf(fieldsOf(value)['event']) !== ''
}

function firstOf(...values: unknown[]): string {
  return values.map(textOf).find((text) => text !== '' && text !== '0') ?? ''
}

function showsPassword(request: Request, auth: MailjetOptions['webhookAuth']): boolean {
  // A short one could be guessed.
  if (!auth?.password || auth.password.length < 16) return false
  const plain = `${auth.user}:${auth.password}`
  const expected = `Basic ${Buffer.from(plain).toString('base64')}`
  return isSame(request.headers.get('authorization') ?? '', expected)
}

/** In a time that tells nothing about either. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}
