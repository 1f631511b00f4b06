import { sql } from 'drizzle-orm/sql'
import { describe, expect, test } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { cancelSend, pauseSend, readSend, resumeSend } from '../../integrations/mailshot/send.ts'
import { planResend, resend } from '../../integrations/mailshot/send/resend.ts'
import { suppress } from '../../integrations/mailshot/suppression.ts'
import { mailedReaders, mixedSend, reader, recipientOf, refusal } from '../mixed-send.ts'
import { startFixture } from '../start-fixture.ts'

const actor = 'cli:root'
const failed = { statuses: ['failed'] } as const
const uncertain = { statuses: ['uncertain'] } as const
const to = (...numbers: number[]) => ({ emails: numbers.map(reader), again: false })

describe('resend', () => {
  test('mails the failed once more, and nobody else', async () => {
    const { mailshot, transport, send } = await mixedSend()

    const result = await resend(mailshot, send.id, { choice: failed, actor })
    expect(result).toMatchObject({ resent: 1, send: { status: 'running', finishedAt: null } })
    expect(await recipientOf(mailshot, send, reader(2))).toMatchObject({
      status: 'pending',
      tries: 0,
      resend: 1,
      answer: null,
    })
    await deliver(mailshot, { untilDone: true })

    expect(mailedReaders(transport)).toEqual([reader(2)])
    expect(await readSend(mailshot, send.id)).toMatchObject({
      status: 'done',
      finishedAt: expect.any(Number),
      total: 4,
      sent: 3,
      failed: 0,
      uncertain: 1,
    })
  })

  test('keeps the Message-ID of a mail that was refused', async () => {
    const { mailshot, transport, send } = await mixedSend()
    const before = await recipientOf(mailshot, send, reader(2))
    await resend(mailshot, send.id, { choice: failed, actor })
    await deliver(mailshot, { untilDone: true })
    expect(transport.sentTo(reader(2))[0]?.messageId).toBe(before?.messageId)
  })

  test('gives a mail that may have arrived another Message-ID, the same on each try', async () => {
    const { mailshot, transport, send } = await mixedSend()
    const before = await recipientOf(mailshot, send, reader(3))
    const next = before?.messageId?.replace('@', '.1@')
    await resend(mailshot, send.id, { choice: uncertain, actor })
    transport.failNext({ status: 'deferred', scope: 'recipient', reason: '451 later' })
    await deliver(mailshot, { untilDone: true })
    await deliver(mailshot, { untilDone: true })

    const mailed = transport.handedOver.filter(({ envelope }) => /reader3@/i.test(envelope.to))
    expect(mailed.map(({ messageId }) => messageId)).toEqual([next, next])
  })

  test('still skips who has been suppressed meanwhile', async () => {
    const { mailshot, transport, send } = await mixedSend()
    await suppress(mailshot, reader(2), { reason: 'manual', actor })
    await resend(mailshot, send.id, { choice: failed, actor })
    await deliver(mailshot, { untilDone: true })
    expect(mailedReaders(transport)).toEqual([])
    expect(await recipientOf(mailshot, send, reader(2))).toMatchObject({
      status: 'skipped',
      reason: 'suppressed',
    })
  })

  test('mails one who got it only on express wish', async () => {
    const { mailshot, transport, send } = await mixedSend()

    const refused = resend(mailshot, send.id, { choice: to(1, 2), actor })
    await expect(refused).rejects.toMatchObject({
      code: 'wrong-status',
      message: `reader1@example.net got it from send ${send.id} (hello); to mail it once more all the same, add --again; nothing was changed`,
    })
    const result = await resend(mailshot, send.id, { choice: { ...to(1), again: true }, actor })
    await deliver(mailshot, { untilDone: true })

    expect(result.resent).toBe(1)
    expect(mailedReaders(transport)).toEqual([reader(1)])
    expect(transport.sentTo(reader(1))[0]?.messageId).toMatch(/\.1@example\.org>$/)
  })

  test('leaves a paused send paused', async () => {
    const { mailshot, transport, send } = await mixedSend()
    await resend(mailshot, send.id, { choice: failed, actor })
    await pauseSend(mailshot, send.id, { reason: 'operator', actor })
    const result = await resend(mailshot, send.id, { choice: uncertain, actor })
    await deliver(mailshot, { untilDone: true })
    expect(result).toMatchObject({ resent: 1, send: { status: 'paused', remaining: 2 } })
    expect(mailedReaders(transport)).toEqual([])

    await resumeSend(mailshot, send.id, { actor })
    await deliver(mailshot, { untilDone: true })
    expect(mailedReaders(transport)).toEqual([reader(2), reader(3)])
  })

  test('refuses a cancelled send, and says what to do instead', async () => {
    const { mailshot, send } = await mixedSend()
    await resend(mailshot, send.id, { choice: failed, actor })
    await cancelSend(mailshot, send.id, { actor })
    await expect(resend(mailshot, send.id, { choice: uncertain, actor })).rejects.toMatchObject({
      code: 'send-ended',
      message: `send ${send.id} is cancelled, and stays so; to mail hello to those who have not got it: mailshot send hello --again`,
    })
  })

  test('refuses a send whose end date has passed', async () => {
    const { mailshot, send } = await mixedSend()
    const until = mailshot.now() - 1
    await mailshot.db.write(sql`UPDATE sends SET until = ${until} WHERE id = ${send.id}`)
    await expect(resend(mailshot, send.id, { choice: failed, actor })).rejects.toMatchObject({
      code: 'send-ended',
      message: expect.stringMatching(
        / was to end by 2026-11-22 12:0\d UTC, so nobody would get it /,
      ),
    })
    expect(await recipientOf(mailshot, send, reader(2))).toMatchObject({ status: 'failed' })
  })

  test('does no harm when it is repeated', async () => {
    const { mailshot, transport, send } = await mixedSend()
    await resend(mailshot, send.id, { choice: to(2), actor })
    const again = await resend(mailshot, send.id, { choice: to(2), actor })
    const plan = await planResend(mailshot, send.id, to(2))
    await deliver(mailshot, { untilDone: true })
    expect(again.resent).toBe(0)
    expect(plan).toMatchObject({ waiting: 1, failed: 0 })
    expect(mailedReaders(transport)).toEqual([reader(2)])
  })

  test('mails nobody a third time where the answer to the request was lost', async () => {
    const { mailshot, transport, send } = await mixedSend()
    const { asOf } = await planResend(mailshot, send.id, { ...to(1), again: true })
    const choice = { ...to(1), again: true, asOf }
    await resend(mailshot, send.id, { choice, actor })
    mailshot.clock.advance(1000)
    await deliver(mailshot, { untilDone: true })
    const repeated = await resend(mailshot, send.id, { choice, actor })
    await deliver(mailshot, { untilDone: true })
    expect(repeated.resent).toBe(0)
    expect(mailedReaders(transport)).toEqual([reader(1)])
  })

  test('keeps what became of each time before', async () => {
    const { mailshot, transport, send } = await mixedSend()
    const first = await recipientOf(mailshot, send, reader(2))
    transport.failWhen({ status: 'rejected', class: 'soft', reason: '552 mailbox full' })
    await resend(mailshot, send.id, { choice: failed, reason: 'the mailbox is back', actor })
    await deliver(mailshot, { untilDone: true })
    await resend(mailshot, send.id, { choice: failed, actor })

    const history = await findAudit(mailshot, `recipient:${first?.id}`)
    expect(history).toMatchObject([
      {
        actor,
        action: 'resend',
        detail: { was: 'failed', answer: refusal, enhanced: '5.2.1', note: 'the mailbox is back' },
      },
      { action: 'resend', detail: { was: 'failed', answer: '552 mailbox full' } },
    ])
    expect((await findAudit(mailshot, `send:${send.id}`)).at(-1)).toMatchObject({
      actor,
      action: 'resend',
      detail: { count: 1, from: ['failed'] },
    })
  })

  test('forgets the claim, so that a late answer of the time before says nothing', async () => {
    const { mailshot, send } = await mixedSend()
    await resend(mailshot, send.id, { choice: to(3), actor })
    const row = await mailshot.db.get(
      sql`SELECT claim_id, worker_id FROM recipients WHERE email = ${reader(3)}`,
    )
    expect(row).toMatchObject({ claim_id: null, worker_id: null })
  })
})

