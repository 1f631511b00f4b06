import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import type { MailshotConfigInput } from '../integrations/mailshot/config.ts'
import { deliver } from '../integrations/mailshot/deliver.ts'
import {
  type LetterRequest,
  type LetterRow,
  listLetters,
  queueLetterStatement,
  retryLetters,
} from '../integrations/mailshot/letter.ts'
import { confirm, subscribe } from '../integrations/mailshot/subscriber.ts'
import { readSend } from '../integrations/mailshot/send.ts'
import { tendSends } from '../integrations/mailshot/send/tend.ts'
import type { Message } from '../integrations/mailshot/transport.ts'
import { suppress } from '../integrations/mailshot/suppression.ts'
import { memory, type MemoryTransport } from '../integrations/mailshot/transports/memory.ts'
import { openTestMailshot, type TestMailshot } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { withLeaps } from './pace/receiving-side.ts'
import { startFixture } from './start-fixture.ts'

const minute = 60_000

describe('queueLetterStatement', () => {
  it('queues a letter that the next worker mails', async () => {
    const { mailshot, transport } = await open()
    await queue(mailshot, confirmation)
    await deliver(mailshot, { untilDone: true })
    const [message] = transport.sentTo('ann@example.net')
    expect(message?.subject).toBe('Please confirm your subscription to The News')
    expect(message?.text).toContain('https://example.org/mailshot/confirm/x')
    expect(message?.html).toContain('href="https://example.org/mailshot/confirm/x"')
    expect(message?.headers['Auto-Submitted']).toBe('auto-generated')
    expect(await listLetters(mailshot)).toMatchObject([{ status: 'sent', tries: 1 }])
  })

  it('escapes what a value holds', async () => {
    const { mailshot, transport } = await open()
    const lists = '<b>{title}</b> & "co"'
    await queue(mailshot, { ...confirmation, values: { ...confirmation.values, lists } })
    await deliver(mailshot, { untilDone: true })
    const [message] = transport.sentTo('ann@example.net')
    expect(message?.html).toContain('&lt;b&gt;{title}&lt;/b&gt; &amp; &quot;co&quot;')
    expect(message?.text).toContain(lists)
  })
})

