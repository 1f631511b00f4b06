import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { erasePerson, handOut, unseen } from '../../integrations/mailshot/cli/subscriber-privacy.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { recordingTerminal } from './recording-terminal.ts'

const email = 'reader1@example.net'

async function openWithReader() {
  const mailshot = await openTestMailshot({ tracking: { individual: true } })
  await addReaders(mailshot, 1)
  const call = (positionals: string[], values: Record<string, string | boolean> = {}) => {
    const terminal = recordingTerminal({ interactive: true })
    return { positionals, values, terminal }
  }
  return { mailshot, call }
}

describe('handOut', () => {
  it('prints all that is held about a reader, and notes that', async () => {
    const { mailshot, call } = await openWithReader()
    const asked = call(['data', email])
    expect(await handOut(asked, mailshot)).toBe(0)
    const { person, subscriptions } = JSON.parse(asked.terminal.out.join('\n'))
    expect([person.knownAs, subscriptions]).toMatchObject([email, [{ list: 'weekly' }]])
    const lines = await mailshot.db.all(sql`SELECT action, subject FROM audit`)
    expect(lines).toEqual([{ action: 'export-data', subject: 'subscriber:1' }])
  })
})

describe('erasePerson', () => {
  it('names the reader who has another address by now, and erases nothing', async () => {
    const { mailshot, call } = await openWithReader()
    await mailshot.db.write(
      sql`INSERT INTO audit (at, actor, action, subject, detail)
        VALUES (1, 'subscriber', 'change-address', 'subscriber:1', '{"from":"old@example.net"}')`,
    )
    await expect(
      erasePerson(call(['erase', 'Old@example.net'], { yes: true }), mailshot),
    ).rejects.toThrow(/whose address is Reader1@example.net by now; erase that: mailshot/)
  })
})

describe('unseen', () => {
  it('takes nobody off before it was told to', async () => {
    const { mailshot, call } = await openWithReader()
    await mailshot.db.write(
      sql`UPDATE subscribers SET tracking_agreed_at = 1, created_at = 1, updated_at = 1`,
      sql`INSERT INTO snapshots VALUES ('h', 'june', '{"track":{"opens":true}}', 1)`,
      sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status, created_at, scheduled_at)
        VALUES ('s', 'june', 'h', 'h', '[]', 'k', 'first', 'done', ${mailshot.now()}, 1)`,
      sql`INSERT INTO recipients (send_id, subscriber_id, email, written, lists, status, in_hand_at)
        VALUES ('s', 1, ${email}, ${email}, '["weekly"]', 'sent', ${mailshot.now()})`,
    )
    const asked = call(['unseen'], { months: '6', unsubscribe: true })
    expect(await unseen(asked, mailshot)).toBe(1)
    expect(asked.terminal.out.join('\n')).toContain('Reader1@example.net')
    const statusOf = async () =>
      (await findSubscriber(mailshot, email))?.subscriptions.map(({ status }) => status)
    expect(await statusOf()).toEqual(['active'])
    expect(await unseen(call(['unseen'], { ...asked.values, yes: true }), mailshot)).toBe(0)
    expect(await statusOf()).toEqual(['unsubscribed'])
  })
})
