import { sql } from 'drizzle-orm/sql'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bounceToken } from '../../integrations/mailshot/bounce/verp.ts'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { refusedEarlyStatements } from '../../integrations/mailshot/event/refused-sends.ts'
import { matchLateAnswers } from '../../integrations/mailshot/event/unmatched.ts'
import { laneOf } from '../../integrations/mailshot/pace.ts'
import { settleStatements } from '../../integrations/mailshot/recipient.ts'
import type { DeliveryEvent } from '../../integrations/mailshot/transport.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { pastSends, reportOf } from '../past-sends.ts'
import { addReaders } from '../people.ts'

const sends = ['s1', 's2', 's3', 's4']
const readers: string[] = ['reader1@example.net', 'reader2@example.net', 'reader3@example.net']

describe('the same events', () => {
  it('end the same in any order, cut anywhere and repeated, before and after the answers, for people, suppressions, recipients and counters', async () => {
    const some = fc.array(fc.oneof({ weight: 9, arbitrary: one }, aboutLetter), {
      minLength: 10,
      maxLength: 30,
      size: 'max',
    })
    const given = some.chain((events) =>
      fc.record({
        events: fc.constant(events),
        settledAfter: fc.integer({ min: 0, max: events.length }),
        // Each at least once, some twice.
        order: fc.subarray(events).chain((twice) =>
          fc.shuffledSubarray([...events, ...twice], {
            minLength: events.length + twice.length,
          }),
        ),
        size: fc.integer({ min: 1, max: 12 }),
      }),
    )
    const run = fc.asyncProperty(given, async ({ events, order, size, settledAfter }) => {
      expect(await stateAfter(order, { size, settledAfter })).toEqual(
        await stateAfter(events, { size: events.length, settledAfter: 0 }),
      )
    })
    await fc.assert(run, { numRuns: 15 })
  })
})

/** Refusals mostly, so that measures fill, and sends fail for everybody. */
const kinds: Partial<DeliveryEvent>[] = [
  { type: 'bounced', class: 'hard', about: 'mailbox' },
  { type: 'bounced', class: 'hard', about: 'mailbox', at: 5 },
  { type: 'bounced', class: 'soft', about: 'mailbox' },
  { type: 'bounced', class: 'soft', about: 'mailbox' },
  { type: 'bounced', class: 'hard', about: 'other' },
  { type: 'bounced', class: 'hard', about: 'address' },
  { type: 'rejected', class: 'hard', about: 'mailbox' },
  { type: 'rejected', class: 'soft', about: 'other' },
  { type: 'rejected', class: 'soft', about: 'mailbox' },
  { type: 'deferred', class: 'soft', about: 'mailbox' },
  { type: 'bounced', class: 'soft', about: 'other' },
  { type: 'delivered' },
  { type: 'opened' },
  { type: 'complained' },
  { type: 'unsubscribed' },
]
/** By what a report names its mail. An address alone stands for the latest mail. */
const names = ['message-id', 'our-id', 'provider-id', 'token', 'address', 'first-mail'] as const
const anyOne = fc.record({
  send: fc.constantFrom(...sends),
  email: fc.constantFrom(...readers),
  kind: fc.constantFrom(...kinds),
  by: fc.constantFrom(...names),
  after: fc.integer({ min: 1, max: 40 }),
})
// Who opened a mail is not kept, so that settles nobody whose answer is lost only after it.
const one = anyOne.filter(({ send, kind }) => send !== 's4' || kind.type !== 'opened')
const aboutLetter = fc.record({
  letter: fc.constantFrom(...readers),
  kind: fc.constantFrom(...kinds),
})
type Given<Kind> = Kind extends fc.Arbitrary<infer Value> ? Value : never
type One = Given<typeof one> | Given<typeof aboutLetter>

/** What is known after these events, of which so many came before the answers to the last send were written down. */
async function stateAfter(
  events: One[],
  { size, settledAfter }: { size: number; settledAfter: number },
): Promise<unknown> {
  const mailshot = await openSent()
  const reports = await Promise.all(events.map((event) => reportFor(mailshot, event)))
  mailshot.clock.advance(10 * 86_400_000)
  const record = async (some: DeliveryEvent[]) => {
    for (let at = 0; at < some.length; at += size) {
      await recordEvents(mailshot, 'memory', some.slice(at, at + size))
    }
  }
  await record(reports.slice(0, settledAfter))
  await settleLast(mailshot)
  await record(reports.slice(settledAfter))
  // As a worker does, and as it does when a send ends.
  await matchLateAnswers(mailshot)
  await mailshot.db.write(...refusedEarlyStatements(mailshot, 's4'))
  return readState(mailshot)
}