describe('letters', () => {
  it('confirm a sign-up from the link they bring', async () => {
    const { mailshot, transport } = await open()
    await subscribe(mailshot, {
      email: 'Ann@example.net',
      lang: 'en',
      lists: ['weekly'],
      consent: { source: 'form' },
    })
    await deliver(mailshot, { untilDone: true })
    const [message] = transport.sentTo('ann@example.net')
    const token = /confirm\/([\w-]+)/.exec(message?.text ?? '')?.[1]
    expect(message?.text).toContain('The link is valid until')
    await confirm(mailshot, token ?? '')
    await deliver(mailshot, { untilDone: true })
    expect(transport.sentTo('ann@example.net').at(-1)?.subject).toBe('Welcome to The News')
  })

  it('speak the site’s language throughout where we have no texts in the reader’s', async () => {
    const { mailshot, transport } = await open()
    for (const lang of ['sv', 'he']) {
      const email = `${lang}@example.net`
      const lists = ['weekly', 'product']
      await subscribe(mailshot, { email, lang, lists, consent: { source: 'form' } })
      await deliver(mailshot, { untilDone: true })
      const [message] = transport.sentTo(email)
      expect(message?.subject).toBe('Confirmez votre inscription à Les Nouvelles')
      expect(message?.text).toContain('recevoir Hebdo et Produits.')
      expect(message?.text).toContain('Le lien est valable jusqu’au 6 décembre 2026.')
      expect(message?.html).toContain('<html lang="fr" dir="ltr"')
    }
  })

  it('speak Arabic from right to left, with its own date and list', async () => {
    const { mailshot, transport } = await open()
    const lists = ['weekly', 'product']
    const asked = { email: 'ali@example.net', lang: 'ar-EG', lists }
    await subscribe(mailshot, { ...asked, consent: { source: 'form' } })
    await deliver(mailshot, { untilDone: true })
    const [message] = transport.sentTo('ali@example.net')
    expect(message?.html).toMatch(/<html lang="ar(?:-EG)?" dir="rtl"/)
    expect(message?.text).toContain('الاشتراك في \u2068Hebdo\u2069 و\u2068Produits\u2069.')
    expect(message?.text).toContain('الرابط صالح حتى 6 ديسمبر 2026.')
  })

  it('go ahead of a campaign and out of the reserve of the pace', async () => {
    const { mailshot, transport } = await open({ pace: '20/minute' })
    await addReaders(mailshot, 30)
    await startFixture(mailshot, 'hello')
    while (await tendSends(mailshot, () => 'ready'));
    // What tells the operator of the start would take the reserve.
    await mailshot.db.write(sql`DELETE FROM letters`)
    // A twentieth is kept for letters: nineteen of a campaign fill its share of the minute.
    await deliverUntil(mailshot, transport, (message) => message.campaign !== undefined, 19)
    await mailshot.db.write(sql`DELETE FROM letters`)
    const before = mailshot.now()
    await queue(mailshot, confirmation)
    await deliverUntil(mailshot, transport, ({ to }) => to.address === 'ann@example.net', 1)
    expect(transport.sentTo('ann@example.net')).toHaveLength(1)
    expect(mailshot.now() - before).toBeLessThan(1000)
  })

  it('rest with the relay, at no cost of a try, and go as soon as it is back', async () => {
    const { mailshot, transport } = await open()
    transport.failNext({ status: 'deferred', scope: 'relay', reason: '421 later', retryAfter: 50 })
    await queue(mailshot, confirmation)
    const began = mailshot.now()
    await deliver(mailshot, { untilDone: true })
    expect(await listLetters(mailshot)).toMatchObject([
      {
        status: 'pending',
        tries: 0,
        reason: '421 later',
        dueAt: expect.closeTo(began + 50_000, -3),
      },
    ])
    const parked = sql`SELECT parked_until - ${began} AS rest, faults FROM lanes`
    expect(await mailshot.db.get(parked)).toEqual({ rest: expect.closeTo(50_000, -3), faults: 1 })
    mailshot.clock.advance(51_000)
    await deliver(mailshot, { untilDone: true })
    expect(transport.sentTo('ann@example.net')).toHaveLength(1)
    expect(await mailshot.db.get(sql`SELECT faults FROM lanes`)).toEqual({ faults: 0 })
  })

  it('wait a minute for a mailer of the site’s own that is away', async () => {
    const mailer = memory()
    const { mailshot } = await open({ mailer })
    mailer.failNext({ status: 'deferred', scope: 'relay', reason: 'connection refused' })
    await queue(mailshot, confirmation)
    await deliver(mailshot, { untilDone: true })
    mailshot.clock.advance(minute)
    await deliver(mailshot, { untilDone: true })
    expect(mailer.sentTo('ann@example.net')).toHaveLength(1)
    expect(await listLetters(mailshot)).toMatchObject([{ status: 'sent', tries: 1 }])
  })

  it('end failed where the relay always fails at them alone, and the rest goes on', async () => {
    const { mailshot, transport } = await open({ leaseSeconds: 3600 })
    const poison = { status: 'deferred', scope: 'relay', reason: '421 crashed' } as const
    transport.failWhen(({ to }) => (to.address === 'ann@example.net' ? poison : undefined))
    await addReaders(mailshot, 3)
    await queue(mailshot, confirmation)
    const { send } = await startFixture(mailshot, 'hello')
    const began = mailshot.now()
    await deliver(withLeaps(mailshot), { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', sent: 3 })
    expect(mailshot.now() - began).toBeLessThan(5 * minute)
    expect(await endOf(mailshot)).toMatchObject({ status: 'failed', reason: '421 crashed' })
    expect(mailshot.now() - began).toBeLessThan(20 * 60 * minute)
  })

  it('end failed where nothing else is mailed, and the relay takes all but their content', async () => {
    const { mailshot, transport } = await open({ leaseSeconds: 3600 })
    transport.failWhen({ status: 'deferred', scope: 'relay', step: 'mail', reason: '421 crashed' })
    await queue(mailshot, confirmation)
    const began = mailshot.now()
    expect(await endOf(mailshot)).toMatchObject({ status: 'failed', tries: 7 })
    expect(mailshot.now() - began).toBeLessThan(24 * 60 * minute)
  })

  it('end failed where a mailer of the site’s own always fails at them', async () => {
    const mailer = memory()
    const { mailshot } = await open({ mailer, leaseSeconds: 3600 })
    mailer.failWhen({ status: 'deferred', scope: 'relay', step: 'mail', reason: '421 crashed' })
    await queue(mailshot, confirmation)
    expect(await endOf(mailshot)).toMatchObject({ status: 'failed', tries: 7 })
  })

  it('wait for a relay that is down, however long, and for a mailer too', async () => {
    const down = { status: 'deferred', scope: 'relay', step: 'connection', reason: 'gone' } as const
    const mailer = memory()
    const ofMailer = await open({ mailer, leaseSeconds: 3600 })
    const ofRelay = await open({ leaseSeconds: 3600 })
    await queue(ofMailer.mailshot, confirmation)
    await queue(ofRelay.mailshot, confirmation)
    const isOver = ({ clock }: TestMailshot, until: number) => clock.now() > until
    const until = ofRelay.mailshot.now() + 48 * 60 * minute
    mailer.failWhen(() => (isOver(ofMailer.mailshot, until) ? undefined : down))
    ofRelay.transport.failWhen(() => (isOver(ofRelay.mailshot, until) ? undefined : down))
    expect(await endOf(ofMailer.mailshot, 60 * minute)).toMatchObject({ status: 'sent', tries: 1 })
    expect(await endOf(ofRelay.mailshot, 60 * minute)).toMatchObject({ status: 'sent', tries: 1 })
  })

  it('are tried again when a greylist says so', async () => {
    const { mailshot, transport } = await open()
    transport.failNext({
      status: 'deferred',
      scope: 'recipient',
      reason: '450 greylisted',
      retryAfter: 300,
    })
    await queue(mailshot, confirmation)
    const began = mailshot.now()
    await deliver(mailshot, { untilDone: true })
    expect(await listLetters(mailshot)).toMatchObject([
      { status: 'pending', tries: 1, dueAt: expect.closeTo(began + 305_000, -3) },
    ])
  })

  it('are tried again from 10 minutes to 18 hours, then kept as failed', async () => {
    const { mailshot, transport } = await open({ leaseSeconds: 3600 })
    transport.failWhen({ status: 'deferred', scope: 'recipient', reason: '450 later' })
    await queue(mailshot, confirmation)
    const started = mailshot.now()
    const tries: number[] = []
    for (;;) {
      await deliver(mailshot, { untilDone: true })
      const [letter] = await listLetters(mailshot)
      tries.push(Math.round((mailshot.now() - started) / minute))
      if (letter?.status === 'failed') break
      mailshot.clock.set(letter?.dueAt ?? 0)
    }
    expect(tries).toEqual([0, 10, 30, 90, 270, 630, 1080])
    expect(await listLetters(mailshot, 'in-trouble')).toMatchObject([
      { email: 'ann@example.net', reason: '450 later', tries: 7 },
    ])
  })

  it('fail at once at a mailbox that does not exist, and are retried on request', async () => {
    const { mailshot, transport } = await open()
    transport.failNext({ status: 'rejected', class: 'hard', reason: '550 5.1.1 unknown' })
    await queue(mailshot, confirmation)
    await deliver(mailshot, { untilDone: true })
    expect(await listLetters(mailshot, 'in-trouble')).toHaveLength(1)
    expect(await retryLetters(mailshot)).toBe(1)
    await deliver(mailshot, { untilDone: true })
    expect(transport.sentTo('ann@example.net')).toHaveLength(1)
  })

  it('that wait after a refusal are told with its reason, and can be tried at once', async () => {
    const { mailshot, transport } = await open()
    transport.failNext({ status: 'deferred', scope: 'recipient', reason: '450 later' })
    await queue(mailshot, confirmation)
    expect(await listLetters(mailshot, 'in-trouble')).toEqual([])
    await deliver(mailshot, { untilDone: true })
    expect(await listLetters(mailshot, 'in-trouble')).toMatchObject([
      { status: 'pending', tries: 1, reason: '450 later' },
    ])
    expect(await retryLetters(mailshot)).toBe(1)
    await deliver(mailshot, { untilDone: true })
    expect(transport.sentTo('ann@example.net')).toHaveLength(1)
  })

  it('are not retried when one that is named does not exist', async () => {
    const { mailshot, transport } = await open()
    transport.failNext({ status: 'rejected', class: 'hard', reason: '550 5.1.1 unknown' })
    await queue(mailshot, confirmation)
    await deliver(mailshot, { untilDone: true })
    await expect(retryLetters(mailshot, [1, 99])).rejects.toThrow('there is no letter 99')
    expect(await listLetters(mailshot)).toMatchObject([{ id: 1, status: 'failed' }])
    expect(await retryLetters(mailshot, [1])).toBe(1)
    expect(await retryLetters(mailshot, [1])).toBe(0)
  })

  it('that a dead worker had in hand are mailed by the next', async () => {
    const { mailshot, transport } = await open()
    await queue(mailshot, confirmation)
    await mailshot.db.write(
      sql`INSERT INTO workers (id, machine, pid, started_at, lease_until) VALUES ('w', 'other', 1, 0, 0)`,
      sql`UPDATE letters SET status = 'in-hand', worker_id = 'w'`,
    )
    await deliver(mailshot, { untilDone: true })
    expect(transport.sentTo('ann@example.net')).toHaveLength(1)
  })

  it('count for the pace after the process that had them in hand died', async () => {
    const { mailshot, transport } = await open({ pace: '2/minute' })
    for (const email of ['a@example.net', 'b@example.net', 'c@example.net']) {
      await queue(mailshot, { ...confirmation, email })
    }
    await mailshot.db.write(
      sql`INSERT INTO workers (id, machine, pid, started_at, lease_until) VALUES ('w', 'other', 1, 0, 0)`,
      sql`UPDATE letters SET status = 'in-hand', worker_id = 'w', tries = 1 WHERE id <= 2`,
    )
    const stop = new AbortController()
    const ended = mailshot.now() + 50_000
    await deliver(mailshot, {
      signal: stop.signal,
      onProgress: () => void (mailshot.now() > ended && stop.abort()),
    })
    expect(transport.handedOver).toEqual([])
    await deliver(mailshot, { untilDone: true })
    expect(transport.messages).toHaveLength(3)
  })

  it('are settled only by the worker that holds them', async () => {
    const { mailshot, transport } = await open()
    await queue(mailshot, confirmation)
    transport.failNext(async () => {
      // Meanwhile others have given the worker up, and one of them has mailed the letter.
      await mailshot.db.write(
        sql`UPDATE letters SET status = 'sent', tries = 2, answer = 'by another', worker_id = NULL`,
      )
      return { status: 'deferred', scope: 'recipient', reason: 'link lost' }
    })
    await deliver(mailshot, { untilDone: true })
    const letter = await mailshot.db.get(sql`SELECT status, answer, reason FROM letters`)
    expect(letter).toMatchObject({ status: 'sent', answer: 'by another', reason: null })
  })

  it('lose neither a try nor time when the worker is stopped', async () => {
    const { mailshot, transport } = await open()
    await queue(mailshot, confirmation)
    const stop = new AbortController()
    transport.failNext(() => {
      stop.abort()
      return { status: 'deferred', scope: 'relay', reason: 'stopped before hand-over' }
    })
    await deliver(mailshot, { signal: stop.signal })
    expect(await listLetters(mailshot)).toMatchObject([
      { status: 'pending', tries: 0, dueAt: mailshot.now() },
    ])
    await deliver(mailshot, { untilDone: true })
    expect(transport.sentTo('ann@example.net')).toHaveLength(1)
  })

  it('are not mailed to somebody who has complained meanwhile', async () => {
    const { mailshot, transport } = await open()
    await subscribe(mailshot, {
      email: 'ann@example.net',
      lists: ['weekly'],
      consent: { source: 'form' },
    })
    await suppress(mailshot, 'ann@example.net', { reason: 'complaint', actor: 'test' })
    await deliver(mailshot, { untilDone: true })
    expect(transport.messages).toEqual([])
    expect(await listLetters(mailshot, 'in-trouble')).toMatchObject([{ reason: 'suppressed' }])
  })

  it('take the site’s own mailer where there is one', async () => {
    const mailer = memory()
    const { mailshot, transport } = await open({ mailer })
    await queue(mailshot, confirmation)
    await deliver(mailshot, { untilDone: true })
    expect([mailer.messages.length, transport.messages.length]).toEqual([1, 0])
  })

  it('use one Message-ID on every try', async () => {
    const { mailshot, transport } = await open()
    transport.failNext({ status: 'deferred', scope: 'relay', reason: '421 later' })
    await queue(mailshot, confirmation)
    await deliver(mailshot, { untilDone: true })
    mailshot.clock.advance(10 * minute)
    await deliver(mailshot, { untilDone: true })
    const ids = transport.handedOver.map(({ messageId }) => messageId)
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(1)
  })
})

const confirmation: LetterRequest = {
  kind: 'confirmation',
  email: 'ann@example.net',
  lang: 'en',
  values: { lists: 'Weekly', url: 'https://example.org/mailshot/confirm/x', date: '1 December' },
}

async function open(config: Partial<MailshotConfigInput> = {}) {
  const transport = memory()
  const mailshot = await openTestMailshot({ transport, ...config })
  return { mailshot, transport }
}

/** Runs workers, when something is due or some time has passed, until the first letter has come to its end; answers how it is then. */
async function endOf(
  mailshot: TestMailshot,
  atLeastMs = 10 * minute,
): Promise<LetterRow | undefined> {
  for (let run = 0; run < 200; run += 1) {
    await deliver(mailshot, { untilDone: true })
    const letter = (await listLetters(mailshot)).at(-1)
    if (letter?.status !== 'pending') return letter
    mailshot.clock.set(Math.max(letter.dueAt, mailshot.now() + atLeastMs))
  }
  return undefined
}

/** Runs a worker until so many messages of a kind were handed over. */
async function deliverUntil(
  mailshot: TestMailshot,
  transport: MemoryTransport,
  counts: (message: Message) => boolean,
  wanted: number,
): Promise<void> {
  const stop = new AbortController()
  transport.failWhen(() => {
    if (transport.handedOver.filter(counts).length >= wanted) stop.abort()
    return undefined
  })
  await deliver(mailshot, { signal: stop.signal })
}

async function queue(mailshot: TestMailshot, letter: LetterRequest): Promise<void> {
  await mailshot.db.write(queueLetterStatement(mailshot, letter))
}
