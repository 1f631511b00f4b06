import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import {
  confirm,
  findLeaving,
  undoUnsubscribe,
  unsubscribe,
} from '../../integrations/mailshot/subscriber.ts'
import { findSuppression, lift, suppress } from '../../integrations/mailshot/suppression.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { active, ask, asked, confirmationToken, placesOf, recordOf } from './zoe.ts'

const minute = 60_000
const page = 'page'

describe('findLeaving', () => {
  it('tells what was left last by the page', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    expect(await findLeaving(mailshot, subscriberId)).toBeUndefined()
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: page })
    const first = mailshot.now()
    expect(await findLeaving(mailshot, subscriberId)).toEqual({
      at: first,
      lists: ['weekly'],
      everything: false,
    })
    mailshot.clock.advance(minute)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: page })
    expect(await findLeaving(mailshot, subscriberId)).toEqual({
      at: first + minute,
      lists: ['product'],
      everything: true,
    })
  })

  it('forgets it after half an hour', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: page })
    mailshot.clock.advance(30 * minute - 1)
    expect(await findLeaving(mailshot, subscriberId)).toBeDefined()
    mailshot.clock.advance(1)
    expect(await findLeaving(mailshot, subscriberId)).toBeUndefined()
  })

  it('tells nothing of what ended otherwise', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: 'one-click' })
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'hard-bounce' })
    expect(await findLeaving(mailshot, subscriberId)).toBeUndefined()
  })
})

describe('undoUnsubscribe', () => {
  it('brings back what was left by the page, and notes it', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    const before = await recordOf(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: page })
    const at = mailshot.now()
    mailshot.clock.advance(minute)
    expect(await undoUnsubscribe(mailshot, { subscriberId, at })).toEqual({
      status: 'undone',
      restored: ['product', 'weekly'],
    })
    const after = await recordOf(mailshot)
    expect(after).toEqual({ ...before, history: after?.history })
    expect(after?.history).toMatchObject([
      { action: 'subscribe' },
      { action: 'unsubscribe' },
      { action: 'undo-unsubscribe', actor: 'subscriber', detail: { leftAt: at } },
      { action: 'lift', actor: 'subscriber', detail: { by: 'undo' } },
    ])
  })

  it('changes nothing the second time', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: page })
    const undo = { subscriberId, at: mailshot.now() }
    await undoUnsubscribe(mailshot, undo)
    const before = await recordOf(mailshot)
    mailshot.clock.advance(minute)
    expect(await undoUnsubscribe(mailshot, undo)).toMatchObject({ status: 'undone' })
    expect(await recordOf(mailshot)).toEqual(before)
  })

  it('leaves alone what was left before, or otherwise', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: 'one-click' })
    await unsubscribe(mailshot, { subscriberId, lists: ['product'], reason: page })
    await undoUnsubscribe(mailshot, { subscriberId, at: mailshot.now() })
    expect(await placesOf(mailshot)).toEqual({ weekly: 'unsubscribed', product: 'active' })
  })

  it('makes nobody active who had not confirmed', async () => {
    const mailshot = await openTestMailshot()
    const { subscriberId } = await asked(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: page })
    await undoUnsubscribe(mailshot, { subscriberId, at: mailshot.now() })
    expect(await placesOf(mailshot)).toEqual({ weekly: 'pending', product: 'pending' })
    await confirm(mailshot, await confirmationToken(mailshot))
    expect(await placesOf(mailshot)).toEqual({ weekly: 'active', product: 'active' })
  })

  it('makes nobody active who had left, asked again, and not confirmed', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: 'one-click' })
    mailshot.clock.advance(minute)
    await asked(mailshot)
    expect(await placesOf(mailshot)).toMatchObject({ weekly: 'pending' })
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: page })
    await undoUnsubscribe(mailshot, { subscriberId, at: mailshot.now() })
    expect(await placesOf(mailshot)).toMatchObject({ weekly: 'pending' })
  })

  it('does nothing after half an hour, for another moment, or for nobody', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: page })
    const at = mailshot.now()
    const before = await recordOf(mailshot)
    const tooLate = { status: 'too-late' }
    expect(await undoUnsubscribe(mailshot, { subscriberId, at: at - 1 })).toEqual(tooLate)
    expect(await undoUnsubscribe(mailshot, { subscriberId: 99, at })).toEqual(tooLate)
    mailshot.clock.advance(30 * minute)
    expect(await undoUnsubscribe(mailshot, { subscriberId, at })).toEqual(tooLate)
    expect(await recordOf(mailshot)).toEqual(before)
    const lines = await mailshot.db.all(sql`SELECT action FROM audit ORDER BY id`)
    expect(lines).toEqual([{ action: 'subscribe' }, { action: 'unsubscribe' }])
  })

  it('restores nothing to an address that somebody else keeps mail from since', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: page })
    const at = mailshot.now()
    await suppress(mailshot, ask.email, { reason: 'complaint', actor: 'event' })
    const before = await recordOf(mailshot)
    expect(await undoUnsubscribe(mailshot, { subscriberId, at })).toEqual({ status: 'too-late' })
    expect(await recordOf(mailshot)).toEqual(before)
    expect(await findSuppression(mailshot, ask.email)).toMatchObject({ reason: 'complaint' })
    expect(await findLeaving(mailshot, subscriberId)).toBeUndefined()
  })

  it('restores no list to whoever left everything after it', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: page })
    const at = mailshot.now()
    mailshot.clock.advance(minute)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'preferences' })
    const before = await recordOf(mailshot)
    expect(await findLeaving(mailshot, subscriberId)).toBeUndefined()
    expect(await undoUnsubscribe(mailshot, { subscriberId, at })).toEqual({ status: 'too-late' })
    expect(await recordOf(mailshot)).toEqual(before)
  })

  it('lifts the wish to get nothing of somebody who was on no list', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'one-click' })
    await lift(mailshot, ask.email, { actor: 'command' })
    mailshot.clock.advance(minute)
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: page })
    const undo = { subscriberId, at: mailshot.now() }
    expect(await undoUnsubscribe(mailshot, undo)).toEqual({ status: 'undone', restored: [] })
    expect(await findSuppression(mailshot, ask.email)).toBeUndefined()
  })
})
