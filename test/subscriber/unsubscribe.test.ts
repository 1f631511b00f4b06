import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { unsubscribe } from '../../integrations/mailshot/subscriber.ts'
import { findSuppression, suppress } from '../../integrations/mailshot/suppression.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { active, ask, recordOf } from './zoe.ts'

const day = 86_400_000

describe('unsubscribe', () => {
  it('ends the subscriptions named, and no other, with the reason', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    const done = await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: 'page' })
    expect(done).toEqual({ ended: ['weekly'] })
    const person = await recordOf(mailshot)
    expect(person).toMatchObject({
      subscriptions: [
        { list: 'product', status: 'active' },
        { list: 'weekly', status: 'unsubscribed', endedAt: mailshot.now(), endReason: 'page' },
      ],
      history: [
        { action: 'subscribe' },
        { action: 'unsubscribe', detail: { lists: ['weekly'], reason: 'page' } },
      ],
    })
    expect(person?.suppression).toBeUndefined()
  })

  it('ends everything and suppresses the address', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    const { ended } = await unsubscribe(mailshot, {
      subscriberId,
      lists: 'all',
      reason: 'one-click',
    })
    expect(ended.toSorted()).toEqual(['product', 'weekly'])
    expect(await findSuppression(mailshot, ask.email)).toMatchObject({
      reason: 'unsubscribe',
      note: 'one-click',
    })
  })

  it('changes nothing the second time, and notes it once', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    const all = { subscriberId, lists: 'all', reason: 'one-click' } as const
    await unsubscribe(mailshot, all)
    const before = await recordOf(mailshot)
    mailshot.clock.advance(day)
    expect(await unsubscribe(mailshot, all)).toEqual({ ended: [] })
    expect(await recordOf(mailshot)).toEqual(before)
  })

  it('leaves a stronger suppression as it is', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await suppress(mailshot, ask.email, { reason: 'complaint', actor: 'event' })
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'page' })
    expect(await findSuppression(mailshot, ask.email)).toMatchObject({ reason: 'complaint' })
  })

  it('does nothing for nobody, and for a list the person is not on', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    const before = await recordOf(mailshot)
    await unsubscribe(mailshot, { subscriberId: 99, lists: 'all', reason: 'page' })
    await unsubscribe(mailshot, { subscriberId, lists: ['other'], reason: 'page' })
    expect(await recordOf(mailshot)).toEqual(before)
    expect(await mailshot.db.all(sql`SELECT action FROM audit`)).toEqual([{ action: 'subscribe' }])
  })
})
