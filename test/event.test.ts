import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { recordEvents } from '../integrations/mailshot/event.ts'
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
