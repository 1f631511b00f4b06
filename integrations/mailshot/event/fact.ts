import { hash } from 'node:crypto'
import { isIP } from 'node:net'
import { parseEmailAddress } from '../email-address.ts'
import { machineOf } from '../tracking/visitor.ts'
import type { DeliveryEvent } from '../transport.ts'

/** An event as it is written down, before it is known whose mail it is about. */
export interface Report {
  /** `<transport>:` and the provider's id of it, else a hash of what it says. */
  key: string
  transport: string
  type: DeliveryEvent['type']
  word: string
  /** Milliseconds since 1970, by the reporter's clock; of the receipt, where that says none of 1970 to 2200. */
  at: number
  /** Normalised; null where none was reported, or what was is no address. */
  email: string | null
  class: 'hard' | 'soft' | null
  about: DeliveryEvent['about'] | null
  status: string | null
  reason: string | null
  url: string | null
  messageId: string | null
  ourId: string | null
  token: string | null
  providerEventId: string | null
  isMachine: boolean
  /** JSON. */
  raw: string
}

export const matchWays = ['token', 'message-id', 'our-id', 'provider-id', 'address'] as const
/** By what an event was matched, from the surest to the weakest. */
export type MatchWay = (typeof matchWays)[number]

/** An event with the mail that it is about: a recipient's of a send, a letter, or none that is known. */
export interface Fact extends Report {
  sendId: string | null
  /** Null also where the send is known and its recipients were purged. */
  recipientId: number | null
  /** Which mail of the recipient, 0 for the first; null where the report does not say. */
  resend: number | null
  subscriberId: number | null
  letterId: number | null
  matchedBy: MatchWay | null
}

/** Brings an event into the form it is stored in. What is too long for a table is cut. */
export function reportOf(transport: string, event: DeliveryEvent, receivedAt: number): Report {
  const { type, word, url, providerEventId } = event
  const isRefusal = type === 'bounced' || type === 'rejected'
  return {
    key: `${transport}:${providerEventId ? shortened(providerEventId) : digestOf(event)}`,
    transport,
    type,
    word: cut(word, 100),
    at: isTime(event.at) ? Math.round(event.at) : receivedAt,
    email: parseEmailAddress(event.recipient ?? '')?.identity ?? null,
    class: (isRefusal && event.class) || null,
    about: (isRefusal && event.about) || null,
    status: event.status === undefined ? null : cut(event.status, 20),
    reason: event.reason === undefined ? null : cut(event.reason, 1000),
    url: url === undefined ? null : cut(url, 2000),
    messageId: event.messageId === undefined ? null : cut(event.messageId, 500),
    ourId: event.ourId ?? null,
    token: event.token ?? null,
    providerEventId: providerEventId === undefined ? null : cut(providerEventId, 500),
    isMachine: event.isMachine ?? isByMachine(event),
    raw: rawText(event.raw),
  }
}

/** By who the reporter says it was. */
function isByMachine({ type, userAgent: agent = '', ip }: DeliveryEvent): boolean {
  if (type !== 'opened' && type !== 'clicked') return false
  return (
    machineOf({ agent, address: ip !== undefined && isIP(ip) > 0 ? ip : undefined }) !== undefined
  )
}

/** Of a time that no mail can be of, nothing can be worked out, and it may have no date at all. */
function isTime(at: number): boolean {
  return at >= 0 && at <= Date.UTC(2200, 0, 1)
}

/** What tells events apart at a provider that gives them no ids: all that they say, in the same order whatever theirs. */
function digestOf(event: DeliveryEvent): string {
  const { type, word, at, recipient, messageId, ourId, token, url, status, reason } = event
  const { class: lasting, about, isMachine, ip, userAgent } = event
  const said = [type, word, at, recipient, messageId, ourId, token, url, status, reason]
  return digest(JSON.stringify([...said, lasting, about, isMachine, ip, userAgent]))
}

/** An id of theirs, as it is unless it would bloat the index. */
function shortened(id: string): string {
  return id.length <= 100 ? id : digest(id)
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22)
}

const longestRaw = 65_536

function rawText(raw: unknown): string {
  const text = JSON.stringify(raw) ?? 'null'
  return text.length <= longestRaw ? text : JSON.stringify(cut(text, longestRaw))
}

/** Not in the middle of a character; SQLite would end a text at a NUL. */
function cut(text: string, length: number): string {
  return text.slice(0, length).toWellFormed().replaceAll('\0', '\ufffd')
}
