import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { recordEvents } from '../integrations/mailshot/event.ts'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'
import { laneOf } from '../integrations/mailshot/pace.ts'
import { settleStatements } from '../integrations/mailshot/recipient.ts'
import { readSend } from '../integrations/mailshot/send.ts'
import { recoverDeadWorkers } from '../integrations/mailshot/worker.ts'
import type { DeliveryEvent } from '../integrations/mailshot/transport.ts'
import { eventOf, recipientRow, sendCounts, sentTo } from './sent-mails.ts'

describe('recordEvents', () => {
  it('stores what was reported, with the recipient it is about', async () => {
    const { mailshot, mails } = await sentTo(2)
    const event = eventOf({
      type: 'bounced',
      word: 'hard_bounce',
      messageId: mails[1].messageId,
      class: 'hard',
      about: 'address',
      status: '5.1.1',
      reason: 'no such user',
      providerEventId: 'e1',
      raw: { event: 'bounce' },
    })
    expect(await recordEvents(mailshot, 'memory', [event])).toEqual({
      recorded: 1,
      repeated: 0,
      unmatched: 0,
    })
    const [row] = await mailshot.db.all(sql`SELECT * FROM events`)
    expect(row).toMatchObject({
      key: 'memory:e1',
      type: 'bounced',
      email: 'reader2@example.net',
      recipient_id: mails[1].id,
      send_id: mails[1].sendId,
      matched_by: 'message-id',
      raw: '{"event":"bounce"}',
    })
  })

  it('notes with a recipient the report that counts most', async () => {
    const { mailshot, mails } = await sentTo(1)
    const about = { ourId: mails[0].ourId }
    const seen: unknown[] = []
    const given: Partial<DeliveryEvent>[] = [
      { type: 'deferred' },
      { type: 'delivered' },
      { type: 'deferred', at: 5 },
      { type: 'bounced', class: 'soft' },
      { type: 'bounced', class: 'hard' },
      { type: 'delivered', at: 5 },
    ]
    for (const one of given) {
      await recordEvents(mailshot, 'memory', [eventOf({ ...about, ...one })])
      const { delivery, delivery_class: lasting } = await recipientRow(mailshot, mails[0].id)
      seen.push([delivery, lasting])
    }
    expect(seen).toEqual([
      ['deferred', null],
      ['delivered', null],
      ['delivered', null],
      ['bounced', 'soft'],
      ['bounced', 'hard'],
      ['bounced', 'hard'],
    ])
    expect(await sendCounts(mailshot, 'delivery')).toEqual({ 'bounced:hard': 1 })
    expect(await sendCounts(mailshot, 'domain')).toEqual({ 'example.net bounced:hard': 1 })
  })
})

describe('an uncertain recipient', () => {
  it('is sent once anything is reported that proves it was taken', async () => {
    const { mailshot, mails, sendId } = await sentTo(2)
    await uncertain(mailshot)
    await recordEvents(mailshot, 'memory', [
      eventOf({ type: 'complained', messageId: mails[0].messageId }),
      eventOf({ type: 'rejected', ourId: mails[1].ourId }),
    ])
    expect(await statuses(mailshot)).toEqual(['sent', 'failed'])
    expect(await readSend(mailshot, sendId)).toMatchObject({ sent: 1, failed: 1, uncertain: 0 })
  })

  it('is sent where a copy of it was rejected and it was delivered, whatever is heard first', async () => {
    const { mailshot, mails } = await sentTo(2)
    await uncertain(mailshot)
    for (const type of ['delivered', 'rejected'] as const) {
      await recordEvents(mailshot, 'memory', [eventOf({ type, ourId: mails[0].ourId })])
    }
    for (const type of ['rejected', 'delivered'] as const) {
      await recordEvents(mailshot, 'memory', [eventOf({ type, ourId: mails[1].ourId })])
    }
    expect(await statuses(mailshot)).toEqual(['sent', 'sent'])
  })

  it('stays so by what only names its address', async () => {
    const { mailshot, mails } = await sentTo(1)
    await uncertain(mailshot)
    await recordEvents(mailshot, 'memory', [eventOf({ recipient: mails[0].email })])
    expect(await statuses(mailshot)).toEqual(['uncertain'])
  })

  it('is none where its mail was reported before the process died that handed it over', async () => {
    const { mailshot, mails } = await sentTo(1)
    await mailshot.db.write(sql`UPDATE recipients SET status = 'in-hand', worker_id = 'dead'`)
    await recordEvents(mailshot, 'memory', [eventOf({ ourId: mails[0].ourId })])
    expect(await statuses(mailshot)).toEqual(['in-hand'])
    await recoverDeadWorkers(mailshot)
    expect(await statuses(mailshot)).toEqual(['sent'])
  })

  it('is none where its mail was reported before its link broke', async () => {
    const { mailshot, mails } = await sentTo(1)
    await mailshot.db.write(sql`UPDATE recipients SET status = 'in-hand', claim_id = 'c1'`)
    await recordEvents(mailshot, 'memory', [eventOf({ ourId: mails[0].ourId })])
    const blank = { enhanced: null, dueAt: null, providerId: null, answer: null }
    const lost = { id: mails[0].id, claimId: 'c1', status: 'uncertain', reason: 'broke' } as const
    const lane = laneOf(mailshot.config, 'send')
    await mailshot.db.write(...settleStatements([{ ...blank, ...lost }], lane, mailshot.now()))
    expect(await statuses(mailshot)).toEqual(['sent'])
  })

  it('stays so by what is reported of the mail before, once it was mailed again', async () => {
    const { mailshot, mails } = await sentTo(1)
    await uncertain(mailshot)
    await mailshot.db.write(
      sql`UPDATE recipients SET resend = 1, message_id = replace(message_id, '@', '.1@')`,
    )
    const { messageId } = mails[0]
    await recordEvents(mailshot, 'memory', [eventOf({ type: 'bounced', class: 'hard', messageId })])
    expect(await recipientRow(mailshot, mails[0].id)).toMatchObject({
      status: 'uncertain',
      delivery: null,
    })
  })
})

async function uncertain(mailshot: Mailshot): Promise<void> {
  await mailshot.db.write(
    sql`UPDATE recipients SET status = 'uncertain', settled_at = ${mailshot.now()}`,
  )
}

async function statuses(mailshot: Mailshot): Promise<string[]> {
  const rows = await mailshot.db.all<{ status: string }>(
    sql`SELECT status FROM recipients ORDER BY id`,
  )
  return rows.map(({ status }) => status)
}
