import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import { findSuppression } from '../../integrations/mailshot/suppression.ts'
import type { Outcome } from '../../integrations/mailshot/transport.ts'
import { memory, type MemoryTransport } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

const zoe = 'reader1@example.net'

describe('a refusal at the hand-over', () => {
  it('is an event, once, with what it is about', async () => {
    const { mailshot } = await sentWhere({
      status: 'rejected',
      class: 'hard',
      enhanced: '5.1.1',
      reason: '550 5.1.1 <reader1@example.net>: user unknown',
    })
    expect(await eventsOf(mailshot)).toEqual([
      {
        type: 'rejected',
        word: 'hand-over',
        class: 'hard',
        about: 'address',
        status: '5.1.1',
        email: zoe,
        send: 1,
      },
    ])
    expect((await findSuppression(mailshot, zoe))?.reason).toBe('hard-bounce')
  })

  it('counts after the last try of one that was put off', async () => {
    const { mailshot } = await sentWhere(
      { status: 'deferred', scope: 'recipient', reason: '452 4.2.2 mailbox full' },
      { maxTries: 2 },
    )
    expect(await eventsOf(mailshot)).toMatchObject([{ class: 'soft', about: 'mailbox' }])
  })

  it('never counts where it is about the content, or anything but the mailbox', async () => {
    const { mailshot } = await sentWhere({
      status: 'rejected',
      class: 'soft',
      enhanced: '5.7.1',
      reason: '550 5.7.1 message rejected as spam',
    })
    expect(await eventsOf(mailshot)).toMatchObject([{ about: 'other' }])
  })

  it('believes a transport that says no more than how lasting it is', async () => {
    const { mailshot } = await sentWhere({ status: 'rejected', class: 'hard', reason: 'declined' })
    expect(await eventsOf(mailshot)).toMatchObject([{ class: 'hard', about: 'mailbox' }])
  })

  it('ends subscriptions at the third send, the first to be refused too, before anybody got it', async () => {
    const { mailshot, transport } = await openRefusing({
      status: 'rejected',
      class: 'hard',
      reason: '550 5.2.1 mailbox disabled',
    })
    const statuses: unknown[] = []
    for (const edition of ['1', '2', '3']) {
      await startFixture(mailshot, 'hello', { as: `hello-${edition}`, edition })
      await deliver(mailshot, { untilDone: true })
      statuses.push((await findSubscriber(mailshot, zoe))?.subscriptions[0]?.status)
    }
    expect(statuses).toEqual(['active', 'active', 'unsubscribed'])
    expect(transport.sentTo('reader2@example.net')).toHaveLength(3)
  })
})

async function sentWhere(outcome: Outcome, config: { maxTries?: number } = {}) {
  const opened = await openRefusing(outcome, config)
  await startFixture(opened.mailshot, 'hello')
  await deliver(opened.mailshot, { untilDone: true })
  return opened
}

/** Two readers, of whom the first is answered that. */
async function openRefusing(
  outcome: Outcome,
  config: { maxTries?: number } = {},
): Promise<{ mailshot: TestMailshot; transport: MemoryTransport }> {
  const transport = memory({ parallel: 1 })
  transport.failWhen((message) => (message.envelope.to.toLowerCase() === zoe ? outcome : undefined))
  const mailshot = await openTestMailshot({ transport, ...config })
  await addReaders(mailshot, 2)
  return { mailshot, transport }
}

async function eventsOf({ db }: TestMailshot): Promise<unknown[]> {
  return db.all(sql`SELECT e.type, e.word, e.class, e.about, e.status, e.email, count(s.id) AS send
    FROM events AS e JOIN sends AS s ON s.id = e.send_id GROUP BY e.id`)
}
