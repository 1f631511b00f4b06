import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listLetters } from '../../integrations/mailshot/letter.ts'
import {
  changePreferences,
  undoUnsubscribe,
  unsubscribe,
} from '../../integrations/mailshot/subscriber.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { active, ask } from './zoe.ts'

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
    expect(message?.text).toContain(
      'https://example.org/mailshot/subscribe?lang=fr&list=weekly&list=product',
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
