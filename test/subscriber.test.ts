import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { confirm, subscribe, unsubscribe } from '../integrations/mailshot/subscriber.ts'
import { findSuppression, lift, suppress } from '../integrations/mailshot/suppression.ts'
import { openTestMailshot } from './open-test-mailshot.ts'
import {
  ask,
  asked,
  confirmationToken,
  form,
  lettersOf,
  placesOf,
  recordOf,
} from './subscriber/zoe.ts'

const minute = 60_000
const day = 86_400_000

describe('subscribe', () => {
  it('waits for one confirmation of all lists, in the language of the reader', async () => {
    const mailshot = await openTestMailshot()
    const { status } = await subscribe(mailshot, ask)
    expect(status).toBe('asked')
    expect(await placesOf(mailshot)).toEqual({ weekly: 'pending', product: 'pending' })
    const letters = await lettersOf(mailshot, 'confirmation')
    expect(letters).toMatchObject([
      { email: 'Zoe@example.org', lang: 'fr', values: { lists: 'Hebdo et Produits' } },
    ])
    expect(letters[0]?.values['url']).toMatch(/^https:\/\/example\.org\/mailshot\/confirm\/[\w-]+$/)
  })

  it('notes when, from where, by which form and which wording, and of whom no more yet', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    const person = await recordOf(mailshot)
    expect(person).toMatchObject({ name: '', lang: 'fr' })
    expect(person?.attributes).toEqual({})
    expect(person?.consents).toMatchObject([
      { ...form, list: 'weekly', at: mailshot.now(), confirmedAt: null },
      { ...form, list: 'product', at: mailshot.now(), confirmedAt: null },
    ])
  })

  it('takes a form sent twice, even at once, as one ask', async () => {
    const mailshot = await openTestMailshot()
    await Promise.all([subscribe(mailshot, ask), subscribe(mailshot, ask)])
    mailshot.clock.advance(9 * minute)
    await subscribe(mailshot, ask)
    expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(1)
    expect((await recordOf(mailshot))?.consents).toHaveLength(2)
  })

  it('mails a further confirmation later, but three a day at most', async () => {
    const mailshot = await openTestMailshot()
    for (let time = 0; time < 6; time++) {
      await subscribe(mailshot, ask)
      mailshot.clock.advance(11 * minute)
    }
    expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(3)
    const { subscriberId } = await asked(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: 'operator' })
    await subscribe(mailshot, ask)
    // What waits anew without a mail is noted all the same.
    const lines = (await recordOf(mailshot))?.history.map(({ action }) => action)
    expect(lines).toEqual(['ask', 'ask', 'ask', 'unsubscribe', 'ask'])
    expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(3)
    mailshot.clock.advance(day)
    await subscribe(mailshot, ask)
    expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(4)
  })

  it('does not count what was confirmed towards those three', async () => {
    const titles = Object.fromEntries(['a', 'b', 'c', 'd'].map((id) => [id, { title: id }]))
    const mailshot = await openTestMailshot({ lists: titles })
    for (const list of Object.keys(titles)) {
      await subscribe(mailshot, { ...ask, lists: [list] })
      await confirm(mailshot, await confirmationToken(mailshot))
      mailshot.clock.advance(minute)
    }
    expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(4)
  })

  it('mails at once for a list that was not asked for before', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, lists: ['weekly'] })
    await subscribe(mailshot, { ...ask, lists: ['weekly', 'product'] })
    const lists = (await lettersOf(mailshot, 'confirmation')).map(({ values }) => values['lists'])
    expect(lists).toEqual(['Hebdo', 'Hebdo et Produits'])
  })

  it('mails nothing to whoever is active already', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, confirmed: true })
    expect(await subscribe(mailshot, ask)).toMatchObject({ status: 'unchanged' })
    expect(await lettersOf(mailshot, 'confirmation')).toEqual([])
  })

  it('does not let a stranger rewrite what an active reader said', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, lists: ['weekly'], confirmed: true })
    await subscribe(mailshot, { ...ask, name: 'Win a car', email: 'ZOE@example.org' })
    expect(await recordOf(mailshot)).toMatchObject({
      name: 'Zoé',
      email: 'Zoe@example.org',
    })
  })

  it('changes nothing stored of a person who waits, has left, or wants nothing any more', async () => {
    const mailshot = await openTestMailshot()
    const { subscriberId } = await asked(mailshot)
    const stored = () => mailshot.db.all(sql`SELECT * FROM subscribers`)
    const before = await stored()
    const stranger = { ...ask, ...byStranger }
    mailshot.clock.advance(11 * minute)
    await subscribe(mailshot, stranger)
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: 'page' })
    await subscribe(mailshot, stranger)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'page' })
    await subscribe(mailshot, stranger)
    expect(await stored()).toEqual(before)
  })

  it('changes nothing stored of a known person by a list that needs no confirmation', async () => {
    const mailshot = await openTestMailshot({
      lists: { weekly: { title: 'W' }, news: { title: 'N', doubleOptIn: false } },
    })
    await subscribe(mailshot, { ...ask, lists: ['weekly'] })
    const before = await mailshot.db.all(sql`SELECT * FROM subscribers`)
    await subscribe(mailshot, { ...ask, ...byStranger, lists: ['news'] })
    expect(await mailshot.db.all(sql`SELECT * FROM subscribers`)).toEqual(before)
  })

  it('takes what the operator vouches for, and keeps what is not said, while nothing is active', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, confirmed: true })
    const { email, lists, consent } = ask
    await unsubscribe(mailshot, { subscriberId: 1, lists, reason: 'operator' })
    await subscribe(mailshot, { ...ask, ...byStranger })
    const said = { lang: 'en', attributes: { plan: 'pro' } }
    await subscribe(mailshot, { email, lists, consent, ...said, confirmed: true })
    expect(await recordOf(mailshot)).toMatchObject({
      name: 'Zoé',
      lang: 'en',
      attributes: { city: 'Aix', plan: 'pro' },
    })
  })

  it('is active at once on lists without double opt-in', async () => {
    const mailshot = await openTestMailshot({ lists: { news: { title: 'N', doubleOptIn: false } } })
    expect(await subscribe(mailshot, { ...ask, lists: ['news'] })).toMatchObject({
      status: 'active',
    })
    expect(await placesOf(mailshot)).toEqual({ news: 'active' })
    expect(await recordOf(mailshot)).toMatchObject({
      name: 'Zoé',
      attributes: { city: 'Aix' },
      consents: [{ list: 'news', confirmedAt: null }],
    })
  })

  it('is active at once for whom the operator vouches, and notes it as confirmed', async () => {
    const mailshot = await openTestMailshot()
    const consent = { source: 'command' } as const
    await subscribe(mailshot, ask)
    await subscribe(mailshot, { ...ask, consent, confirmed: true })
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'active' })
    const { consents = [] } = (await recordOf(mailshot)) ?? {}
    expect(consents.filter(({ source }) => source === 'command')).toMatchObject([
      { list: 'weekly', confirmedAt: mailshot.now() },
      { list: 'product', confirmedAt: mailshot.now() },
    ])
  })

  it('notes a consent for each subscription that becomes active, however many a day', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e']
    const lists = Object.fromEntries(ids.map((id) => [id, { title: id, doubleOptIn: false }]))
    const mailshot = await openTestMailshot({ lists })
    for (const id of ids) {
      mailshot.clock.advance(60_000)
      await subscribe(mailshot, { ...ask, lists: [id] })
    }
    const rows = await mailshot.db.all<{ id: string }>(
      sql`SELECT list_id AS id FROM consents ORDER BY list_id`,
    )
    expect(rows.map(({ id }) => id)).toEqual(ids)
  })

  it('notes the confirmation of somebody who had asked just before', async () => {
    const mailshot = await openTestMailshot()
    const byCommand = { ...ask, lists: ['weekly'], consent: { source: 'command' } as const }
    await subscribe(mailshot, byCommand)
    mailshot.clock.advance(60_000)
    await subscribe(mailshot, { ...byCommand, confirmed: true })
    const confirmed = await mailshot.db.all(
      sql`SELECT confirmed_at FROM consents WHERE confirmed_at = ${mailshot.now()}`,
    )
    expect(confirmed).toHaveLength(1)
  })

  it('says what is wrong, and writes nothing', async () => {
    const mailshot = await openTestMailshot()
    const wrong = { email: 'zoe', lists: ['weakly'], attributes: { plan: 'gold', shoe: 44 } }
    expect(await subscribe(mailshot, { ...wrong, consent: ask.consent })).toEqual({
      status: 'invalid',
      problems: [
        { field: 'email', text: '"zoe" is not an e-mail address' },
        { field: 'lists', text: 'there is no list "weakly"' },
        { field: 'profile', text: 'plan: "gold" is not one of free, pro' },
        { field: 'profile', text: 'shoe: there is no such field' },
      ],
    })
    expect(await subscribe(mailshot, { ...ask, lists: [] })).toMatchObject({
      problems: [{ field: 'lists', text: 'no list is chosen' }],
    })
    expect(await recordOf(mailshot)).toBeUndefined()
  })

  it('keeps a form off a list that is not public, but not the operator', async () => {
    const mailshot = await openTestMailshot({ lists: { staff: { title: 'S', public: false } } })
    const request = { ...ask, lists: ['staff'] }
    expect(await subscribe(mailshot, request)).toMatchObject({ status: 'invalid' })
    expect(await subscribe(mailshot, { ...request, consent: { source: 'command' } })).toMatchObject(
      { status: 'asked' },
    )
  })

  it('writes nothing for an address that only the operator can lift', async () => {
    const mailshot = await openTestMailshot()
    await suppress(mailshot, ask.email, { reason: 'complaint', actor: 'event' })
    expect(await subscribe(mailshot, ask)).toEqual({ status: 'suppressed', reason: 'complaint' })
    expect(await recordOf(mailshot)).toBeUndefined()
    expect(await lettersOf(mailshot, 'confirmation')).toEqual([])
  })

  it('lets who left everything ask again, with a confirmation even without double opt-in', async () => {
    const mailshot = await openTestMailshot({ lists: { news: { title: 'N', doubleOptIn: false } } })
    await suppress(mailshot, ask.email, { reason: 'unsubscribe', actor: 'page' })
    expect(await subscribe(mailshot, { ...ask, lists: ['news'] })).toMatchObject({
      status: 'asked',
    })
    expect(await findSuppression(mailshot, ask.email)).toBeDefined()
  })

  it('mails one confirmation to who left everything, until its link has expired', async () => {
    const mailshot = await openTestMailshot()
    await suppress(mailshot, ask.email, { reason: 'unsubscribe', actor: 'page' })
    mailshot.clock.advance(minute)
    for (let time = 0; time < 13; time++) {
      await subscribe(mailshot, { ...ask, lists: [time % 2 === 0 ? 'weekly' : 'product'] })
      mailshot.clock.advance(day)
    }
    expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(1)
    mailshot.clock.advance(day)
    await subscribe(mailshot, ask)
    expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(2)
  })

  it('mails one confirmation for each time that mail came back', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    for (let time = 0; time < 2; time++) {
      mailshot.clock.advance(minute)
      await suppress(mailshot, ask.email, { reason: 'hard-bounce', actor: 'event' })
      mailshot.clock.advance(11 * minute)
      await subscribe(mailshot, ask)
      mailshot.clock.advance(11 * minute)
      await subscribe(mailshot, ask)
      expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(2 + time)
      await confirm(mailshot, await confirmationToken(mailshot))
    }
  })

  it('does not lift for whom the operator vouches: that is asked for by its name', async () => {
    const mailshot = await openTestMailshot()
    await suppress(mailshot, ask.email, { reason: 'unsubscribe', actor: 'page' })
    const vouched = { ...ask, confirmed: true }
    expect(await subscribe(mailshot, vouched)).toMatchObject({ status: 'suppressed' })
    await lift(mailshot, ask.email, { actor: 'command' })
    expect(await subscribe(mailshot, vouched)).toMatchObject({ status: 'active' })
  })
})

/** What somebody else writes beside her address, and how they write that. */
const byStranger = {
  email: 'ZOE@example.org',
  name: 'Win a car',
  lang: 'en',
  attributes: { city: 'Nowhere' },
}
