import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { openTally } from '../../integrations/mailshot/deliver/tally.ts'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { domainFindings, readFigures } from '../../integrations/mailshot/event/figures.ts'
import { openGuard } from '../../integrations/mailshot/event/guard.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import { readStatistics } from '../../integrations/mailshot/send/statistics.ts'
import type { DeliveryEvent } from '../../integrations/mailshot/transport.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { pastSends, reportOf } from '../past-sends.ts'
import { addReaders } from '../people.ts'
import { eventOf, recipientRow, sentTo } from '../sent-mails.ts'

const day = 86_400_000
const soft = { type: 'rejected', class: 'soft', about: 'other' } as const

describe('a mail that a provider rejects after taking it', () => {
  it('is noted with its recipient, below what says that it arrived or came back', async () => {
    const { mailshot, mails } = await sentTo(1)
    const { id, ourId } = mails[0]
    const after = async (event: Partial<DeliveryEvent>) => {
      await recordEvents(mailshot, 'relay', [eventOf({ ourId, ...event })])
      const { status, delivery, delivery_class: lasting } = await recipientRow(mailshot, id)
      return [status, delivery, lasting]
    }
    expect(await after({ type: 'deferred' })).toEqual(['sent', 'deferred', null])
    expect(await after({ type: 'rejected' })).toEqual(['sent', 'rejected', 'soft'])
    expect(await after({ type: 'rejected', class: 'hard' })).toEqual(['sent', 'rejected', 'hard'])
    expect(await after({ type: 'delivered' })).toEqual(['sent', 'delivered', null])
    expect(await after({ type: 'rejected', at: 5 })).toEqual(['sent', 'delivered', null])
    expect(await after({ type: 'bounced' })).toEqual(['sent', 'bounced', 'soft'])
  })

  it('counts as a failure of its send and its domain, and not as delivered', async () => {
    const { mailshot, mails, sendId } = await sentTo(100)
    const tally = openTally()
    for (const { email } of mails) tally.note({ sendId, written: email }, 'sent')
    await tally.write(mailshot)
    await rejectAll(mailshot, mails.slice(0, 30))
    const { guard } = mailshot.config
    if (guard === false) throw new Error('there is a guard')
    expect(await readFigures(mailshot, sql`s.id = ${sendId}`)).toMatchObject({ failures: 30 })
    expect(await domainFindings(mailshot, sendId, guard)).toMatchObject([{ count: 30, of: 100 }])
    expect(await readStatistics(mailshot, sendId)).toMatchObject({
      delivered: { count: 70 },
      rejected: 30,
      domains: [{ domain: 'example.net', sent: 100, rejected: 30 }],
    })
  })

  it('is not counted beside a failure of the same mail', async () => {
    const { mailshot, mails, sendId } = await sentTo(3)
    const failures = async () => (await readFigures(mailshot, sql`s.id = ${sendId}`)).failures
    await mailshot.db.write(
      sql`UPDATE recipients SET status = 'uncertain', settled_at = 1 WHERE id = 1`,
      sql`UPDATE recipients SET status = 'failed', settled_at = 1 WHERE id = 2`,
    )
    await rejectAll(mailshot, mails)
    expect((await recipientRow(mailshot, 1))['status']).toBe('failed')
    expect(await failures()).toBe(3)
    await recordEvents(mailshot, 'relay', [eventOf({ type: 'opened', ourId: 's1.1' })])
    expect((await recipientRow(mailshot, 1))['status']).toBe('sent')
    expect(await failures()).toBe(3)
  })

  it('makes the guard pause a send of which half came to nothing so', async () => {
    const { mailshot, mails, sendId } = await sentTo(100)
    await rejectAll(mailshot, mails.slice(0, 50))
    await openGuard(mailshot, openTally()).look()
    expect(await readSend(mailshot, sendId)).toMatchObject({
      status: 'paused',
      reason: 'guard: 50 of 100 (50 %) failed; the limit is 50 %',
    })
  })

  it('counts for nobody where nobody got the send, until somebody turns out to have got it', async () => {
    const mailshot = await openTestMailshot({})
    await addReaders(mailshot, 3)
    const sends = ['s1', 's2', 's3', 's4', 's5', 's6']
    await pastSends(mailshot, sends)
    mailshot.clock.advance(10 * day)
    const full = { type: 'rejected', class: 'soft', about: 'mailbox' } as const
    for (const send of sends) {
      for (const reader of [1, 2, 3]) {
        const mail = { send, email: `reader${reader}@example.net` }
        await recordEvents(mailshot, 'relay', [await reportOf(mailshot, mail, full)])
      }
    }
    expect(await places(mailshot)).toEqual(['active', 'active', 'active'])
    for (const send of sends) {
      const mail = { send, email: 'reader3@example.net' }
      await recordEvents(mailshot, 'relay', [await reportOf(mailshot, mail, { type: 'delivered' })])
    }
    expect(await places(mailshot)).toEqual(['unsubscribed', 'unsubscribed', 'unsubscribed'])
  })
})

async function rejectAll(mailshot: TestMailshot, mails: { ourId: string }[]): Promise<void> {
  await recordEvents(
    mailshot,
    'relay',
    mails.map(({ ourId }) => eventOf({ ...soft, ourId })),
  )
}

async function places({ db }: TestMailshot): Promise<string[]> {
  const rows = await db.all<{ status: string }>(
    sql`SELECT status FROM subscriptions ORDER BY subscriber_id`,
  )
  return rows.map(({ status }) => status)
}
