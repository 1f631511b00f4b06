import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listLetters } from '../../integrations/mailshot/letter.ts'
import { mirrorLists } from '../../integrations/mailshot/list.ts'
import {
  changePreferences,
  confirm,
  subscribe,
  undoUnsubscribe,
  unsubscribe,
} from '../../integrations/mailshot/subscriber.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { active, ask, confirmationToken } from './zoe.ts'

const wait = 5 * 60_000

describe('who leaves', () => {
  it('gets one mail that says so, with the way back, some minutes later', async () => {
    const transport = memory()
    const mailshot = await openTestMailshot({ transport })
    const subscriberId = await active(mailshot)
    const left = { subscriberId, lists: 'all', reason: 'one-click' } as const
    await unsubscribe(mailshot, left)
    await unsubscribe(mailshot, left)
    expect(await goodbyes(mailshot)).toMatchObject([{ dueAt: mailshot.now() + wait }])
    mailshot.clock.advance(wait)
    await deliver(mailshot, { untilDone: true })
    const [message] = transport
      .sentTo(ask.email)
      .filter(({ subject }) => subject.includes('désinscription'))
    expect(message?.text).toContain('Vous ne recevrez plus de message de Hebdo et Produits.')
    expect(message?.text).toMatch(
      /\nMe réinscrire\u00a0:\nhttps:\/\/example\.org\/mailshot\/subscribe\?lang=fr&list=weekly&list=product\n/,
    )
  })

  it('is told the titles of lists that have vanished since, and led back to none of them', async () => {
    const transport = memory()
    const mailshot = await openTestMailshot({ transport })
    await subscribe(mailshot, ask)
    const { product: _, ...lists } = mailshot.config.lists
    const later = { ...mailshot, config: { ...mailshot.config, lists } }
    await mirrorLists(later)
    await confirm(later, await confirmationToken(later))
    await unsubscribe(later, { subscriberId: 1, lists: ['product'], reason: 'page' })
    mailshot.clock.advance(wait)
    await deliver(later, { untilDone: true })
    const [, welcome, goodbye] = transport.sentTo(ask.email)
    expect(welcome?.text).toContain('vous recevrez Hebdo et Produits.')
    expect(goodbye?.text).toBe(
      'Vous ne recevrez plus de message de Produits.\n\n-- \nLes Nouvelles\n1 rue du Port, 31000 Toulouse',
    )
  })

  it('gets none where it was a slip, or undone by joining again', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: 'page' })
    await undoUnsubscribe(mailshot, { subscriberId, at: mailshot.now() })
    expect(await goodbyes(mailshot)).toEqual([])
    const shown = ['weekly', 'product']
    const base = { subscriberId, shown, name: '', lang: 'fr', consent: {} }
    await changePreferences(mailshot, { ...base, chosen: ['product'] })
    expect(await goodbyes(mailshot)).toHaveLength(1)
    await changePreferences(mailshot, { ...base, chosen: shown })
    expect(await goodbyes(mailshot)).toEqual([])
    await unsubscribe(mailshot, { subscriberId, lists: 'all', reason: 'page' })
    await subscribe(mailshot, ask)
    expect(await goodbyes(mailshot)).toHaveLength(1)
    await confirm(mailshot, await confirmationToken(mailshot))
    expect(await goodbyes(mailshot)).toEqual([])
  })

  it('gets none from the operator, after a bounce, or where the site wants none', async () => {
    const mailshot = await openTestMailshot()
    const subscriberId = await active(mailshot)
    await unsubscribe(mailshot, { subscriberId, lists: ['weekly'], reason: 'operator' })
    await unsubscribe(mailshot, { subscriberId, lists: ['product'], reason: 'hard-bounce' })
    expect(await goodbyes(mailshot)).toEqual([])
    const silent = await openTestMailshot({ goodbye: false })
    const other = await active(silent)
    await unsubscribe(silent, { subscriberId: other, lists: 'all', reason: 'page' })
    expect(await goodbyes(silent)).toEqual([])
  })
})

async function goodbyes(mailshot: TestMailshot) {
  return (await listLetters(mailshot)).filter(({ kind }) => kind === 'goodbye')
}
