import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listSends } from '../../integrations/mailshot/send.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

describe('a campaign that was sent to its lists', () => {
  it('goes to others only when asked again, and then to those who have none', async () => {
    const { mailshot, send } = await openSent()
    const others = { lists: ['product'] }

    await expect(startFixture(mailshot, 'hello', others)).rejects.toMatchObject({
      code: 'sent-before',
      message:
        `campaign hello: it, to weekly, was already sent (send ${send.id}); ` +
        '--again sends this to those who did not get it, --resend-all to everybody',
    })
    const again = await startFixture(mailshot, 'hello', { ...others, audience: 'again' })
    await deliver(mailshot, { untilDone: true })

    expect(again.created).toBe(true)
    const sends = await listSends(mailshot)
    expect(sends.map(({ lists, sent }) => `${lists.join()} ${sent}`).toSorted()).toEqual([
      'product 1',
      'weekly 2',
    ])
  })

  it('is the same mailing in whatever order its lists are named', async () => {
    const { mailshot } = await openSent({ lists: ['weekly', 'product'] })

    const { created, send } = await startFixture(mailshot, 'hello', {
      lists: ['product', 'weekly'],
    })

    expect([created, send.status]).toEqual([false, 'done'])
  })

  it('is found when its send had taken the place of another', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2)
    const planned = await startFixture(mailshot, 'hello', { at: mailshot.now() + 1e8 })
    const { send } = await startFixture(mailshot, 'hello', {
      edition: '2',
      replaces: planned.send.id,
    })
    await deliver(mailshot, { untilDone: true })

    const repeated = await startFixture(mailshot, 'hello', { edition: '2' })

    expect(repeated).toMatchObject({ created: false, send: { id: send.id, status: 'done' } })
  })
})

/** Two readers of `weekly` have it; a third is on `product` alone. */
async function openSent(options: { lists?: string[] } = {}) {
  const mailshot = await openTestMailshot()
  await addReaders(mailshot, 2)
  await addReaders(mailshot, 1, { from: 3, list: 'product' })
  const { send } = await startFixture(mailshot, 'hello', options)
  await deliver(mailshot, { untilDone: true })
  return { mailshot, send }
}
