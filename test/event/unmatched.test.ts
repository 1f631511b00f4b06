import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { listEvents } from '../../integrations/mailshot/event/list.ts'
import { matchLateAnswers } from '../../integrations/mailshot/event/unmatched.ts'
import { tendSends } from '../../integrations/mailshot/send/tend.ts'
import { eventOf, recipientRow, sendCounts, sentTo } from '../sent-mails.ts'

const minute = 60_000

/** A mail whose outcome is not written down yet, and a report of it by the relay's own id. */
async function reportedEarly() {
  const { mailshot, mails } = await sentTo(1)
  const [{ id, email }] = mails
  await mailshot.db.write(
    sql`UPDATE recipients SET status = 'in-hand', settled_at = NULL, provider_id = NULL`,
  )
  const report = eventOf({
    at: mailshot.now(),
    recipient: email,
    messageId: '<queue-1@relay.example>',
    raw: { said: 'ok' },
  })
  await recordEvents(mailshot, 'generic', [report])
  mailshot.clock.advance(minute)
  const settle = () =>
    mailshot.db.write(
      sql`UPDATE recipients SET status = 'sent', settled_at = ${mailshot.now()}, provider_id = 'queue-1'`,
    )
  return { mailshot, id, report, settle }
}

describe('a report that is faster than the writing of the answer', () => {
  it('is matched once the answer is written, as if it had come after it, and once', async () => {
    const { mailshot, id, report, settle } = await reportedEarly()
    await tendSends(mailshot, () => 'ready')
    expect(await listEvents(mailshot, {})).toMatchObject([{ matched: false }])
    await settle()
    const receivedAt = mailshot.now() - minute
    await Promise.all([matchLateAnswers(mailshot), matchLateAnswers(mailshot)])
    await tendSends(mailshot, () => 'ready')
    expect(await listEvents(mailshot, {})).toMatchObject([
      { matchedBy: 'provider-id', send: 's1', raw: { said: 'ok' } },
    ])
    expect(await mailshot.db.all(sql`SELECT received_at AS at FROM events`)).toEqual([
      { at: receivedAt },
    ])
    expect((await recipientRow(mailshot, id))['delivery']).toBe('delivered')
    expect(await sendCounts(mailshot, 'events')).toEqual({ delivered: 1 })
    expect(await recordEvents(mailshot, 'generic', [report])).toMatchObject({ repeated: 1 })
  })

  it('is matched in vain where the answer names another mail', async () => {
    const { mailshot } = await reportedEarly()
    await mailshot.db.write(
      sql`UPDATE recipients SET status = 'sent', settled_at = ${mailshot.now()}, provider_id = 'queue-2'`,
    )
    await tendSends(mailshot, () => 'ready')
    expect(await listEvents(mailshot, {})).toMatchObject([{ matched: false }])
  })
})
