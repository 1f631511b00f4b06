import { describe, expect, test } from 'vitest'
import { subscribe } from '../../integrations/mailshot/subscriber.ts'
import {
  findSubscriber,
  listConsents,
  listSubscribers,
} from '../../integrations/mailshot/subscriber/read.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'

describe('findSubscriber', () => {
  test('gives all that is known of a person, whatever way the address is written', async () => {
    const mailshot = await openTestMailshot()
    await add(mailshot, 'Zoe@example.org', ['weekly', 'product'])

    expect(await findSubscriber(mailshot, 'ZOE@EXAMPLE.ORG')).toMatchObject({
      email: 'Zoe@example.org',
      name: 'Zoë',
      attributes: { city: 'Nîmes' },
      subscriptions: [
        { list: 'product', status: 'active', activeAt: mailshot.now(), endedAt: null },
        { list: 'weekly', status: 'active' },
      ],
      suppressed: null,
    })
  })

  test('says why an address gets nothing', async () => {
    const mailshot = await openTestMailshot()
    await add(mailshot, 'zoe@example.org', ['weekly'])
    await suppress(mailshot, 'zoe@example.org', { reason: 'complaint', actor: 'test' })

    expect(await findSubscriber(mailshot, 'zoe@example.org')).toMatchObject({
      suppressed: 'complaint',
    })
  })

  test('finds nobody for an unknown address, or for what is none', async () => {
    const mailshot = await openTestMailshot()

    expect(await findSubscriber(mailshot, 'zoe@example.org')).toBeUndefined()
    expect(await findSubscriber(mailshot, 'zoe')).toBeUndefined()
  })
})

describe('listSubscribers', () => {
  test('gives everybody page by page', async () => {
    const mailshot = await openTestMailshot()
    for (const name of ['a', 'b', 'c']) await add(mailshot, `${name}@example.org`, ['weekly'])

    const first = await listSubscribers(mailshot, { limit: 2 })
    const second = await listSubscribers(mailshot, { limit: 2, afterId: first.at(-1)?.id ?? 0 })

    expect([...first, ...second].map(({ email }) => email)).toEqual([
      'a@example.org',
      'b@example.org',
      'c@example.org',
    ])
  })

  test('gives those of some lists with one status', async () => {
    const mailshot = await openTestMailshot()
    await add(mailshot, 'a@example.org', ['weekly'])
    await add(mailshot, 'b@example.org', ['product'])
    await add(mailshot, 'c@example.org', ['weekly'], { confirmed: false })

    const emails = async (query: Parameters<typeof listSubscribers>[1]) =>
      (await listSubscribers(mailshot, query)).map(({ email }) => email)

    expect(await emails({ lists: ['weekly'] })).toEqual(['a@example.org', 'c@example.org'])
    expect(await emails({ lists: ['weekly'], status: 'pending' })).toEqual(['c@example.org'])
    expect(await emails({ lists: ['weekly', 'product'], status: 'active' })).toEqual([
      'a@example.org',
      'b@example.org',
    ])
    expect(await emails({ status: 'active' })).toEqual(['a@example.org', 'b@example.org'])
  })
})

describe('listConsents', () => {
  test('gives when and by what each subscription was asked for', async () => {
    const mailshot = await openTestMailshot()
    await add(mailshot, 'zoe@example.org', ['weekly'])
    const person = await findSubscriber(mailshot, 'zoe@example.org')

    expect(await listConsents(mailshot, person?.id ?? 0)).toMatchObject([
      { list: 'weekly', source: 'command', at: mailshot.now(), confirmedAt: mailshot.now() },
    ])
  })
})

async function add(
  mailshot: TestMailshot,
  email: string,
  lists: string[],
  { confirmed = true } = {},
): Promise<void> {
  const profile = { name: 'Zoë', lang: 'fr', attributes: { city: 'Nîmes' } }
  await subscribe(mailshot, { email, lists, ...profile, consent: { source: 'command' }, confirmed })
}
