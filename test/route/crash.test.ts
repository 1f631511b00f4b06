import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openMailshot } from '../../integrations/mailshot/mailshot.ts'
import { listRecipients } from '../../integrations/mailshot/recipient.ts'
import { testConfig } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { openSite } from '../run-mailshot.ts'
import { expectEachSettledOnce, isCampaign } from '../settled-once.ts'
import { startSmtpServer } from '../smtp-server.ts'
import { startFixture } from '../start-fixture.ts'
import { carriers } from './two-ways.ts'

const total = 200

describe('a worker killed with SIGKILL while its mails change over to the fallback', () => {
  it('is followed by one that mails the rest, nobody twice and nobody never', async () => {
    const [main, bulk] = [await startSmtpServer(), await startSmtpServer({ delayMs: 2 })]
    onTestFinished(() => main.close())
    const ports = { MAIN_PORT: String(main.port), BULK_PORT: String(bulk.port) }
    const site = openSite('two-ways-site', ports)
    const mailshot = await openMailshot(testConfig({}, site.folder), { create: true })
    onTestFinished(() => mailshot.close())
    await addReaders(mailshot, total)
    const { send } = await startFixture(mailshot, 'hello')

    const first = site.start('deliver', '--until-done')
    await bulk.waitForMessages(60)
    await bulk.close()
    await main.waitForMessages(20)
    first.kill('SIGKILL')
    await once(first, 'exit')
    const { code } = await site.ended(site.start('deliver', '--until-done'))

    const both = { messages: [...main.messages, ...bulk.messages] }
    const uncertain = await expectEachSettledOnce(mailshot, both, { sendId: send.id, total })
    expect(code).toBe(uncertain > 0 ? 2 : 0)
    const by = await carriers(mailshot, send.id)
    expect(by['sent by main']).toBeGreaterThan(50)
    expect(by['sent by bulk']).toBeGreaterThan(40)
    await expectCarrierIsTrue(mailshot, send.id, { main, bulk })
  })
})

type Server = Awaited<ReturnType<typeof startSmtpServer>>

/** Who took a mail is who the database says. */
async function expectCarrierIsTrue(
  mailshot: Awaited<ReturnType<typeof openMailshot>>,
  sendId: string,
  servers: Record<'main' | 'bulk', Server>,
) {
  const sent = (await listRecipients(mailshot, { sendId })).filter(
    ({ status }) => status === 'sent',
  )
  const tookAt = (server: Server) =>
    new Set(server.messages.filter(isCampaign).map((mail) => mail.envelope.to[0]?.toLowerCase()))
  const [main, bulk] = [tookAt(servers.main), tookAt(servers.bulk)]
  expect(sent.filter(({ email, transport }) => transport === 'main' && !main.has(email))).toEqual(
    [],
  )
  expect(sent.filter(({ email, transport }) => transport === 'bulk' && !bulk.has(email))).toEqual(
    [],
  )
}
