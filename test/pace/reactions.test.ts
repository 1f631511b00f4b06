import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { sameText } from '../../integrations/mailshot/deliver/streak.ts'
import { holdDomainStatement } from '../../integrations/mailshot/pace/held.ts'
import { listRecipients } from '../../integrations/mailshot/recipient.ts'
import { readSend, resumeSend } from '../../integrations/mailshot/send.ts'
import type { Outcome } from '../../integrations/mailshot/transport.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { statusCounts } from '../people.ts'
import { startFixture } from '../start-fixture.ts'
import { deliverUntil, openReceivingSide } from './receiving-side.ts'

const minute = 60_000

describe('a domain that refuses for now', () => {
  it('is slowed down and recovers, while the others go on', async () => {
    const started = { at: 0 }
    const { mailshot, arrivals, start } = await openReceivingSide(
      { pace: '20/second' },
      {
        readers: { 'gmail.com': 60, 'example.net': 60 },
        answer: (message, now) =>
          message.envelope.to.endsWith('@gmail.com') && now - started.at < 20_000
            ? { status: 'deferred', scope: 'domain', reason: '451 4.7.0 too much mail from you' }
            : undefined,
      },
    )
    started.at = mailshot.now()
    const { send } = await start()
    await deliver(mailshot, { untilDone: true })
    const after = (domain: string) =>
      arrivals.filter((one) => one.domain === domain).map(({ at }) => at - started.at)
    expect(Math.max(...after('example.net'))).toBeLessThan(10_000)
    // Refused again and again, each time at half the rate.
    expect(after('gmail.com').filter((at) => at < 20_000).length).toBeLessThan(20)
    expect(await statusCounts(mailshot, send.id)).toEqual({ sent: 120 })
    const rows = await listRecipients(mailshot, { sendId: send.id })
    expect(Math.max(...rows.map(({ tries }) => tries))).toBe(2)
    expect(Math.max(...after('gmail.com'))).toBeLessThan(40 * minute)
    // Free again in the end, and forgotten.
    mailshot.clock.advance(60 * minute)
    await deliverUntil(mailshot, mailshot.now() + 1000)
    expect(await mailshot.db.all(sql`SELECT scope FROM lanes`)).toEqual([
      { scope: 'transport:memory' },
    ])
  })

  it('rests for as long as it asks', async () => {
    let isRefused = false
    const { mailshot, arrivals, start } = await openReceivingSide(
      { pace: '20/second' },
      {
        readers: { 'gmail.com': 10 },
        parallel: 1,
        answer: (): Outcome | undefined => {
          if (isRefused) return undefined
          isRefused = true
          return { status: 'deferred', scope: 'domain', reason: '452 4.3.2 later', retryAfter: 90 }
        },
      },
    )
    await start()
    await deliver(mailshot, { untilDone: true })
    const times = arrivals.filter((one) => !one.isLetter).map(({ at }) => at)
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(90_000)
  })
})

describe('a relay that throttles', () => {
  it('is slowed down to half of the rate it was given, and costs nobody a try', async () => {
    let refusals = 0
    const { mailshot, arrivals, start } = await openReceivingSide(
      { pace: '20/second' },
      {
        readers: { 'example.net': 120 },
        answer: () => {
          if (arrivals.length < 60 || refusals > 0) return undefined
          refusals += 1
          return { status: 'deferred', scope: 'relay', reason: '454 Throttling', retryAfter: 5 }
        },
      },
    )
    const { send } = await start()
    await deliver(mailshot, { untilDone: true })
    const times = arrivals.filter((one) => !one.isLetter).map(({ at }) => at)
    const rate = (some: number[]) => (some.length - 1) / ((some.at(-1) ?? 0) - (some[0] ?? 0))
    const before = rate(times.slice(0, 50))
    const after = rate(times.slice(-50))
    expect(after).toBeLessThan(before * 0.65)
    expect(after).toBeGreaterThan(before * 0.35)
    const rows = await listRecipients(mailshot, { sendId: send.id })
    expect(new Set(rows.map(({ status, tries }) => `${status} ${tries}`))).toEqual(
      new Set(['sent 1']),
    )
  })
})

