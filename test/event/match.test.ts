import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { newSendId } from '../../integrations/mailshot/send/id.ts'
import type { DeliveryEvent } from '../../integrations/mailshot/transport.ts'
import type { TestMailshot } from '../open-test-mailshot.ts'
import { eventOf, mailAll, recipientRow, sentTo } from '../sent-mails.ts'

const day = 86_400_000

describe('an event', () => {
  it('is matched by our Message-ID, with or without brackets', async () => {
    const { mailshot, mails } = await sentTo(2)
    const { id, messageId } = mails[1]
    const bare = messageId.slice(1, -1)
    expect(await matchOf(mailshot, { messageId })).toEqual(['message-id', id])
    expect(await matchOf(mailshot, { messageId: bare })).toEqual(['message-id', id])
  })

  it('is matched by our id in the hands of the provider, whatever address it reports', async () => {
    const { mailshot, mails } = await sentTo(2)
    const { id, ourId } = mails[1]
    const given = { ourId, messageId: '288230412', recipient: 'forwarded@example.com' }
    expect(await matchOf(mailshot, given)).toEqual(['our-id', id])
    // The address is the one that was mailed.
    expect(await mailshot.db.all(sql`SELECT email FROM events`)).toEqual([
      { email: mails[1].email },
    ])
  })

  it('is matched by the id that the provider gave at the hand-over', async () => {
    const { mailshot, mails } = await sentTo(2)
    const { id, email } = mails[1]
    const by = (messageId: string) => matchOf(mailshot, { messageId, recipient: email })
    expect(await by(`p${id}`)).toEqual(['provider-id', id])
    expect(await by(`<p${id}@relay.example>`)).toEqual(['provider-id', id])
  })

  it('is matched by its address to the latest mail of 30 days, of reports that name no mail', async () => {
    const { mailshot, mails } = await sentTo(1)
    const { id, email: recipient } = mails[0]
    const at = (days: number) => eventOf({}).at + days * day
    expect(await matchOf(mailshot, { recipient, at: at(29) })).toEqual(['address', id])
    expect(await matchOf(mailshot, { recipient, at: at(31) })).toEqual([null, null])
    expect(await matchOf(mailshot, { recipient, at: at(-1) })).toEqual([null, null])
    expect(await matchOf(mailshot, { recipient, at: at(1), type: 'deferred' })).toEqual([
      'address',
      id,
    ])
  })

  it('is matched by its address where it is about the address, though it names another mail', async () => {
    const { mailshot, mails } = await sentTo(1)
    const { id, email: recipient } = mails[0]
    const of = (type: DeliveryEvent['type']) =>
      matchOf(mailshot, { type, recipient, messageId: '<made@relay.example>' })
    expect(await of('bounced')).toEqual(['address', id])
    expect(await of('complained')).toEqual(['address', id])
    expect(await of('opened')).toEqual([null, null])
    expect(await of('delivered')).toEqual([null, null])
  })

  it('stays unmatched where it names a mail of another site of ours', async () => {
    const { mailshot, mails } = await sentTo(1)
    const { email: recipient } = mails[0]
    const other = newSendId(mailshot.now())
    const of = (given: Partial<DeliveryEvent>) =>
      matchOf(mailshot, { type: 'complained', recipient, ...given })
    expect(await of({ ourId: `${other}.1` })).toEqual([null, null])
    expect(await of({ messageId: `<${other}.1@other.example>` })).toEqual([null, null])
    expect(await of({ ourId: 'letter.7' })).toEqual([null, null])
  })

  it('is not matched to a recipient of another send than it names', async () => {
    const { mailshot, mails } = await sentTo(1)
    expect(await matchOf(mailshot, { messageId: `<s2.${mails[0].id}@example.org>` })).toEqual([
      null,
      null,
    ])
  })

  it('keeps its send where the recipients were purged', async () => {
    const { mailshot, mails, sendId } = await sentTo(1)
    await mailshot.db.write(sql`DELETE FROM recipients`)
    expect(await matchOf(mailshot, { ourId: mails[0].ourId, type: 'deferred' })).toEqual([
      'our-id',
      null,
    ])
    expect(
      await mailshot.db.all(sql`SELECT kind, key, n FROM send_counts WHERE send_id = ${sendId}
      AND kind = 'events'`),
    ).toEqual([{ kind: 'events', key: 'deferred', n: 1 }])
  })

  it('is matched to a letter by its Message-ID, or by its id and address together', async () => {
    const { mailshot } = await sentTo(1)
    const createdAt = mailshot.now()
    await mailshot.db.write(sql`
      INSERT INTO letters (id, kind, email, lang, "values", status, due_at, created_at)
      VALUES (7, 'confirmation', 'Zoe@example.org', 'fr', '{}', 'sent', 0, ${createdAt})`)
    const letterOf = async (given: Partial<DeliveryEvent>) => {
      const [by] = await matchOf(mailshot, given)
      const row = await mailshot.db.get<{ letter: number | null; email: string | null }>(
        sql`SELECT letter_id AS letter, email FROM events ORDER BY id DESC`,
      )
      return [by, row?.letter, row?.email]
    }
    const messageId = `<letter.7.${createdAt.toString(36)}@example.org>`
    expect(await letterOf({ messageId })).toEqual(['message-id', 7, 'zoe@example.org'])
    expect(await letterOf({ ourId: 'letter.7', recipient: 'ZOE@example.org' })).toEqual([
      'our-id',
      7,
      'zoe@example.org',
    ])
    const ourId = `letter.7.${createdAt.toString(36)}`
    expect(await letterOf({ ourId })).toEqual(['our-id', 7, 'zoe@example.org'])
    expect(await letterOf({ ourId: 'letter.7.abc' })).toEqual([null, null, null])
    expect(await letterOf({ messageId: '<letter.7.abc@example.org>' })).toEqual([null, null, null])
    expect(await letterOf({ ourId: 'letter.7', recipient: 'max@example.org' })).toEqual([
      null,
      null,
      'max@example.org',
    ])
  })

  it('is about the mail whose address it names when it was mailed again since', async () => {
    const { mailshot, mails } = await sentTo(1)
    mailshot.clock.advance(day)
    await mailAll(mailshot, mails[0].sendId)
    expect(await matchOf(mailshot, { recipient: mails[0].email })).toEqual([null, null])
    const at = mailshot.now()
    expect(await matchOf(mailshot, { recipient: mails[0].email, at })).toEqual([
      'address',
      mails[0].id,
    ])
  })

  it('is about the later mail of one who was mailed again under the same Message-ID', async () => {
    const { mailshot, mails } = await sentTo(2)
    const [failed, again] = mails
    await mailshot.db.write(
      sql`UPDATE recipients SET resend = 1`,
      sql`UPDATE recipients SET message_id = replace(message_id, '@', '.1@') WHERE id = ${again.id}`,
    )
    const deliveryOf = async ({ id }: { id: number }) =>
      (await recipientRow(mailshot, id))['delivery']
    await recordEvents(mailshot, 'smtp', [
      eventOf({ messageId: failed.messageId }),
      eventOf({ messageId: again.messageId }),
    ])
    expect([await deliveryOf(failed), await deliveryOf(again)]).toEqual(['delivered', null])
    await recordEvents(mailshot, 'smtp', [
      eventOf({ messageId: again.messageId.replace('@', '.1@') }),
    ])
    expect(await deliveryOf(again)).toBe('delivered')
  })

  it('is kept, whatever nonsense it reports', async () => {
    const { mailshot } = await sentTo(1)
    const messageIds = ['', '<>', '@', '<.1@a>', '<s1.@a>', '<s1.99999999999999999999@a>', '%_']
    for (const messageId of messageIds) {
      const given = { messageId, ourId: messageId, token: messageId, recipient: messageId }
      expect(await matchOf(mailshot, given)).toEqual([null, null])
    }
  })
})

/** By what the event is matched, and to which recipient. */
async function matchOf(
  mailshot: TestMailshot,
  event: Partial<DeliveryEvent>,
): Promise<(string | number | null | undefined)[]> {
  const providerEventId = `e${Math.random()}`
  await recordEvents(mailshot, 'memory', [eventOf({ ...event, providerEventId })])
  const row = await mailshot.db.get<{ by: string | null; id: number | null }>(
    sql`SELECT matched_by AS "by", recipient_id AS id FROM events WHERE provider_event_id = ${providerEventId}`,
  )
  return [row?.by, row?.id]
}
