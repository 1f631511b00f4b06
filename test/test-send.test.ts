import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { readCampaign } from '../integrations/mailshot/campaign.ts'
import { compileCampaign } from '../integrations/mailshot/compile.ts'
import type { MailshotConfigInput } from '../integrations/mailshot/config.ts'
import { listSends } from '../integrations/mailshot/send.ts'
import { sendTest } from '../integrations/mailshot/test-send.ts'
import { memory } from '../integrations/mailshot/transports/memory.ts'
import { openTestMailshot } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { sendingCampaigns } from './start-fixture.ts'

describe('sendTest', () => {
  it('mails a campaign marked [TEST], and counts it nowhere', async () => {
    const { mailshot, transport, campaign } = await open()
    const results = await sendTest(mailshot, campaign, ['Someone@example.com'])
    expect(results).toMatchObject([
      { address: 'Someone@example.com', outcome: { status: 'accepted' } },
    ])
    expect(transport.messages[0]?.subject).toBe('[TEST] Bonjour Camille Martin')
    expect(await listSends(mailshot)).toEqual([])
    expect(await mailshot.db.all(sql`SELECT id FROM recipients`)).toEqual([])
  })

  it('fills the fields of a subscriber with their own values', async () => {
    const { mailshot, transport, campaign } = await open()
    await addReaders(mailshot, 1, { lang: 'en' })
    await sendTest(mailshot, campaign, ['reader1@example.net'])
    expect(transport.messages[0]?.subject).toBe('[TEST] Hello Reader 1')
  })

  it('mails the language asked for', async () => {
    const { mailshot, transport, campaign } = await open()
    await sendTest(mailshot, campaign, ['someone@example.com'], { lang: 'en' })
    expect(transport.messages[0]?.subject).toBe('[TEST] Hello Camille Martin')
  })

  it('refuses a suppressed address, unless forced', async () => {
    const { mailshot, transport, campaign } = await open()
    await mailshot.db.write(
      sql`INSERT INTO suppressions (email, reason, at) VALUES ('me@example.com', 'manual', 0)`,
    )
    const test = sendTest(mailshot, campaign, ['you@example.com', 'me@example.com'])
    await expect(test).rejects.toThrow('me@example.com is suppressed')
    expect(transport.messages).toEqual([])
    await sendTest(mailshot, campaign, ['me@example.com'], { force: true })
    expect(transport.messages).toHaveLength(1)
  })

  it('refuses a wrong address', async () => {
    const { mailshot, campaign } = await open()
    await expect(sendTest(mailshot, campaign, ['me@'])).rejects.toThrow(
      '"me@" is not an e-mail address',
    )
  })

  it('takes its slots of the pace', async () => {
    const { mailshot, transport, campaign } = await open({ pace: { perMinute: 2, perHour: 30 } })
    const started = mailshot.now()
    await sendTest(
      mailshot,
      campaign,
      ['a', 'b', 'c'].map((name) => `${name}@example.com`),
    )
    expect(transport.messages).toHaveLength(3)
    expect(mailshot.now() - started).toBeGreaterThanOrEqual(60_000)
  })

  it('takes those of the domain it goes to, besides', async () => {
    const { mailshot, transport, campaign } = await open({
      pace: '60/minute',
      domains: { 'example.com': '1/minute' },
    })
    const started = mailshot.now()
    await sendTest(mailshot, campaign, ['a@example.com', 'b@example.net', 'c@example.com'])
    expect(transport.messages).toHaveLength(3)
    expect(mailshot.now() - started).toBeGreaterThanOrEqual(60_000)
  })

  it('gives its slot back one window after the answer', async () => {
    const { mailshot, transport, campaign } = await open({ pace: '5/second' })
    const started = mailshot.now()
    const addresses = Array.from({ length: 15 }, (_, n) => `me${n}@example.com`)
    await sendTest(mailshot, campaign, addresses)
    expect(transport.messages).toHaveLength(15)
    expect(mailshot.now() - started).toBeGreaterThanOrEqual(2000)
    expect(mailshot.now() - started).toBeLessThan(5000)
  })

  it('says what it waits for, and gives up in the end', async () => {
    const { mailshot, transport, campaign } = await open({ pace: '1/hour' })
    const waits: string[] = []
    const outcomes = await sendTest(mailshot, campaign, ['a@example.com', 'b@example.com'], {
      onWait: (waitsFor) => waits.push(waitsFor),
    })
    const used = 'all that the pace allows is used up for now (1 an hour)'
    expect(transport.messages).toHaveLength(1)
    expect(waits).toEqual([used])
    expect(outcomes[1]?.outcome).toEqual({
      status: 'deferred',
      scope: 'relay',
      reason: `given up after 5 minutes: ${used}`,
    })
  })

  it('waits for a relay that rests', async () => {
    const { mailshot, transport, campaign } = await open()
    const until = mailshot.now() + 60_000
    await mailshot.db.write(
      sql`INSERT INTO lanes (scope, parked_until, parked_reason) VALUES ('transport:memory', ${until}, '421 later')`,
    )
    const waits: string[] = []
    await sendTest(mailshot, campaign, ['a@example.com'], { onWait: (text) => waits.push(text) })
    expect(transport.messages).toHaveLength(1)
    expect(waits).toEqual(['the relay rests: 421 later'])
    expect(mailshot.now()).toBeGreaterThanOrEqual(until)
  })

  it('sends nothing from a database on hold', async () => {
    const { mailshot, campaign } = await open({ hold: true })
    await expect(sendTest(mailshot, campaign, ['a@example.com'])).rejects.toThrow('nothing is sent')
  })
})

async function open(config: Partial<MailshotConfigInput> = {}) {
  const transport = memory()
  const mailshot = await openTestMailshot({
    transport,
    campaigns: sendingCampaigns,
    leaseSeconds: 3600,
    ...config,
  })
  const { compiled } = await compileCampaign(
    mailshot.config,
    await readCampaign(mailshot.config, 'bilingual'),
  )
  return { mailshot, transport, campaign: compiled }
}