describe('a relay that rests', () => {
  const later = (retryAfter?: number): Outcome => ({
    status: 'deferred',
    scope: 'relay',
    reason: '421 4.3.2 away',
    ...(retryAfter !== undefined && { retryAfter }),
  })

  it('rests for a day at most, and is tried at once when the operator says so', async () => {
    let isAway = true
    const { mailshot, transport, start } = await openReceivingSide(
      {},
      {
        readers: { 'example.net': 3 },
        answer: () => (isAway ? later(999_999) : undefined),
      },
    )
    const { send } = await start()
    await deliverUntil(mailshot, mailshot.now() + 5000)
    isAway = false
    const lane = await mailshot.db.get<{ until: number }>(
      sql`SELECT parked_until AS until FROM lanes WHERE scope = 'transport:memory'`,
    )
    const rest = (lane?.until ?? 0) - mailshot.now()
    expect(rest / 3_600_000).toBeCloseTo(24, 1)
    await resumeSend(mailshot, send.id, { actor: 'test' })
    await deliverUntil(mailshot, mailshot.now() + 20_000)
    expect(await statusCounts(mailshot, send.id)).toEqual({ sent: 3 })
    const alarm = transport.messages.find(({ subject }) => subject.includes('n’accepte rien'))
    expect(alarm?.text).toContain('attendre aussi longtemps\u00a0: 421 4.3.2 away')
    expect(await mailshot.db.all(sql`SELECT subject FROM audit WHERE action = 'resume'`)).toEqual([
      { subject: `send:${send.id}` },
    ])
  })

  it('lets domains that rest or are slowed down be tried at once too, at the rate they were slowed to', async () => {
    const { mailshot, arrivals, start } = await openReceivingSide(
      {},
      { readers: { 'rests.example': 2, 'slow.example': 3, 'held.example': 1 } },
    )
    const { send } = await start()
    const now = mailshot.now()
    await mailshot.db.write(
      sql`INSERT INTO lanes (scope, parked_until, parked_reason)
        VALUES ('domain:rests.example', ${now + 3_600_000}, '452 later')`,
      sql`INSERT INTO lanes (scope, spacing, slowed_from, slowed_at, slowed_reason, next_at)
        VALUES ('domain:slow.example', 600000, 1000, ${now}, '451', ${now + 600_000})`,
      holdDomainStatement('held.example', 'guard'),
    )
    const toDomains = () => arrivals.flatMap(({ isLetter, domain }) => (isLetter ? [] : [domain]))
    await deliverUntil(mailshot, now + 5000)
    expect(toDomains()).toEqual([])
    await resumeSend(mailshot, send.id, { actor: 'test' })
    await deliverUntil(mailshot, mailshot.now() + 5000)
    expect(toDomains().toSorted()).toEqual(['rests.example', 'rests.example', 'slow.example'])
    await resumeSend(mailshot, send.id, { actor: 'test' })
    await deliverUntil(mailshot, mailshot.now() + 5000)
    expect(toDomains()).toHaveLength(4)
  })

  it('is told to the operator once where it is away for over an hour', async () => {
    const mailer = memory()
    const { mailshot, start } = await openReceivingSide(
      { mailer },
      { readers: { 'example.net': 3 }, parallel: 1, answer: () => later() },
    )
    await start()
    const began = mailshot.now()
    const told = () => mailer.messages.filter(({ subject }) => subject.includes('n’accepte rien'))
    const waits: number[] = []
    for (let fault = 1; fault <= 12; fault++) {
      await deliverUntil(mailshot, mailshot.now() + 2000)
      if (told().length === 0) waits.push((mailshot.now() - began) / minute)
      const lane = await mailshot.db.get<{ until: number }>(
        sql`SELECT parked_until AS until FROM lanes`,
      )
      mailshot.clock.set(Math.max(mailshot.now(), lane?.until ?? 0))
    }
    expect(waits.at(-1)).toBeGreaterThan(45)
    expect(waits.at(-1)).toBeLessThan(75)
    expect(told()).toHaveLength(1)
  })
})

