import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
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

  it('tells that a domain which was slowed down is free again', async () => {
    const { mailshot, start } = await openReceivingSide(
      { pace: '60/minute' },
      { readers: { 'gmail.com': 100 }, parallel: 4 },
    )
    const { send } = await start()
    const now = mailshot.now()
    await mailshot.db.write(
      sql`INSERT INTO lanes (scope, spacing, slowed_from, slowed_at, slowed_reason, next_at)
          VALUES ('domain:gmail.com', 300000, 140000, ${now}, '451', ${now + 300_000})`,
    )
    await deliverUntil(mailshot, now + 5000)
    const during = await whyWaiting(mailshot, await readSend(mailshot, send.id))
    expect(during).toMatchObject([{ reason: '98 wait: gmail.com is slowed down: 451' }])
    mailshot.clock.advance(3_600_000)
    const waiting = await whyWaiting(mailshot, await readSend(mailshot, send.id))
    expect(waiting).toEqual([
      {
        reason: '98 wait: gmail.com is free again, and takes them one after another',
        until: null,
      },
    ])
  })

  it('tells until when a domain rests, also of the few that a worker keeps for it', async () => {
    const { mailshot, start } = await openReceivingSide({}, { readers: { 'gmail.com': 3 } })
    const { send } = await start()
    const now = mailshot.now()
    const until = now + 9_000_000
    await mailshot.db.write(
      sql`INSERT INTO lanes (scope, parked_until, parked_reason)
          VALUES ('domain:gmail.com', ${until}, '452 later')`,
    )
    const stop = new AbortController()
    let told: unknown
    const onProgress = async () => {
      if (mailshot.now() - now < 5000 || told !== undefined) return
      told = 'asked'
      told = await whyWaiting(mailshot, await readSend(mailshot, send.id))
      stop.abort()
    }
    await deliver(mailshot, { signal: stop.signal, onProgress: () => void onProgress() })
    expect(told).toEqual([{ reason: '3 wait: gmail.com asked to wait: 452 later', until }])
  })

  it('tells of a limit that is used up, and when its next slot comes', async () => {
    const { mailshot, arrivals, start } = await openReceivingSide(
      { pace: '2/hour' },
      { readers: { 'example.net': 5 } },
    )
    const { send } = await start()
    await deliverUntil(mailshot, mailshot.now() + 40 * 60_000)
    const [waiting] = await whyWaiting(mailshot, await readSend(mailshot, send.id))
    expect(waiting?.reason).toBe('all that the pace allows is used up for now (2 an hour)')
    const next = (waiting?.until ?? 0) - (arrivals[0]?.at ?? 0)
    expect(next / 3_600_000).toBeCloseTo(1, 1)
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
