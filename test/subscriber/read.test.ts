import { describe, expect, it } from 'vitest'
import { subscribe, unsubscribe } from '../../integrations/mailshot/subscriber.ts'
import {
  findSubscriber,
  listConsents,
  listSubscribers,
} from '../../integrations/mailshot/subscriber/read.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { active, ask, form } from './zoe.ts'

describe('findSubscriber', () => {
  it('finds a person by any spelling of the address, with subscriptions and suppression', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    mailshot.clock.advance(1000)
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: 'page' })
    await suppress(mailshot, ask.email, { reason: 'manual', actor: 'command' })
    const now = mailshot.now()
    const since = { askedAt: now - 1000, activeAt: now - 1000 }
    expect(await findSubscriber(mailshot, ' ZOE@EXAMPLE.org ')).toEqual({
      id: subscriberId,
      email: 'Zoe@example.org',
      name: 'Zoé',
      lang: 'fr',
      attributes: { city: 'Aix' },
      createdAt: now - 1000,
      subscriptions: [
        { list: 'product', status: 'active', ...since, endedAt: null, endReason: null },
        { list: 'weekly', status: 'unsubscribed', ...since, endedAt: now, endReason: 'page' },
      ],
      suppressed: 'manual',
    })
  })

  it('finds nobody for a stranger, and for what is not an address', async () => {
    const mailshot = await openTestMailshot()
    await active(mailshot)
    expect(await findSubscriber(mailshot, 'bob@example.org')).toBeUndefined()
    expect(await findSubscriber(mailshot, 'zoe')).toBeUndefined()
  })
})

describe('listSubscribers', () => {
  it('gives pages in the order people came', async () => {
    const mailshot = await openTestMailshot()
    for (const name of ['zoe', 'ada', 'bob']) {
      await subscribe(mailshot, { ...ask, email: `${name}@example.org` })
    }
    const first = await listSubscribers(mailshot, { limit: 2 })
    const rest = await listSubscribers(mailshot, { limit: 2, afterId: first.at(-1)?.id ?? 0 })
    const addresses = [first, rest].map((page) => page.map(({ email }) => email))
    expect(addresses).toEqual([['zoe@example.org', 'ada@example.org'], ['bob@example.org']])
  })

  it('selects by a list and by a status, of one and the same subscription', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, lists: ['weekly'], confirmed: true })
    await subscribe(mailshot, { ...ask, lists: ['product'] })
    const found = async (query: Parameters<typeof listSubscribers>[1]) =>
      (await listSubscribers(mailshot, query)).length
    expect(await found({ list: 'weekly', status: 'active' })).toBe(1)
    expect(await found({ list: 'weekly', status: 'pending' })).toBe(0)
    expect(await found({ list: 'product' })).toBe(1)
    expect(await found({ status: 'pending' })).toBe(1)
    expect(await found({ status: 'unsubscribed' })).toBe(0)
  })
})

describe('listConsents', () => {
  it('gives every time the person asked, oldest first', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    expect(await listConsents(mailshot, subscriberId)).toMatchObject([
      { ...form, list: 'weekly', confirmedAt: mailshot.now() },
      { ...form, list: 'product', confirmedAt: mailshot.now() },
    ])
  })
})
