import { sql } from 'drizzle-orm/sql'
import { z } from 'zod'
import type { Mailshot } from '../mailshot.ts'
import { isEventOf } from '../subscriber/addresses.ts'
import { eventTypes } from '../transport.ts'
import { type MatchWay, matchWays } from './fact.ts'

/** An event as it is shown. */
export interface ShownEvent {
  id: number
  transport: string
  type: (typeof eventTypes)[number]
  /** Normalised. */
  recipient: string | null
  /** Milliseconds since 1970, by the reporter's clock. */
  at: number
  messageId: string | null
  providerEventId: string | null
  class: 'hard' | 'soft' | null
  status: string | null
  reason: string | null
  url: string | null
  raw: unknown
  /** Whether it is known whose mail it is about. */
  matched: boolean
  /** By what it was. */
  matchedBy: MatchWay | null
  /** The reporter's own word for the type. */
  word: string
  send: string | null
  /** The slug of the send's campaign. */
  campaign: string | null
}

export interface EventQuery {
  sendId?: string
  /** Normalised. */
  email?: string
  /** Only those about this person, by whichever of their addresses. */
  subscriberId?: number
  /** Only those about no mail that is known. */
  isUnmatched?: boolean
  /** Keyset paging: those with a greater id. */
  afterId?: number
  limit?: number
}

type EventRow = Omit<ShownEvent, 'raw' | 'matched'> & { raw: string; matched: number }

/** A page of events in the order they came in; 500 unless told. */
export async function listEvents(mailshot: Mailshot, query: EventQuery): Promise<ShownEvent[]> {
  const { sendId, email, subscriberId, isUnmatched = false, afterId = 0, limit = 500 } = query
  const rows = await mailshot.db.all<EventRow>(sql`
    SELECT e.id, e.transport, e.type, e.email AS recipient, e.at, e.message_id AS messageId,
      e.provider_event_id AS providerEventId, e.class, e.status, e.reason, e.url, e.raw,
      e.matched_by IS NOT NULL AS matched, e.matched_by AS matchedBy, e.word, e.send_id AS send, s.slug AS campaign
    FROM events AS e LEFT JOIN sends AS s ON s.id = e.send_id
    WHERE e.id > ${afterId} ${sendId === undefined ? sql`` : sql`AND e.send_id = ${sendId}`}
      ${email === undefined ? sql`` : sql`AND e.email = ${email}`}
      ${subscriberId === undefined ? sql`` : sql`AND e.id IN (SELECT id FROM events WHERE ${isEventOf(subscriberId)})`}
      ${isUnmatched ? sql`AND e.matched_by IS NULL` : sql``}
    ORDER BY e.id LIMIT ${limit}`)
  return rows.map(({ raw, matched, ...row }) => ({
    ...row,
    raw: JSON.parse(raw),
    matched: matched === 1,
  }))
}

const text = z.string().nullable()

/** Reads an event out of the API's JSON, over whatever a newer mailshot has added. */
export const eventSchema = z.object({
  id: z.int(),
  transport: z.string(),
  type: z.enum(eventTypes),
  recipient: text,
  at: z.iso.datetime().transform((iso) => Date.parse(iso)),
  messageId: text,
  providerEventId: text,
  class: z.enum(['hard', 'soft']).nullable(),
  status: text,
  reason: text,
  url: text,
  raw: z.unknown(),
  matched: z.boolean(),
  matchedBy: z.enum(matchWays).nullable(),
  word: z.string(),
  send: text,
  campaign: text,
})

/** An event as programs read it, from `mailshot events --json`: a promise, to which fields may be added. */
export function eventJson({ id: _id, at, ...event }: ShownEvent) {
  const { transport, type, recipient, ...rest } = event
  return { transport, type, recipient, at: new Date(at).toISOString(), ...rest }
}
