import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import {
  confirm,
  findConfirmation,
  subscribe,
  type SubscribeRequest,
  unsubscribe,
} from '../../integrations/mailshot/subscriber.ts'
import { findSuppression, suppress } from '../../integrations/mailshot/suppression.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { ask, asked, confirmationToken, lettersOf, placesOf, recordOf } from './zoe.ts'

const minute = 60_000
const day = 86_400_000

const fields = {
  city: { type: 'text', form: 'optional' },
  ads: { type: 'consent', label: 'Write me about anything', form: 'optional' },
} as const
const ticking: Pick<SubscribeRequest, 'attributes' | 'consent'> = {
  attributes: { city: 'Evil', ads: true },
  consent: { ...ask.consent, fields: [{ field: 'ads', wording: 'Write me about anything' }] },
}
/** The same by a small form. */
const bare: SubscribeRequest = { email: ask.email, lists: ['weekly'], consent: ask.consent }

async function unconfirmed(mailshot: TestMailshot): Promise<string[]> {
  const { consents = [] } = (await recordOf(mailshot)) ?? {}
  return consents.filter(({ confirmedAt }) => confirmedAt === null).map(({ list }) => list)
}

describe('confirm', () => {
  it('makes active all that was asked for, and notes when', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    mailshot.clock.advance(minute)
    expect(await confirm(mailshot, await confirmationToken(mailshot))).toMatchObject({
      status: 'confirmed',
      lists: ['product', 'weekly'],
    })
    const person = await recordOf(mailshot)
    expect(person?.subscriptions).toMatchObject([
      { status: 'active', activeAt: mailshot.now() },
      { status: 'active', activeAt: mailshot.now() },
    ])
    expect(person?.consents.map((consent) => consent.confirmedAt)).toEqual([
      mailshot.now(),
      mailshot.now(),
    ])
  })

  it('believes what the ask said that is confirmed, and welcomes accordingly', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, name: 'Win a car', lang: 'en' })
    mailshot.clock.advance(11 * minute)
    await subscribe(mailshot, { ...ask, email: 'ZOE@example.org', attributes: { plan: 'pro' } })
    const token = await confirmationToken(mailshot)
    expect(await findConfirmation(mailshot, token)).toMatchObject({
      status: 'ready',
      person: { written: 'ZOE@example.org', name: 'Zoé', lang: 'fr' },
    })
    await confirm(mailshot, token)
    const person = await recordOf(mailshot)
    expect(person).toMatchObject({ email: 'ZOE@example.org', name: 'Zoé', lang: 'fr' })
    expect(person?.attributes).toEqual({ plan: 'pro' })
    expect(await lettersOf(mailshot, 'welcome')).toMatchObject([
      { email: 'ZOE@example.org', lang: 'fr' },
    ])
  })

  it('does not believe another ask than the one confirmed, nor any of an active reader', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, lists: ['weekly'] })
    const token = await confirmationToken(mailshot)
    mailshot.clock.advance(11 * minute)
    await subscribe(mailshot, { ...ask, name: 'Win a car' })
    const later = await confirmationToken(mailshot)
    await confirm(mailshot, token)
    expect(await recordOf(mailshot)).toMatchObject({ name: 'Zoé' })
    await confirm(mailshot, later)
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'active' })
    expect(await recordOf(mailshot)).toMatchObject({ name: 'Zoé' })
  })

  it('lets nothing remain of what another ask said of somebody new, box nor name', async () => {
    const mailshot = await openTestMailshot({ fields })
    await subscribe(mailshot, { ...ask, name: 'Win a car', ...ticking })
    mailshot.clock.advance(11 * minute)
    await subscribe(mailshot, { ...bare, attributes: { ads: false } })
    const token = await confirmationToken(mailshot)
    expect(await findConfirmation(mailshot, token)).toMatchObject({ agreed: [] })
    await confirm(mailshot, token)
    const person = await recordOf(mailshot)
    expect(person).toMatchObject({ name: '', lang: 'fr', attributes: { ads: false } })
    expect(person?.attributes).toEqual({ ads: false })
    expect(await unconfirmed(mailshot)).toEqual(['field:ads'])
    expect(await lettersOf(mailshot, 'welcome')).toMatchObject([{ values: { name: '' } }])
  })

  it('confirms the boxes of the ask confirmed, in its words', async () => {
    const mailshot = await openTestMailshot({ fields })
    await subscribe(mailshot, { ...ask, ...ticking })
    mailshot.clock.advance(11 * minute)
    const attributes = { city: 'Lyon', ads: true }
    await subscribe(mailshot, { ...bare, ...ticking, attributes })
    const token = await confirmationToken(mailshot)
    const agreed = [{ field: 'ads', wording: 'Write me about anything' }]
    expect(await findConfirmation(mailshot, token)).toMatchObject({ agreed })
    await confirm(mailshot, token)
    const person = await recordOf(mailshot)
    expect(person?.attributes).toEqual(attributes)
    const boxes = person?.consents.filter(({ list }) => list === 'field:ads')
    expect(boxes?.map(({ confirmedAt }) => confirmedAt)).toEqual([null, mailshot.now()])
    // Only asks for lists count as asks.
    for (const list of ['weekly', 'product']) {
      await unsubscribe(mailshot, { subscriberId: 1, lists: [list], reason: 'page' })
      mailshot.clock.advance(11 * minute)
      await subscribe(mailshot, { ...bare, lists: [list] })
      await confirm(mailshot, await confirmationToken(mailshot))
    }
    expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(4)
  })

  it('neither asks an active reader for a box, nor confirms or keeps it', async () => {
    const mailshot = await openTestMailshot({ fields })
    await subscribe(mailshot, { ...bare, attributes: { ads: false }, confirmed: true })
    mailshot.clock.advance(minute)
    await subscribe(mailshot, { ...ask, lists: ['product'], ...ticking })
    const token = await confirmationToken(mailshot)
    expect(await findConfirmation(mailshot, token)).toMatchObject({ status: 'ready', agreed: [] })
    await confirm(mailshot, token)
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'active' })
    expect(await recordOf(mailshot)).toMatchObject({ name: '', attributes: { ads: false } })
    expect(await unconfirmed(mailshot)).toEqual(['field:ads'])
  })

  it('welcomes once, at the first confirmation', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, lists: ['weekly'] })
    const token = await confirmationToken(mailshot)
    await Promise.all([confirm(mailshot, token), confirm(mailshot, token)])
    mailshot.clock.advance(day)
    await subscribe(mailshot, ask)
    await confirm(mailshot, await confirmationToken(mailshot))
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'active' })
    expect(await lettersOf(mailshot, 'welcome')).toMatchObject([{ values: { lists: 'Hebdo' } }])
  })

  it('changes nothing the second time, and answers the same', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    const token = await confirmationToken(mailshot)
    const first = await confirm(mailshot, token)
    const before = await recordOf(mailshot)
    mailshot.clock.advance(day)
    expect(await confirm(mailshot, token)).toEqual(first)
    expect(await recordOf(mailshot)).toEqual(before)
  })

  it('does not confirm what was asked for after the letter', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, lists: ['weekly'] })
    const token = await confirmationToken(mailshot)
    mailshot.clock.advance(minute)
    await subscribe(mailshot, { ...ask, lists: ['product'] })
    await confirm(mailshot, token)
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'pending' })
  })

  it('takes the first link still, after the person has asked again', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    const token = await confirmationToken(mailshot)
    mailshot.clock.advance(11 * minute)
    await subscribe(mailshot, ask)
    expect(await confirmationToken(mailshot)).not.toBe(token)
    expect(await confirm(mailshot, token)).toMatchObject({ status: 'confirmed' })
  })

  it('confirms no consent for a list that was left before', async () => {
    const mailshot = await openTestMailshot()
    const { subscriberId } = await asked(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: 'page' })
    mailshot.clock.advance(11 * minute)
    await subscribe(mailshot, { ...ask, lists: ['product'] })
    await confirm(mailshot, await confirmationToken(mailshot))
    const { consents = [] } = (await recordOf(mailshot)) ?? {}
    const confirmed = consents.filter((consent) => consent.confirmedAt !== null)
    expect(confirmed.map((consent) => consent.list)).toEqual(['product', 'product'])
  })

  it('brings back nobody who has left since', async () => {
    const mailshot = await openTestMailshot()
    const { subscriberId } = await asked(mailshot)
    const token = await confirmationToken(mailshot)
    mailshot.clock.advance(minute)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'page' })
    expect(await confirm(mailshot, token)).toEqual({ status: 'ended' })
    expect(await placesOf(mailshot)).toEqual({ weekly: 'unsubscribed', product: 'unsubscribed' })
    expect(await findSuppression(mailshot, ask.email)).toMatchObject({ reason: 'unsubscribe' })
  })

  it('lifts what the person may lift, for one who asked again', async () => {
    const mailshot = await openTestMailshot()
    const { subscriberId } = await asked(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'page' })
    mailshot.clock.advance(minute)
    await subscribe(mailshot, { ...ask, lists: ['weekly'] })
    await confirm(mailshot, await confirmationToken(mailshot))
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'unsubscribed' })
    const person = await recordOf(mailshot)
    expect(person?.suppression).toBeUndefined()
    expect(person?.history.at(-1)).toMatchObject({ action: 'lift', actor: 'subscriber' })
  })

  it('lifts a hard bounce for one who is active still', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, confirmed: true })
    await suppress(mailshot, ask.email, { reason: 'hard-bounce', actor: 'event' })
    mailshot.clock.advance(day)
    expect(await subscribe(mailshot, ask)).toMatchObject({ status: 'asked' })
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'active' })
    expect(await confirm(mailshot, await confirmationToken(mailshot))).toMatchObject({
      status: 'confirmed',
    })
    expect(await findSuppression(mailshot, ask.email)).toBeUndefined()
  })

  it('does nothing for an address that only the operator can lift', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    await suppress(mailshot, ask.email, { reason: 'complaint', actor: 'event' })
    expect(await confirm(mailshot, await confirmationToken(mailshot))).toEqual({
      status: 'suppressed',
    })
    expect(await placesOf(mailshot)).toEqual({ weekly: 'pending', product: 'pending' })
  })

  it('refuses a link that is too old, and one that was not signed here', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    const token = await confirmationToken(mailshot)
    mailshot.clock.advance(14 * day)
    expect(await confirm(mailshot, token)).toEqual({ status: 'expired' })
    expect(await confirm(mailshot, `${token.slice(0, -1)}_`)).toEqual({ status: 'malformed' })
    expect(await confirm(mailshot, `B${token.slice(1)}`)).toEqual({ status: 'forged' })
    expect(await placesOf(mailshot)).toEqual({ weekly: 'pending', product: 'pending' })
  })
})

