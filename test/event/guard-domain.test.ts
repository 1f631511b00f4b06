import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { openTally } from '../../integrations/mailshot/deliver/tally.ts'
import { openGuard } from '../../integrations/mailshot/event/guard.ts'
import { readSend, resumeSend } from '../../integrations/mailshot/send.ts'
import { whyWaiting } from '../../integrations/mailshot/send/waiting.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { sentTo } from '../sent-mails.ts'
import { startFixture } from '../start-fixture.ts'

describe('the guard, of a recipient domain', () => {
  it('holds it where 20 % of a hundred mails fail there, until a resume; all others go on, and letters to it', async () => {
    const { mailshot, transport, send } = await refusingDomain({ operator: 'boss@bad.example' })
    const held = await readSend(mailshot, send.id)
    expect(held).toMatchObject({ status: 'paused' })
    expect(held.reason).toBe('guard: all who are left are at bad.example, which refused too much')
    const campaigns = transport.handedOver.filter(({ campaign }) => campaign !== undefined)
    const { true: bad = [], false: good = [] } = Object.groupBy(campaigns, ({ envelope }) =>
      isAtBad(envelope.to) ? 'true' : 'false',
    )
    expect(good).toHaveLength(100)
    expect(bad.length).toBeLessThan(220)
    expect(held.remaining).toBe(250 - bad.length)
    const [mail] = transport
      .sentTo('boss@bad.example')
      .filter(({ subject }) => subject === 'En attente : les messages de hello vers bad.example')
    expect(plain(mail?.text)).toMatch(/messages sur \d+ vers bad\.example/)

    await resumeSend(mailshot, send.id, { actor: 'test' })
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', remaining: 0 })
  })

  it('says what those wait for who are held', async () => {
    const { mailshot } = await sentTo(100, { guard: { hardBounces: false } })
    const tally = openTally()
    for (let n = 0; n < 100; n++) tally.note({ sendId: 's1', written: 'a@example.net' }, 'sent')
    await mailshot.db.write(
      sql`UPDATE recipients SET delivery = 'bounced', delivery_class = 'hard' WHERE id <= 20`,
      sql`UPDATE recipients SET status = 'deferred', lane = 'example.net', due_at = 0 WHERE id = 100`,
      // Somebody else is left.
      sql`UPDATE recipients SET status = 'pending' WHERE id = 99`,
    )
    await openGuard(mailshot, tally).look()
    expect(await whyWaiting(mailshot, await readSend(mailshot, 's1'))).toEqual([
      {
        reason:
          '1 wait: example.net is held by the guard: 20 of 100 (20 %) of the mails to example.net failed; the limit is 20 %; mailshot resume lets it go on',
        until: null,
      },
    ])
  })
})

/** A domain that refuses every third mail, and after it another one. */
async function refusingDomain(config: Partial<MailshotConfigInput> = {}) {
  const transport = memory()
  let asked = 0
  transport.failWhen(({ envelope, campaign }) => {
    if (!isAtBad(envelope.to) || campaign === undefined) return undefined
    asked += 1
    return asked % 3 === 0
      ? { status: 'rejected', class: 'soft', enhanced: '5.7.1', reason: `550 5.7.1 ${asked} no` }
      : undefined
  })
  const mailshot = await openTestMailshot({ transport, pace: '40/second', ...config })
  await addReaders(mailshot, 250, { domain: 'bad.example' })
  await addReaders(mailshot, 100, { domain: 'good.example' })
  const { send } = await startFixture(mailshot, 'hello')
  await deliver(mailshot, { untilDone: true })
  return { mailshot, transport, send }
}

function isAtBad(address: string): boolean {
  return address.toLowerCase().endsWith('@bad.example')
}

/** Without the spaces that French sets before its signs. */
function plain(text = ''): string {
  return text.replace(/\s/g, ' ')
}