describe('the same refusal again and again', () => {
  const refused = (to: string): Outcome => ({
    status: 'rejected',
    class: 'soft',
    enhanced: '5.7.1',
    reason: `550 5.7.1 <${to}>: Mail refused by policy, id ${Math.random().toString(16)}`,
  })

  it('pauses the send at the tenth in a row, and says why', async () => {
    const { mailshot, start } = await openReceivingSide(
      {},
      {
        readers: { 'example.net': 40 },
        parallel: 1,
        answer: (message) => refused(message.envelope.to),
      },
    )
    const { send } = await start()
    await deliverUntil(mailshot, mailshot.now() + 10_000)
    expect(await readSend(mailshot, send.id)).toMatchObject({
      failed: 10,
      reason: expect.stringMatching(/^blocked: refused 10 times in a row: 550 5\.7\.1 <Reader/),
    })
  })

  it('pauses all sends that run: it is the account that is refused', async () => {
    const { mailshot, transport } = await openReceivingSide(
      {},
      {
        readers: { 'example.net': 60 },
        parallel: 1,
        answer: (message) => refused(message.envelope.to),
      },
    )
    const sends = [
      await startFixture(mailshot, 'hello', { as: 'first', edition: '1' }),
      await startFixture(mailshot, 'hello', { as: 'second', edition: '2' }),
    ]
    await deliverUntil(mailshot, mailshot.now() + 10_000)
    const after = await Promise.all(sends.map(({ send }) => readSend(mailshot, send.id)))
    const reason = expect.stringMatching(/^blocked: refused 10 times in a row: 550 5\.7\.1 <Reader/)
    expect(after).toMatchObject([
      { status: 'paused', reason },
      { status: 'paused', reason },
    ])
    expect(after.reduce((sum, { failed }) => sum + failed, 0)).toBe(10)
    expect(await mailshot.db.all(sql`SELECT subject FROM audit WHERE action = 'pause'`)).toEqual(
      sends.map(({ send }) => ({ subject: `send:${send.id}` })),
    )
    const claimed = sql`SELECT count(*) AS count FROM recipients WHERE status = 'claimed'`
    expect(await mailshot.db.get(claimed)).toEqual({ count: 0 })
    await deliver(mailshot, { untilDone: true })
    const alarms = transport.messages.filter(({ subject }) => subject.includes('suspendu'))
    expect(alarms).toHaveLength(2)
  })

  it('is counted over all workers', async () => {
    const { mailshot, start } = await openReceivingSide(
      {},
      {
        readers: { 'example.net': 200 },
        parallel: 1,
        latency: () => 1000,
        answer: (message) => refused(message.envelope.to),
      },
    )
    const { send } = await start()
    const until = mailshot.now() + 20_000
    await Promise.all([1, 2, 3].map(() => deliverUntil(mailshot, until)))
    expect(await readSend(mailshot, send.id)).toMatchObject({
      reason: expect.stringMatching(/^blocked: refused 10 times/),
    })
  })

  it('does not count a full mailbox, named by words alone', async () => {
    const { mailshot, start } = await openReceivingSide(
      {},
      {
        readers: { 'example.net': 30 },
        answer: () => ({ status: 'rejected', class: 'soft', reason: 'RCPT TO: 552 mailbox full' }),
      },
    )
    const { send } = await start()
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', failed: 30 })
  })

  it('goes on where something is accepted in between', async () => {
    let count = 0
    const { mailshot, start } = await openReceivingSide(
      {},
      {
        readers: { 'example.net': 40 },
        parallel: 1,
        answer: (message) => (++count % 10 === 0 ? undefined : refused(message.envelope.to)),
      },
    )
    const { send } = await start()
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', sent: 4, failed: 36 })
  })

  it('is known by its words, whatever addresses and ids stand in it', () => {
    const [one, other] = [
      '550-5.7.26 Your email to a.b@gmail.com has been blocked. https://x.example/1?p=a a640c23a62f3a-1 - gsmtp',
      '550-5.7.26 Your email to c@gmail.com has been blocked. https://x.example/1?p=b b750d34b73-2 - gsmtp',
    ].map(sameText)
    expect(one).toBe(other)
    expect(sameText('550 5.7.1 refused')).not.toBe(sameText('554 5.7.1 refused'))
  })
})

describe('several sends', () => {
  it('take turns at one pace', async () => {
    const { mailshot, arrivals, transport } = await openReceivingSide(
      { pace: '10/second' },
      { readers: { 'example.net': 60 } },
    )
    await startFixture(mailshot, 'hello', { as: 'first', edition: '1' })
    await startFixture(mailshot, 'hello', { as: 'second', edition: '2' })
    await deliver(mailshot, { untilDone: true })
    const campaigns = transport.messages
      .map(({ campaign }) => campaign)
      .filter((campaign) => campaign !== undefined)
    expect(campaigns).toHaveLength(120)
    const half = campaigns.slice(0, 60).filter((campaign) => campaign === 'first')
    expect(half.length).toBeGreaterThanOrEqual(27)
    expect(half.length).toBeLessThanOrEqual(33)
    expect(arrivals.length).toBeGreaterThan(120)
  })
})

describe('a letter', () => {
  it('has the next slot, however small the limit and full the send', async () => {
    const { mailshot, arrivals, start } = await openReceivingSide(
      { pace: '6/minute', domains: { 'example.net': '6/minute' } },
      { readers: { 'example.net': 30 } },
    )
    await start()
    await deliverUntil(mailshot, mailshot.now() + 90_000)
    const asked = mailshot.now()
    await mailshot.db.write(
      sql`INSERT INTO letters (kind, email, lang, "values", status, due_at, created_at)
          SELECT 'alarm', 'Somebody@Example.net', 'en', json_object('event', 'done', 'send', id), 'pending', ${asked}, ${asked}
          FROM sends`,
    )
    await deliverUntil(mailshot, asked + 30_000)
    const letter = arrivals.find(({ to }) => to === 'Somebody@Example.net')
    expect((letter?.at ?? Infinity) - asked).toBeLessThan(12_000)
  })
})
