import { hash } from 'node:crypto'
import { type BounceReading, type BounceReport, readBounce } from '../bounce.ts'
import { recordEvents } from '../event.ts'
import type { Mailshot } from '../mailshot.ts'
import { findSelectingLists } from '../recipient/selecting-lists.ts'
import { findPerson, openPlaces, unsubscribe } from '../subscriber.ts'
import { verifyToken } from '../token.ts'
import type { DeliveryEvent } from '../transport.ts'
import { bounceToken, readBounceToken, readLeaveToken } from './verp.ts'

/** What became of a mail that came back. */
export interface RecordedBounce {
  kind: BounceReading['kind']
  /** `false`: it said nothing that could be stored; a person may look at it. */
  isUnderstood: boolean
  recorded: number
  repeated: number
  unmatched: number
}

/** The reporter of these events. */
export const reporter = 'bounces'

/**
 * Reads a raw mail, stores what it reports, and draws the consequences; once it returns, all of it is on disk. The same mail again
 * changes nothing. Where envelope senders carry tokens, a report is believed only if it carries the token of a mail of ours, in the
 * address it came to or in the mail it returns: else anybody could write one. Without such a proof it is kept, and matched to nobody.
 *
 * @param options.keepsUnknown keep the beginning of what says nothing, too, as an event of type `unknown`
 */
export async function recordBounce(
  mailshot: Mailshot,
  raw: Uint8Array,
  { keepsUnknown = false } = {},
): Promise<RecordedBounce> {
  const reading = await readBounce(raw)
  const { kind, reports, tokens } = reading
  const nothing = { kind, recorded: 0, repeated: 0, unmatched: 0 }
  if (kind === 'autoreply') return { ...nothing, isUnderstood: true }
  const leaving = tokens.flatMap((token) => readLeaveToken(mailshot.config, token) ?? [])[0]
  if (leaving) await leave(mailshot, leaving)
  const token = leaving ? bounceToken(mailshot.config, mailOf(leaving)) : proofOf(mailshot, reading)
  const isUnderstood = kind !== 'none' && (kind !== 'unsubscribe' || token !== undefined)
  if (!isUnderstood && !keepsUnknown) return { ...nothing, isUnderstood }
  const id = hash('sha256', raw, 'base64url').slice(0, 22)
  const events = isUnderstood
    ? softened(reports).map((report) => eventOf(mailshot, reading, { ...report, token }))
    : [unknownEvent(mailshot, reading, raw)]
  const identified = events.map((event, index) => ({ ...event, providerEventId: `${id}.${index}` }))
  return { kind, isUnderstood, ...(await recordEvents(mailshot, reporter, identified)) }
}

/** Ends what the one-click link of the same mail would end. */
async function leave(
  mailshot: Mailshot,
  { subscriberId: signed, recipientId }: { subscriberId: number; recipientId: number },
): Promise<void> {
  const person = await findPerson(mailshot, signed)
  if (!person) return
  const subscriberId = person.id
  const mailed = await findSelectingLists(mailshot, { recipientId, subscriberId })
  const lists = mailed ?? openPlaces(person).map(({ list }) => list)
  await unsubscribe(mailshot, { subscriberId, recipientId, lists, reason: 'mail' })
}

/** The token of the mail it is about: of the envelope sender, or by the link to leave that the returned mail carries. */
function proofOf({ config }: Mailshot, { tokens, leaveLinks }: BounceReading): string | undefined {
  const token = tokens.find((one) => readBounceToken(config, one))
  if (token !== undefined) return token
  for (const link of leaveLinks) {
    const [segment = ''] = /[^/]+\/?$/.exec(link) ?? []
    const verified = verifyToken(config.secrets, 'unsubscribe', segment, 0)
    const recipientId = 'ids' in verified ? verified.ids[1] : undefined
    if (recipientId) return bounceToken(config, mailOf({ recipientId }))
  }
  return undefined
}

function mailOf({ recipientId }: { recipientId: number }) {
  return { kind: 'recipient', id: recipientId, resend: null } as const
}

/** A mail goes to one address: where several refuse it, that one stands for them, and is not dead while one of them lives. */
function softened(reports: readonly BounceReport[]): BounceReport[] {
  const isDead = reports.every(({ judgement }) => judgement?.class === 'hard')
  if (isDead) return [...reports]
  return reports.map((report) => ({
    ...report,
    judgement: report.judgement && { ...report.judgement, class: 'soft' },
  }))
}

const types = { bounce: 'bounced', complaint: 'complained', unsubscribe: 'unsubscribed' } as const

function eventOf(
  { config, now }: Mailshot,
  { kind, at }: BounceReading,
  report: BounceReport,
): DeliveryEvent {
  const { judgement, isDelay, status, reason, token, messageId } = report
  const type = isDelay
    ? 'deferred'
    : types[kind === 'complaint' || kind === 'unsubscribe' ? kind : 'bounce']
  const isBelieved = token !== undefined || !config.bounces
  const recipient = report.original ?? report.recipient
  return {
    type,
    at: Math.min(at ?? now(), now()),
    word: isDelay ? 'delayed' : kind,
    ...(type === 'bounced' && judgement),
    ...(status !== undefined && { status }),
    ...(reason !== undefined && { reason }),
    ...(isBelieved && recipient !== undefined && { recipient }),
    ...(isBelieved && messageId !== undefined && { messageId }),
    ...(token !== undefined && { token }),
    raw: { ...report, kind },
  }
}

function unknownEvent(
  { now }: Mailshot,
  { kind, at }: BounceReading,
  raw: Uint8Array,
): DeliveryEvent {
  const mail = Buffer.from(raw.subarray(0, 4000)).toString()
  return { type: 'unknown', at: Math.min(at ?? now(), now()), word: kind, raw: { kind, mail } }
}
