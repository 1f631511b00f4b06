import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { sendIdOf } from '../../integrations/mailshot/send/id.ts'
import { verifyToken } from '../../integrations/mailshot/token.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, testSecret } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

const day = 86_400_000

describe('alarmContent', () => {
  it('links each mail about a send to the page that stops it', async () => {
    const { mailshot, sendId, mails } = await delivered()
    const links = mails.map(({ text }) => /stop\/([\w-]+)/.exec(text)?.[1] ?? '')
    expect(links).toHaveLength(2)
    expect(mails.every(({ html }, index) => html.includes(`/stop/${links[index]}"`))).toBe(true)
    const verified = links.map((token) => verifyToken([testSecret], 'stop', token, mailshot.now()))
    const ids = verified.map((one) => ('ids' in one ? sendIdOf(one.ids) : one.refused))
    expect(ids).toEqual([sendId, sendId])
  })

  it('makes a link that lives for ninety days', async () => {
    const { mailshot, mails } = await delivered()
    const token = /stop\/([\w-]+)/.exec(mails[0]?.text ?? '')?.[1] ?? ''
    const after = (days: number) =>
      verifyToken([testSecret], 'stop', token, mailshot.now() + days * day)
    expect(after(89)).toHaveProperty('ids')
    expect(after(91)).toMatchObject({ refused: 'expired' })
  })

  it('names the commands that do the same', async () => {
    const { sendId, mails } = await delivered()
    expect(mails[0]?.text).toContain(`mailshot pause ${sendId}\n`)
    expect(mails[0]?.text).toContain(`mailshot cancel ${sendId}\n`)
  })
})

async function delivered() {
  const transport = memory()
  const mailshot = await openTestMailshot({ transport })
  await addReaders(mailshot, 2)
  const { send } = await startFixture(mailshot, 'hello')
  await deliver(mailshot, { untilDone: true })
  return { mailshot, sendId: send.id, mails: transport.sentTo('operator@example.org') }
}
