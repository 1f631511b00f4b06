import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { bounceToken } from '../../integrations/mailshot/bounce/verp.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import type { Outcome } from '../../integrations/mailshot/transport.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { eventOf } from '../sent-mails.ts'
import { startFixture } from '../start-fixture.ts'

const dev = 'dev@example.org'
const unknown = { type: 'bounced', class: 'hard', about: 'address' } as const

describe('a mail that went to redirectTo', () => {
  it('has no consequences for its reader, by whatever it is matched, and counts for its send', async () => {
    const { mailshot } = await redirected(3)
    const at = mailshot.now()
    const [one, two, three] = await mailshot.db.all<Row>(
      sql`SELECT id, send_id AS sendId, message_id AS messageId, provider_id AS providerId FROM recipients ORDER BY id`,
    )
    const token = bounceToken(mailshot.config, { kind: 'recipient', id: two?.id ?? 0, resend: 0 })
    await recordEvents(mailshot, 'relay', [
      eventOf({ ...unknown, at, ourId: `${one?.sendId}.${one?.id}`, recipient: dev }),
      eventOf({ ...unknown, at, token }),
      eventOf({ type: 'complained', at, messageId: three?.messageId ?? '', recipient: dev }),
      eventOf({ type: 'unsubscribed', at, messageId: one?.messageId ?? '' }),
      eventOf({ type: 'complained', at, recipient: 'reader1@example.net' }),
    ])
    expect(await consequences(mailshot)).toEqual([])
    expect(
      await mailshot.db.all(
        sql`SELECT key, n FROM send_counts WHERE kind IN ('events', 'delivery', 'people') ORDER BY 1`,
      ),
    ).toEqual([
      { key: 'bounced:hard', n: 2 },
      { key: 'complained', n: 2 },
      { key: 'unsubscribed', n: 1 },
    ])
  })

  it('has none where it is refused at the hand-over', async () => {
    const { mailshot } = await redirected(2, {
      status: 'rejected',
      class: 'hard',
      enhanced: '5.1.1',
      reason: '550 5.1.1 no such user',
    })
    expect(await consequences(mailshot)).toEqual([])
    expect(await mailshot.db.all(sql`SELECT email, matched_by AS "by" FROM events`)).toEqual([
      { email: dev, by: null },
      { email: dev, by: null },
    ])
  })

  it('has none for whom a letter was meant', async () => {
    const { mailshot } = await redirected(1)
    await mailshot.db.write(sql`
      INSERT INTO letters (id, kind, email, lang, "values", status, due_at, created_at)
      VALUES (70, 'confirmation', 'reader1@example.net', 'fr', '{"url":"https://example.org/"}', 'pending', 0, 36)`)
    await deliver(mailshot, { untilDone: true })
    await recordEvents(mailshot, 'relay', [
      eventOf({ ...unknown, at: mailshot.now(), messageId: '<letter.70.10@example.org>' }),
    ])
    expect(await consequences(mailshot)).toEqual([])
  })

  it('is over for who is mailed themselves after that', async () => {
    const { mailshot } = await redirected(1)
    const { redirectTo: _, ...config } = mailshot.config
    const own = { ...mailshot, config }
    const { send } = await startFixture(own, 'hello', { as: 'second', edition: '2' })
    await deliver(own, { untilDone: true })
    await recordEvents(own, 'relay', [
      eventOf({ ...unknown, at: own.now(), ourId: `${send.id}.2` }),
    ])
    expect(await consequences(mailshot)).toEqual(['reader1@example.net'])
  })
})

interface Row {
  id: number
  sendId: string
  messageId: string
}

/** A send to so many readers that went to the redirect address, and was answered that. */
async function redirected(count: number, outcome?: Outcome): Promise<{ mailshot: TestMailshot }> {
  const transport = memory()
  transport.failWhen(({ campaign }) => (campaign === undefined ? undefined : outcome))
  const mailshot = await openTestMailshot({ transport, redirectTo: dev })
  await addReaders(mailshot, count)
  await startFixture(mailshot, 'hello')
  await deliver(mailshot, { untilDone: true })
  return { mailshot }
}

/** Who is suppressed, or has lost a subscription. */
async function consequences({ db }: TestMailshot): Promise<string[]> {
  const rows = await db.all<{ email: string }>(sql`
    SELECT email FROM suppressions UNION SELECT s.email FROM subscribers AS s JOIN subscriptions AS p
      ON p.subscriber_id = s.id WHERE p.status <> 'active'`)
  return rows.map(({ email }) => email)
}
