import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { queueLetterStatement } from '../../integrations/mailshot/letter.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { pauseSend, readSend, resumeSend } from '../../integrations/mailshot/send.ts'
import { whyWaiting } from '../../integrations/mailshot/send/waiting.ts'
import { recoverDeadWorkers } from '../../integrations/mailshot/worker.ts'
import { deliverUntil, mortalWorker, mostInWindow, withLeaps } from '../pace/receiving-side.ts'
import { addReaders, statusCounts } from '../people.ts'
import { carriers, openTwoWays, relayDown, startAs } from './two-ways.ts'

const minute = 60_000
const hour = 60 * minute

describe('a transport with a fallback', () => {
  it('waits for the relay as long as was asked, then its mails go by the other', async () => {
    const { mailshot, main, bulk } = await openTwoWays({ bulk: { fallback: 'main' } })
    await addReaders(mailshot, 100)
    bulk.answer(() => relayDown)
    const send = await startAs(mailshot, 'june', { transport: 'bulk' })
    const began = mailshot.now()
    await deliver(withLeaps(mailshot), { untilDone: true })
    expect(await carriers(mailshot, send.id)).toEqual({ 'sent by main': 100 })
    const first =
      Math.min(...main.given.flatMap(({ at, campaign }) => (campaign ? [at] : []))) - began
    // It is known at the sixth fault that the rest lasts for longer than ten minutes.
    expect(first).toBeGreaterThan(4 * minute)
    expect(first).toBeLessThan(10 * minute)
    expect(new Set(main.taken()).size).toBe(100)
    expect(bulk.taken()).toEqual([])
  })

  it('goes over at once where the relay names a longer wait, and comes back when it is well', async () => {
    const { mailshot, main, bulk } = await openTwoWays({
      bulk: { fallback: 'main' },
      main: { pace: '60/hour' },
    })
    await addReaders(mailshot, 60)
    const began = mailshot.now()
    bulk.answer(() =>
      mailshot.now() < began + 20 * minute
        ? { status: 'deferred', scope: 'relay', reason: 'daily quota', retryAfter: 1200 }
        : undefined,
    )
    const send = await startAs(mailshot, 'june', { transport: 'bulk' })
    await deliverUntil(withLeaps(mailshot), began + 10 * minute)
    const waiting = await whyWaiting(mailshot, await readSend(mailshot, send.id))
    expect(waiting.map(({ reason }) => reason)).toContain('main takes what bulk does not')
    expect(waiting.map(({ reason }) => reason)).toContain('bulk: the relay rests: daily quota')
    await deliver(withLeaps(mailshot), { untilDone: true })
    const by = await carriers(mailshot, send.id)
    expect(Object.keys(by).toSorted()).toEqual(['sent by bulk', 'sent by main'])
    expect(by['sent by main']).toBeLessThan(30)
    expect(new Set([...main.taken(), ...bulk.taken()]).size).toBe(60)
    expect(main.taken().length + bulk.taken().length).toBe(60)
    expect(
      mostInWindow(
        main.given.map(({ at }) => at),
        hour,
      ),
    ).toBeLessThanOrEqual(60)
  })

  it('holds the limits of both, mails nobody twice and forgets nobody, whoever is killed in between', async () => {
    const { mailshot, main, bulk } = await openTwoWays({
      bulk: { fallback: 'main', fallbackAfterMinutes: 1, pace: '20/minute' },
      main: { pace: '15/minute' },
    })
    await addReaders(mailshot, 150)
    const began = mailshot.now()
    const isDown = () => Math.floor((mailshot.now() - began) / (2 * minute)) % 2 === 1
    bulk.answer(() => (isDown() ? relayDown : undefined))
    const send = await startAs(mailshot, 'june', { transport: 'bulk' })
    for (let life = 0; (await readSend(mailshot, send.id)).status !== 'done'; life++) {
      const worker = mortalWorker(mailshot)
      if (life < 5) void mailshot.sleep(minute + life * 7919).then(worker.kill)
      await worker.done
    }
    const counts = await statusCounts(mailshot, send.id)
    const uncertain = counts['uncertain'] ?? 0
    expect(counts).toEqual({ sent: 150 - uncertain, ...(uncertain > 0 && { uncertain }) })
    expect(uncertain).toBeLessThanOrEqual(5 * 8)
    const taken = [...main.taken(), ...bulk.taken()]
    expect(new Set(taken).size).toBe(taken.length)
    expect(main.taken().length).toBeGreaterThan(10)
    expect(bulk.taken().length).toBeGreaterThan(10)
    const times = (relay: typeof main) => relay.given.map(({ at }) => at)
    expect(mostInWindow(times(main), minute)).toBeLessThanOrEqual(15)
    expect(mostInWindow(times(bulk), minute)).toBeLessThanOrEqual(20)
  })

  it('is charged for what a worker had in hand of it when it died, and nobody else is', async () => {
    const { mailshot, bulk } = await openTwoWays({
      bulk: { pace: '4/minute' },
      main: { pace: '4/minute' },
    })
    await addReaders(mailshot, 1)
    await startAs(mailshot, 'june', { transport: 'bulk' })
    const worker = mortalWorker(mailshot)
    bulk.answer(() => {
      worker.kill()
      return undefined
    })
    await worker.done
    mailshot.clock.advance(2 * minute)
    expect(await recoverDeadWorkers(mailshot)).toBe(1)
    const taken = await mailshot.db.all<{ scope: string; slots: number }>(
      sql`SELECT scope, sum(slots) AS slots FROM pace WHERE free_at > ${mailshot.now()} GROUP BY scope`,
    )
    expect(taken).toEqual([{ scope: 'transport:bulk', slots: 1 }])
  })

  it('is charged for a letter that a worker died with, and mails it again', async () => {
    const { mailshot, main, bulk } = await openTwoWays({
      main: { fallback: 'bulk', fallbackAfterMinutes: 0, pace: '4/minute' },
      bulk: { pace: '4/minute' },
    })
    const welcome = { kind: 'welcome', email: 'new@example.net', lang: 'en', values: {} } as const
    await mailshot.db.write(queueLetterStatement(mailshot, welcome))
    main.answerLetters(() => relayDown)
    const worker = mortalWorker(mailshot)
    bulk.answerLetters(() => {
      worker.kill()
      return undefined
    })
    await worker.done
    mailshot.clock.advance(2 * minute)
    await recoverDeadWorkers(mailshot)
    const taken = await mailshot.db.all<{ scope: string; slots: number }>(
      sql`SELECT scope, sum(slots) AS slots FROM pace WHERE free_at > ${mailshot.now()} GROUP BY scope`,
    )
    expect(taken).toEqual([{ scope: 'transport:bulk', slots: 1 }])
    bulk.answerLetters(() => undefined)
    await deliver(withLeaps(mailshot), { untilDone: true })
    const letter = await mailshot.db.get(
      sql`SELECT status, transport FROM letters WHERE kind = 'welcome'`,
    )
    expect(letter).toEqual({ status: 'sent', transport: 'bulk' })
  })

  it('leaves what is uncertain alone', async () => {
    const { mailshot, main, bulk } = await openTwoWays({
      bulk: { fallback: 'main', fallbackAfterMinutes: 0 },
    })
    await addReaders(mailshot, 40)
    let count = 0
    bulk.answer(() =>
      ++count <= 3 ? { status: 'uncertain', reason: 'the link broke' } : relayDown,
    )
    const send = await startAs(mailshot, 'june', { transport: 'bulk' })
    await deliver(withLeaps(mailshot), { untilDone: true })
    expect(await carriers(mailshot, send.id)).toEqual({
      'uncertain by bulk': 3,
      'sent by main': 37,
    })
    expect(main.taken()).toHaveLength(37)
  })

  it('that rests as well, or none, holds up nobody else', async () => {
    const { mailshot, main, bulk } = await openTwoWays({
      bulk: { fallback: 'main', fallbackAfterMinutes: 0 },
      main: { fallback: 'bulk', fallbackAfterMinutes: 0 },
    })
    await addReaders(mailshot, 30)
    const began = mailshot.now()
    bulk.answer(() => (mailshot.now() < began + 5 * minute ? relayDown : undefined))
    main.answer(() => (mailshot.now() < began + 9 * minute ? relayDown : undefined))
    const send = await startAs(mailshot, 'june', { transport: 'bulk' })
    await deliver(withLeaps(mailshot), { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', sent: 30 })
    expect(mailshot.now() - began).toBeLessThan(20 * minute)
  })

  it('is followed by letters, which go by the other and come back', async () => {
    const { mailshot, main, bulk } = await openTwoWays({
      main: { fallback: 'bulk', fallbackAfterMinutes: 5 },
      bulk: { pace: '3/minute' },
    })
    const began = mailshot.now()
    main.answerLetters(() => (mailshot.now() < began + hour ? relayDown : undefined))
    const queue = (count: number) =>
      mailshot.db.write(
        ...Array.from({ length: count }, (_, place) =>
          queueLetterStatement(mailshot, {
            kind: 'welcome',
            email: `new${place}@example.net`,
            lang: 'en',
            values: {},
          }),
        ),
      )
    await queue(12)
    await deliverUntil(withLeaps(mailshot), began + 20 * minute)
    const took = (relay: typeof main) =>
      relay.given.filter(({ to }) => to.startsWith('new')).map(({ at }) => at)
    const seen = () =>
      mailshot.db.all<{ transport: string; status: string; count: number }>(
        sql`SELECT transport, status, count(*) AS count FROM letters WHERE kind = 'welcome' GROUP BY 1, 2 ORDER BY 1`,
      )
    expect(await seen()).toEqual([{ transport: 'bulk', status: 'sent', count: 12 }])
    expect(took(bulk)).toHaveLength(12)
    expect(Math.min(...took(bulk)) - began).toBeGreaterThan(2 * minute)
    expect(Math.min(...took(bulk)) - began).toBeLessThan(6 * minute)
    expect(mostInWindow(took(bulk), minute)).toBeLessThanOrEqual(3)
    const tried = took(main).length
    mailshot.clock.set(began + 2 * hour)
    await queue(2)
    await deliverUntil(withLeaps(mailshot), mailshot.now() + minute)
    expect(took(main).length - tried).toBe(2)
    expect(took(bulk)).toHaveLength(12)
  })

  it('goes on with the other when a send is paused and resumed meanwhile', async () => {
    const { mailshot, main, bulk } = await openTwoWays({
      bulk: { fallback: 'main' },
      main: { pace: '60/hour' },
    })
    await addReaders(mailshot, 30)
    const began = mailshot.now()
    bulk.answer(() => (mailshot.now() < began + hour ? relayDown : undefined))
    const { id } = await startAs(mailshot, 'june', { transport: 'bulk' })
    await deliverUntil(withLeaps(mailshot), began + 20 * minute)
    await pauseSend(mailshot, id, { reason: 'a look at it', actor: 'test' })
    const by = { actor: 'test' }
    await resumeSend(mailshot, id, by)
    const [before, tried] = [main.taken().length, bulk.given.length]
    await deliverUntil(withLeaps(mailshot), mailshot.now() + 3 * minute)
    expect(bulk.given.length).toBeGreaterThan(tried)
    expect(main.taken().length - before).toBeGreaterThan(1)
    await deliver(withLeaps(mailshot), { untilDone: true })
    expect((await readSend(mailshot, id)).sent).toBe(30)
    // Well at once after a resume, which is noted.
    await resumeSend(mailshot, (await startAs(mailshot, 'july', { transport: 'bulk' })).id, by)
    bulk.answer(() => undefined)
    await deliver(withLeaps(mailshot), { untilDone: true })
    expect(
      await mailshot.db.get(sql`SELECT faults FROM lanes WHERE scope = 'transport:bulk'`),
    ).toEqual({ faults: 0 })
  })

  it('says of both what holds them up', async () => {
    const { mailshot, main, bulk } = await openTwoWays({ bulk: { fallback: 'main' } })
    await addReaders(mailshot, 10)
    const full = (reason: string) => ({ ...relayDown, reason, retryAfter: 3600 })
    bulk.answer(() => full('daily quota'))
    main.answer(() => full('too much today'))
    const send = await startAs(mailshot, 'june', { transport: 'bulk' })
    await deliverUntil(mailshot, mailshot.now() + 5000)
    const waiting = await whyWaiting(mailshot, await readSend(mailshot, send.id))
    const reasons = waiting.map(({ reason }) => reason)
    expect(reasons).toContain('bulk: the relay rests: daily quota')
    expect(reasons).toContain('main: the relay rests: too much today')
  })

  it('is not held up by one that rests without a fallback', async () => {
    const { mailshot, main, bulk } = await openTwoWays()
    await addReaders(mailshot, 50)
    bulk.answer(() => relayDown)
    const waiting = await startAs(mailshot, 'bulk', { transport: 'bulk' })
    const going = await startAs(mailshot, 'main', { transport: 'main' })
    await deliverUntil(mailshot, mailshot.now() + 5000)
    expect(await readSend(mailshot, going.id)).toMatchObject({ status: 'done', sent: 50 })
    expect(await readSend(mailshot, waiting.id)).toMatchObject({ status: 'running', sent: 0 })
    expect(main.taken()).toHaveLength(50)
  })
})
