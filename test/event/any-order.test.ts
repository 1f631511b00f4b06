import { sql } from 'drizzle-orm/sql'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import type { DeliveryEvent } from '../../integrations/mailshot/transport.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { pastSends, reportOf } from '../past-sends.ts'
import { addReaders } from '../people.ts'

const sends = ['s1', 's2', 's3', 's4']
const readers = ['reader1@example.net', 'reader2@example.net', 'reader3@example.net']

describe('the same events', () => {
  it('end the same in any order, cut anywhere and repeated, for people, suppressions, recipients and counters', async () => {
    const given = fc.array(one, { minLength: 10, maxLength: 30, size: 'max' }).chain((events) =>
      fc.record({
        events: fc.constant(events),
        // Each at least once, some twice.
        order: fc.subarray(events).chain((twice) =>
          fc.shuffledSubarray([...events, ...twice], {
            minLength: events.length + twice.length,
          }),
        ),
        size: fc.integer({ min: 1, max: 12 }),
      }),
    )
    const run = fc.asyncProperty(given, async ({ events, order, size }) => {
      expect(await stateAfter(order, size)).toEqual(await stateAfter(events, events.length))
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
  { type: 'bounced', class: 'soft', about: 'other' },
  { type: 'delivered' },
  { type: 'opened' },
  { type: 'complained' },
  { type: 'unsubscribed' },
]
const one = fc.record({
  send: fc.constantFrom(...sends),
  email: fc.constantFrom(...readers),
  kind: fc.constantFrom(...kinds),
  after: fc.integer({ min: 1, max: 40 }),
})
type One = typeof one extends fc.Arbitrary<infer Given> ? Given : never

async function stateAfter(events: One[], size: number): Promise<unknown> {
  const mailshot = await openTestMailshot({
    refusals: { unknown: 2, hard: 2, soft: 3, forgive: 1 },
  })
  await addReaders(mailshot, 3)
  await pastSends(mailshot, sends)
  // Nobody knows yet whether these got it.
  await mailshot.db.write(
    sql`UPDATE recipients SET status = 'uncertain', settled_at = 1 WHERE send_id = 's2'`,
  )
  const reports = await Promise.all(
    events.map(({ kind, after, ...mail }) => {
      const sentAt = Date.UTC(2026, 10, 22 + Number(mail.send.slice(1)), 12)
      return reportOf(mailshot, mail, { at: sentAt + after * 3_600_000, ...kind })
    }),
  )
  mailshot.clock.advance(10 * 86_400_000)
  for (let at = 0; at < reports.length; at += size) {
    await recordEvents(mailshot, 'memory', reports.slice(at, at + size))
  }
  return readState(mailshot)
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
      sql`SELECT send_id, kind, key, n FROM send_counts WHERE n <> 0 ORDER BY 1, 2, 3`,
    ),
  }
}