describe('findConfirmation', () => {
  it('tells what the link would do, and changes nothing', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    const token = await confirmationToken(mailshot)
    const before = await recordOf(mailshot)
    const found = await findConfirmation(mailshot, token)
    expect(found).toMatchObject({ status: 'ready', lists: ['product', 'weekly'] })
    expect(found).toMatchObject({ person: { written: 'Zoe@example.org', lang: 'fr' } })
    expect(await recordOf(mailshot)).toEqual(before)
  })

  it('tells that the link was followed before', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, lists: ['weekly'] })
    const token = await confirmationToken(mailshot)
    await confirm(mailshot, token)
    expect(await findConfirmation(mailshot, token)).toMatchObject({
      status: 'confirmed',
      lists: ['weekly'],
    })
  })

  it('is ready to lift a hard bounce for one who is active still', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, { ...ask, confirmed: true })
    await suppress(mailshot, ask.email, { reason: 'hard-bounce', actor: 'event' })
    mailshot.clock.advance(day)
    await subscribe(mailshot, ask)
    const token = await confirmationToken(mailshot)
    expect(await findConfirmation(mailshot, token)).toMatchObject({ status: 'ready' })
    await confirm(mailshot, token)
    expect(await findConfirmation(mailshot, token)).toMatchObject({ status: 'confirmed' })
  })

  it('tells of an expired link whom it was for, and what still waits', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    const token = await confirmationToken(mailshot)
    mailshot.clock.advance(14 * day)
    expect(await findConfirmation(mailshot, token)).toMatchObject({
      status: 'expired',
      person: { lang: 'fr' },
      lists: ['product', 'weekly'],
    })
  })

  it('tells of one who has left since, and of one who may not come back alone', async () => {
    const mailshot = await openTestMailshot()
    const { subscriberId } = await asked(mailshot)
    const token = await confirmationToken(mailshot)
    await suppress(mailshot, ask.email, { reason: 'manual', actor: 'command' })
    expect(await findConfirmation(mailshot, token)).toMatchObject({ status: 'suppressed' })
    await mailshot.db.write(sql`DELETE FROM suppressions`)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'page' })
    expect(await findConfirmation(mailshot, token)).toMatchObject({ status: 'ended' })
  })

  it('refuses what was not signed here', async () => {
    const mailshot = await openTestMailshot()
    await subscribe(mailshot, ask)
    const token = await confirmationToken(mailshot)
    expect(await findConfirmation(mailshot, `B${token.slice(1)}`)).toEqual({ status: 'forged' })
    expect(await findConfirmation(mailshot, '')).toEqual({ status: 'malformed' })
  })
})
