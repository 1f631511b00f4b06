import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { readSend } from '../../integrations/mailshot/send.ts'
import { sendJson, sendSchema } from '../../integrations/mailshot/send/json.ts'
import { whyWaiting } from '../../integrations/mailshot/send/waiting.ts'
import { deliverUntil, openReceivingSide } from '../pace/receiving-side.ts'

describe('whyWaiting', () => {
  it('says nothing of a send that nothing holds up', async () => {
    const { mailshot, start } = await openReceivingSide({}, { readers: { 'example.net': 2 } })
    const { send } = await start()
    expect(await whyWaiting(mailshot, send)).toEqual([])
    expect(await whyWaiting(mailshot, { ...send, status: 'running' })).toEqual([])
  })

  it('tells the hours, and when they begin', async () => {
    const { mailshot, start } = await openReceivingSide(
      { hours: { from: '09:00', to: '10:00' } },
      { readers: { 'example.net': 2 } },
    )
    const { send } = await start()
    await deliverUntil(mailshot, mailshot.now() + 1000)
    expect(await whyWaiting(mailshot, await readSend(mailshot, send.id))).toEqual([
      {
        reason: 'it is outside the sending hours',
        until: Date.parse('2026-11-23T08:00:00Z'),
      },
    ])
  })

  it('tells the domains that are limited, and when the last of them has its turn', async () => {
    const { mailshot, start } = await openReceivingSide(
      { domains: { 'gmail.com': '10/hour' }, ramp: { start: 1000 } },
      { readers: { 'gmail.com': 20, 'example.net': 5 } },
    )
    const { send } = await start()
    await deliverUntil(mailshot, mailshot.now() + 1000)
    const waiting = await whyWaiting(mailshot, await readSend(mailshot, send.id))
    expect(waiting.map(({ reason }) => reason)).toEqual([
      'the ramp allows 1000 mails a day as yet',
      expect.stringMatching(/^1\d wait: gmail\.com gets 10 an hour at most$/),
    ])
    const last = ((waiting[1]?.until ?? 0) - mailshot.now()) / 60_000
    expect(last).toBeGreaterThan(85)
    expect(last).toBeLessThan(125)
    const shown = { ...(await readSend(mailshot, send.id)), waiting }
    expect(sendSchema.parse(JSON.parse(JSON.stringify(sendJson(shown)))).waiting).toEqual(waiting)
  })

  it('tells why the relay rests, and that it was slowed down', async () => {
    const { mailshot, start } = await openReceivingSide(
      {},
      {
        readers: { 'example.net': 20 },
        answer: () => ({
          status: 'deferred',
          scope: 'relay',
          reason: '454 Throttling',
          retryAfter: 60,
        }),
      },
    )
    const { send } = await start()
    await deliverUntil(mailshot, mailshot.now() + 2000)
    const reasons = (await whyWaiting(mailshot, await readSend(mailshot, send.id))).map(
      ({ reason }) => reason,
    )
    expect(reasons).toEqual([
      'the relay rests: 454 Throttling',
      expect.stringMatching(
        /^the relay asked for less \(one mail in .* s by now\): 454 Throttling$/,
      ),
    ])
    expect(await mailshot.db.get(sql`SELECT max(tries) AS tries FROM recipients`)).toEqual({
      tries: 0,
    })
  })
})