async function openSent(): Promise<TestMailshot> {
  const mailshot = await openTestMailshot({
    refusals: { unknown: 2, hard: 2, soft: 3, forgive: 1 },
  })
  await addReaders(mailshot, 3)
  await pastSends(mailshot, sends)
  await mailshot.db.write(
    // Nobody knows yet whether these got it.
    sql`UPDATE recipients SET status = 'uncertain', settled_at = 1 WHERE send_id = 's2'`,
    sql`UPDATE recipients SET provider_id = 'p' || id WHERE send_id <> 's4'`,
    // Mailed once more, the first of them under a new Message-ID.
    sql`UPDATE recipients SET resend = 1,
          message_id = iif(email = ${readers[0]}, '<' || send_id || '.' || id || '.1@example.org>', message_id)
        WHERE send_id = 's3'`,
    sql`UPDATE recipients SET status = 'in-hand', claim_id = 'c' || id, settled_at = 1 WHERE send_id = 's4'`,
    sql`INSERT INTO letters (id, kind, email, lang, "values", status, due_at, created_at)
        SELECT 100 + id, 'confirmation', email, 'fr', '{}', 'sent', 0, 36 FROM subscribers`,
  )
  return mailshot
}

/** The answers of the last send: one took it, and two were lost. */
async function settleLast(mailshot: TestMailshot): Promise<void> {
  const rows = await mailshot.db.all<{ id: number; claimId: string; email: string }>(
    sql`SELECT id, claim_id AS claimId, email FROM recipients WHERE send_id = 's4' ORDER BY id`,
  )
  const none = { reason: null, enhanced: null, dueAt: null, answer: null }
  const settlements = rows.map(({ id, claimId, email }) =>
    email === readers[0]
      ? { ...none, id, claimId, status: 'sent' as const, providerId: `p${id}` }
      : { ...none, id, claimId, status: 'uncertain' as const, providerId: null },
  )
  await mailshot.db.write(
    ...settleStatements(settlements, laneOf(mailshot.config, 'send'), mailshot.now()),
  )
}

async function reportFor(mailshot: TestMailshot, event: One): Promise<DeliveryEvent> {
  if ('letter' in event) {
    const id = 101 + readers.indexOf(event.letter)
    const messageId = `<letter.${id}.10@example.org>`
    const { type = 'bounced' } = event.kind
    const at = Date.UTC(2026, 10, 24)
    return { type, word: type, at, raw: null, messageId, recipient: event.letter, ...event.kind }
  }
  const { kind, after, by, send, email } = event
  const sentAt = Date.UTC(2026, 10, 22 + Number(send.slice(1)), 12)
  const given = { at: sentAt + after * 3_600_000, ...kind }
  const { messageId: ownId = '', ...report } = await reportOf(mailshot, { send, email }, given)
  const first = ownId.replace(/(\.\d+)\.1@/, '$1@')
  const ourId = first.slice(1).replace(/@.*/, '')
  const id = Number(ourId.split('.')[1])
  switch (by) {
    case 'message-id':
      return { ...report, messageId: ownId }
    case 'first-mail':
      return { ...report, messageId: first }
    case 'our-id':
      return { ...report, ourId }
    case 'provider-id':
      return { ...report, messageId: `p${id}` }
    case 'token':
      return {
        ...report,
        token: bounceToken(mailshot.config, { kind: 'recipient', id, resend: null }),
      }
    case 'address':
      return report
  }
}

async function readState({ db }: TestMailshot): Promise<unknown> {
  return {
    places: await db.all(
      sql`SELECT subscriber_id, list_id, status, ended_at, end_reason FROM subscriptions ORDER BY 1`,
    ),
    suppressions: await db.all(sql`SELECT email, reason, at FROM suppressions ORDER BY 1`),
    recipients: await db.all(
      sql`SELECT id, status, delivery, delivery_class, settled_by FROM recipients ORDER BY id`,
    ),
    sends: await db.all(sql`SELECT id, sent, failed, uncertain FROM sends ORDER BY id`),
    counts: await db.all(
      sql`SELECT send_id, kind, key, n FROM send_counts WHERE n <> 0 AND kind <> 'futile' ORDER BY 1, 2, 3`,
    ),
  }
}
