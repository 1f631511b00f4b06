import { describe, expect, it } from 'vitest'
import {
  changePreferences,
  type PreferencesRequest,
  unsubscribe,
} from '../../integrations/mailshot/subscriber.ts'
import { findSuppression, suppress } from '../../integrations/mailshot/suppression.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { active, ask, asked, lettersOf, placesOf, recordOf } from './zoe.ts'

const minute = 60_000

describe('changePreferences', () => {
  it('leaves what is not chosen any more, and nothing else', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    const change = request(subscriberId, { chosen: ['product'] })
    expect(await changePreferences(mailshot, change)).toEqual({
      status: 'changed',
      joined: [],
      left: ['weekly'],
    })
    const person = await recordOf(mailshot)
    expect(person?.subscriptions).toMatchObject([
      { list: 'product', status: 'active' },
      { list: 'weekly', status: 'unsubscribed', endReason: 'preferences' },
    ])
  })

  it('leaves no list that the form did not show', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await changePreferences(mailshot, request(subscriberId, { shown: ['weekly'], chosen: [] }))
    expect(await placesOf(mailshot)).toEqual({ weekly: 'unsubscribed', product: 'active' })
  })

  it('joins at once, with a confirmed consent of this form, and mails no confirmation', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: 'one-click' })
    mailshot.clock.advance(minute)
    const consent = { wording: 'Je souhaite recevoir : Hebdo', userAgent: 'Firefox' }
    const change = request(subscriberId, { consent })
    expect(await changePreferences(mailshot, change)).toMatchObject({ joined: ['weekly'] })
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'active' })
    const { consents = [] } = (await recordOf(mailshot)) ?? {}
    expect(consents.at(-1)).toMatchObject({
      list: 'weekly',
      source: 'form',
      form: 'preferences',
      wording: consent.wording,
      confirmedAt: mailshot.now(),
    })
    expect(await lettersOf(mailshot, 'confirmation')).toEqual([])
  })

  it('makes active what was waiting for its confirmation, if it is chosen', async () => {
    const mailshot = await openTestMailshot()
    const { subscriberId } = await asked(mailshot)
    await changePreferences(mailshot, request(subscriberId, { chosen: ['weekly'] }))
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'unsubscribed' })
  })

  it('takes back "nothing any more" when something is joined, and only then', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'preferences' })
    await changePreferences(mailshot, request(subscriberId, { chosen: [] }))
    expect(await findSuppression(mailshot, ask.email)).toMatchObject({ reason: 'unsubscribe' })
    await changePreferences(mailshot, request(subscriberId, { chosen: ['weekly'] }))
    expect(await findSuppression(mailshot, ask.email)).toBeUndefined()
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'unsubscribed' })
  })

  it('changes nothing for an address that complained or bounces', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await suppress(mailshot, ask.email, { reason: 'hard-bounce', actor: 'event' })
    const before = await recordOf(mailshot)
    const change = request(subscriberId, { chosen: [], name: 'Zoé B.' })
    expect(await changePreferences(mailshot, change)).toEqual({ status: 'suppressed' })
    expect(await recordOf(mailshot)).toEqual(before)
  })

  it('lets nobody join a list that is not public, or unknown', async () => {
    const mailshot = await openTestMailshot({ lists: { weekly, product, staff } })
    const subscriberId = await active(mailshot)
    const lists = ['weekly', 'staff', 'constructor', 'none', 'product']
    const change = request(subscriberId, { shown: lists, chosen: lists })
    expect(await changePreferences(mailshot, change)).toMatchObject({ joined: [] })
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'active' })
  })

  it('writes name and language down, and notes that they changed', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    const change = request(subscriberId, { name: ' Zoé\n Blanc ', lang: 'en' })
    await changePreferences(mailshot, change)
    const person = await recordOf(mailshot)
    expect(person).toMatchObject({ name: 'Zoé Blanc', lang: 'en' })
    expect(person?.history).toMatchObject([
      { actor: 'page', action: 'subscribe' },
      { actor: 'subscriber', action: 'change', detail: { changed: ['name', 'lang'] } },
    ])
  })

  it('keeps the language when none is given, and what is none is no problem', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await changePreferences(mailshot, request(subscriberId, { name: '', lang: '' }))
    await changePreferences(mailshot, request(subscriberId, { name: '', lang: '<b>' }))
    expect(await recordOf(mailshot)).toMatchObject({ name: '', lang: 'fr' })
  })

  it('changes nothing the second time', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    const change = request(subscriberId, { chosen: ['product'], name: 'Z', lang: 'en' })
    await changePreferences(mailshot, change)
    const before = await recordOf(mailshot)
    mailshot.clock.advance(minute)
    await changePreferences(mailshot, change)
    expect(await recordOf(mailshot)).toEqual(before)
  })

  it('answers for nobody', async () => {
    const mailshot = await openTestMailshot()
    expect(await changePreferences(mailshot, request(99))).toEqual({ status: 'unknown' })
  })
})

const weekly = { title: 'Weekly' }
const product = { title: 'Products' }
const staff = { title: 'Staff', public: false }

function request(
  subscriberId: number,
  changes: Partial<PreferencesRequest> = {},
): PreferencesRequest {
  const lists = ['weekly', 'product']
  const unchanged = { shown: lists, chosen: lists, name: 'Zoé', lang: 'fr', consent: {} }
  return { subscriberId, ...unchanged, ...changes }
}
