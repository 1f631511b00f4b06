import { describe, expect, test } from 'vitest'
import { readCampaign } from '../../integrations/mailshot/campaign.ts'
import { compileCampaign } from '../../integrations/mailshot/compile.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { startSend } from '../../integrations/mailshot/send.ts'
import { readSnapshot } from '../../integrations/mailshot/send/media.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { sendingCampaigns, startFixture } from '../start-fixture.ts'

const hour = 3_600_000

describe('what a send freezes', () => {
  test('is its own campaign, though another had the same content before', async () => {
    const transport = memory()
    const mailshot = await openTestMailshot({ transport })
    await addReaders(mailshot, 1)
    await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })

    await startFixture(mailshot, 'hello', { as: 'again', audience: 'all' })
    await deliver(mailshot, { untilDone: true })

    const mails = transport.sentTo('reader1@example.net')
    expect(mails.map(({ campaign }) => campaign)).toEqual(['hello', 'again'])
    expect(mails[1]?.headers['Feedback-ID']).toMatch(/^again:/)
  })

  test('is what its file said last, the archive’s part included', async () => {
    const mailshot = await openTestMailshot()
    const compiled = await hello(mailshot)
    const by = { actor: 'test', at: mailshot.now() + hour }
    const { send: first } = await startSend(mailshot, compiled, [], by)

    const secret = { ...compiled, archive: false }
    const { send } = await startSend(mailshot, secret, [], { ...by, replaces: first.id })

    expect(send.contentHash).toBe(first.contentHash)
    expect(await readSnapshot(mailshot, send.snapshot)).toEqual(secret)
    expect(await readSnapshot(mailshot, first.snapshot)).toEqual(compiled)
  })

  test('is the same when the same campaign is started for another time', async () => {
    const mailshot = await openTestMailshot()
    const compiled = await hello(mailshot)
    const { send: first } = await startSend(mailshot, compiled, [], { actor: 'test', at: 2e12 })

    const later = { ...compiled, send: { at: 3e12 } }
    const replaces = first.id
    const { send } = await startSend(mailshot, later, [], { actor: 'test', replaces })

    expect([send.scheduledAt, send.snapshot]).toEqual([3e12, first.snapshot])
  })
})

async function hello({ config }: Mailshot) {
  const folder = { ...config, campaigns: sendingCampaigns }
  return (await compileCampaign(folder, await readCampaign(folder, 'hello'))).compiled
}