describe('resend beside other sends of the campaign', () => {
  test('leaves out whom a later send has reached', async () => {
    const { mailshot, transport, send } = await mixedSend()
    const later = await startFixture(mailshot, 'hello', { audience: 'again' })
    await deliver(mailshot, { untilDone: true })
    expect(later.created).toBe(true)
    expect(mailedReaders(transport)).toEqual([reader(2)])

    expect(await planResend(mailshot, send.id, failed)).toMatchObject({ failed: 0, elsewhere: 1 })
    expect(await resend(mailshot, send.id, { choice: failed, actor })).toMatchObject({
      resent: 0,
      send: { status: 'done' },
    })
  })

  test('waits until another send of it has ended', async () => {
    const { mailshot, send } = await mixedSend()
    const { send: later } = await startFixture(mailshot, 'hello', { audience: 'again' })
    await expect(resend(mailshot, send.id, { choice: failed, actor })).rejects.toMatchObject({
      code: 'send-open',
      message: expect.stringContaining(`send ${later.id} of hello is scheduled`),
    })
  })

  test('lets nobody start the campaign again until it has ended', async () => {
    const { mailshot, transport, send } = await mixedSend()
    await resend(mailshot, send.id, { choice: failed, actor })

    const first = await startFixture(mailshot, 'hello')
    const again = await startFixture(mailshot, 'hello', { audience: 'again' })
    const edited = startFixture(mailshot, 'hello', { audience: 'again', edition: 'second' })
    expect([first, again]).toMatchObject([
      { created: false, send: { id: send.id } },
      { created: false, send: { id: send.id } },
    ])
    await expect(edited).rejects.toMatchObject({ code: 'send-open' })

    await deliver(mailshot, { untilDone: true })
    const after = await startFixture(mailshot, 'hello', { audience: 'again' })
    await deliver(mailshot, { untilDone: true })
    expect(after.created).toBe(true)
    // Reader 3 may have got it, and counts as if so.
    expect(mailedReaders(transport)).toEqual([reader(2)])
  })
})

describe('planResend', () => {
  test('counts whom it would mail, and changes nothing', async () => {
    const { mailshot, send } = await mixedSend()
    const choice = { statuses: ['failed', 'uncertain'] } as const
    const plan = await planResend(mailshot, 'hello', choice)
    expect(plan).toMatchObject({ failed: 1, uncertain: 1, sent: 0, waiting: 0, elsewhere: 0 })
    expect(await readSend(mailshot, send.id)).toEqual(send)
  })
})
