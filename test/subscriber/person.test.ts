import { describe, expect, it } from 'vitest'
import { mirrorLists } from '../../integrations/mailshot/list.ts'
import { findPerson, openPlaces, unsubscribe } from '../../integrations/mailshot/subscriber.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { active } from './zoe.ts'

describe('findPerson', () => {
  it('tells where a person is, in the order of the config', async () => {
    const mailshot = await openTestMailshot()
    const id = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId: id, lists: ['weekly'], reason: 'page' })
    const person = await findPerson(mailshot, id)
    expect(person).toEqual({
      id,
      email: 'zoe@example.org',
      written: 'Zoe@example.org',
      name: 'Zoé',
      lang: 'fr',
      suppressed: null,
      isTracked: false,
      pausedUntil: undefined,
      attributes: { city: 'Aix' },
      places: [
        { list: 'weekly', status: 'unsubscribed', title: { fr: 'Hebdo', en: 'Weekly' } },
        { list: 'product', status: 'active', title: { fr: 'Produits', en: 'Products' } },
      ],
    })
    expect(person && openPlaces(person).map(({ list }) => list)).toEqual(['product'])
  })

  it('keeps the title of a list that vanished from the config, and puts it last', async () => {
    const mailshot = await openTestMailshot()
    const id = await active(mailshot)
    const { product, ...lists } = mailshot.config.lists
    const changed = { ...mailshot, config: { ...mailshot.config, lists } }
    await mirrorLists(changed)
    const { places = [] } = (await findPerson(changed, id)) ?? {}
    expect(places.map(({ list }) => list)).toEqual(['weekly', 'product'])
    expect(places.at(-1)?.title).toEqual(product?.title)
  })

  it('tells why the address gets nothing', async () => {
    const mailshot = await openTestMailshot()
    const id = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId: id, lists: 'all', reason: 'page' })
    expect(await findPerson(mailshot, id)).toMatchObject({ suppressed: 'unsubscribe' })
  })

  it('finds nobody for a number that nobody has', async () => {
    const mailshot = await openTestMailshot()
    expect(await findPerson(mailshot, 7)).toBeUndefined()
  })
})
