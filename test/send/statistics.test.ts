import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { handleStats } from '../../integrations/mailshot/api/stats.ts'
import { createApiToken } from '../../integrations/mailshot/api-token.ts'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { unsubscribePage } from '../../integrations/mailshot/pages/unsubscribe.ts'
import { readStatistics } from '../../integrations/mailshot/send/statistics.ts'
import { archiveSend } from '../../integrations/mailshot/send/trash.ts'
import { signToken } from '../../integrations/mailshot/token.ts'
import type { DeliveryEvent } from '../../integrations/mailshot/transport.ts'
import { type TestMailshot, testSecret } from '../open-test-mailshot.ts'
import { post } from '../pages/visit.ts'
import { eventOf, type SentMail, sentTo } from '../sent-mails.ts'

const hour = 3_600_000

function report(mailshot: TestMailshot, mail: SentMail, event: Partial<DeliveryEvent>) {
  const at = mailshot.now()
  return recordEvents(mailshot, 'relay', [eventOf({ ourId: mail.ourId, at, ...event })])
}

async function leave(mailshot: TestMailshot, mail: SentMail) {
  const row = await mailshot.db.get<{ id: number }>(
    sql`SELECT subscriber_id AS id FROM recipients WHERE id = ${mail.id}`,
  )
  const token = signToken([testSecret], 'unsubscribe', [row?.id ?? 0, mail.id])
  const request = post(`unsubscribe/${token}`, { 'List-Unsubscribe': 'One-Click' })
  await unsubscribePage(mailshot, request, token)
}

async function fullSend() {
  const { mailshot, mails, sendId } = await sentTo(4)
  const [one, two, three, four] = mails
  if (!one || !two || !three || !four) throw new Error('four were to be mailed')
  await report(mailshot, one, { type: 'delivered' })
  await report(mailshot, two, { type: 'bounced', class: 'hard', about: 'address' })
  await report(mailshot, three, { type: 'bounced', class: 'soft' })
  await report(mailshot, one, { type: 'opened' })
  await report(mailshot, one, { type: 'opened', isMachine: true })
  const url = 'https://a.example/'
  await report(mailshot, one, { type: 'clicked', url })
  await report(mailshot, four, { type: 'clicked', url, word: 'again' })
  await report(mailshot, four, { type: 'clicked', url: 'https://b.example/' })
  await report(mailshot, four, { type: 'clicked', url, isMachine: true })
  mailshot.clock.advance(80 * hour)
  await report(mailshot, four, { type: 'complained' })
  await leave(mailshot, one)
  await leave(mailshot, one)
  return { mailshot, sendId }
}

describe('readStatistics', () => {
  it('says what came of a send, machines apart', async () => {
    const { mailshot, sendId } = await fullSend()
    expect(await readStatistics(mailshot, sendId)).toMatchObject({
      send: sendId,
      campaign: 'june',
      recipients: { total: 4, sent: 4, failed: 0 },
      delivered: { count: 2, reported: 1 },
      bounced: { count: 2, hard: 1, soft: 1 },
      opened: { count: 1, machine: 1, people: 0 },
      clicked: { count: 3, machine: 1, people: 0 },
      unsubscribed: 1,
      complained: 1,
      rates: { delivered: 50, bounced: 50, unsubscribed: 25, complained: 25 },
    })
  })

  it('counts by link, by recipient domain, and over time', async () => {
    const { mailshot } = await fullSend()
    const { links, domains, time } = await readStatistics(mailshot, 'june')
    expect(links).toEqual([
      { url: 'https://a.example/', clicks: 2 },
      { url: 'https://b.example/', clicks: 1 },
    ])
    expect(domains).toMatchObject([
      {
        domain: 'example.net',
        sent: 4,
        delivered: 2,
        reported: 1,
        bounced: 2,
        complained: 1,
        unsubscribed: 1,
        clicked: 0,
      },
    ])
    expect(time).toMatchObject([
      {
        from: '2026-11-22T12:00:00.000Z',
        hours: 1,
        sent: 4,
        reported: 1,
        bounced: 2,
        opened: 1,
        openedByMachine: 1,
        clicked: 3,
        clickedByMachine: 1,
      },
      { from: '2026-11-25T00:00:00.000Z', hours: 24, complained: 1, unsubscribed: 1 },
    ])
  })

  it('is the same when the recipients and events are gone, and half-way', async () => {
    const { mailshot, sendId } = await fullSend()
    const before = await readStatistics(mailshot, 'june')
    await mailshot.db.write(sql`DELETE FROM recipients WHERE id % 2 = 0`, sql`DELETE FROM events`)
    expect(await readStatistics(mailshot, 'june')).toEqual(before)
    await mailshot.db.write(sql`UPDATE sends SET status = 'done' WHERE id = ${sendId}`)
    await archiveSend(mailshot, 'june', { actor: 'test' })
    expect(await readStatistics(mailshot, 'june')).toEqual({
      ...before,
      status: 'done',
      purgedAt: expect.any(String),
    })
  })

  it('adds up by recipient domain to what was sent, whoever settled it and however often', async () => {
    const { mailshot, mails } = await sentTo(3)
    const [one, two, three] = mails.map(({ id }) => id)
    const settle = (id: number | undefined, status: string) =>
      sql`UPDATE recipients SET status = ${status}, settled_at = settled_at + 1 WHERE id = ${id}`
    await mailshot.db.write(
      settle(one, 'uncertain'),
      settle(two, 'failed'),
      settle(three, 'failed'),
    )
    await mailshot.db.write(settle(one, 'sent'), settle(two, 'sent'))
    const { domains, recipients } = await readStatistics(mailshot, 'june')
    expect(domains).toMatchObject([{ domain: 'example.net', sent: 2, failed: 1 }])
    expect(recipients).toMatchObject({ sent: 2, failed: 1 })
  })

  it('has no rate where nothing was sent', async () => {
    const { mailshot } = await sentTo(1)
    await mailshot.db.write(sql`UPDATE sends SET sent = 0`)
    const { rates } = await readStatistics(mailshot, 'june')
    expect(rates).toEqual({ delivered: null, bounced: null, unsubscribed: null, complained: null })
  })

  it('is told by the API to who may read sends', async () => {
    const { mailshot } = await fullSend()
    const { token } = await createApiToken(mailshot, {
      name: 'ci',
      scopes: ['read'],
      actor: 'test',
    })
    const headers = { authorization: `Bearer ${token}` }
    const request = new Request('https://example.org/mailshot/api/sends/june/stats', { headers })
    const answer = await handleStats(mailshot, request, 'june')
    expect(await answer.json()).toEqual({ stats: await readStatistics(mailshot, 'june') })
    const stranger = await handleStats(mailshot, new Request(request.url), 'june')
    expect(stranger.status).toBe(401)
  })
})
