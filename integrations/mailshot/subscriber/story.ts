import { sql } from 'drizzle-orm/sql'
import type { DeliveryState, RecipientStatus } from '../../../db/status.ts'
import { type AuditLine, findAudit } from '../audit.ts'
import { parseEmailAddress } from '../email-address.ts'
import { listEvents, type ShownEvent } from '../event/list.ts'
import type { Mailshot } from '../mailshot.ts'
import { findSuppression, type Suppression } from '../suppression.ts'
import { emailsOf, everyEmailOf, isEventOf } from './addresses.ts'
import { type ConsentRow, listConsents, type Subscriber } from './read.ts'

/** All that happened between a person and this site, each part oldest first. */
export interface Story {
  suppression: Suppression | null
  consents: ConsentRow[]
  sends: SendToPerson[]
  events: ShownEvent[]
  /** Who changed what of the person, the address and its places in sends, and by which events. */
  history: AuditLine[]
}

/** A person's place in a send. */
export interface SendToPerson {
  recipientId: number
  send: string
  campaign: string
  status: RecipientStatus
  /** When it was put in hand last. */
  at: number | null
  reason: string | null
  /** What the other side said when it was handed over. */
  answer: string | null
  messageId: string | null
  delivery: DeliveryState | null
  deliveryClass: 'hard' | 'soft' | null
}

/** What there is to tell of a person, under all addresses that they have had: the last thousand sends and events. */
export async function readStory(mailshot: Mailshot, person: Subscriber): Promise<Story> {
  const email = parseEmailAddress(person.email)?.identity ?? person.email
  const sends = await readSends(mailshot, person.id)
  const emails = await mailshot.db.all<{ email: string }>(
    sql`SELECT email FROM ${emailsOf(person.id)}`,
  )
  return {
    suppression: (await findSuppression(mailshot, email)) ?? null,
    consents: await listConsents(mailshot, person.id),
    sends,
    events: await readEvents(mailshot, person.id),
    history: await findAudit(
      mailshot,
      `subscriber:${person.id}`,
      ...emails.map((one) => `address:${one.email}`),
      ...sends.map(({ recipientId }) => `recipient:${recipientId}`),
    ),
  }
}

const most = 1000

async function readSends({ db }: Mailshot, subscriberId: number): Promise<SendToPerson[]> {
  const latest = await db.all<SendToPerson>(sql`
    SELECT r.id AS recipientId, r.send_id AS send, s.slug AS campaign, r.status, r.in_hand_at AS at, r.reason, r.answer,
      r.message_id AS messageId, r.delivery, r.delivery_class AS deliveryClass
    FROM recipients AS r JOIN sends AS s ON s.id = r.send_id
    WHERE r.email IN ${everyEmailOf(subscriberId)} AND r.subscriber_id = ${subscriberId}
    ORDER BY r.id DESC LIMIT ${most}`)
  return latest.toReversed()
}

async function readEvents(mailshot: Mailshot, subscriberId: number): Promise<ShownEvent[]> {
  const row = await mailshot.db.get<{ id: number | null }>(sql`
    SELECT min(id) AS id FROM (SELECT id FROM events WHERE ${isEventOf(subscriberId)} ORDER BY id DESC LIMIT ${most})`)
  return listEvents(mailshot, { subscriberId, afterId: (row?.id ?? 1) - 1, limit: most })
}
