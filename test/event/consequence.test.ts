import { sql } from 'drizzle-orm/sql'
import { describe, expect, it } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import { mirrorLists } from '../../integrations/mailshot/list.ts'
import { findSubscriber } from '../../integrations/mailshot/subscriber/read.ts'
import { confirm, subscribe } from '../../integrations/mailshot/subscriber.ts'
import { findSuppression, lift, suppress } from '../../integrations/mailshot/suppression.ts'
import type { DeliveryEvent } from '../../integrations/mailshot/transport.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { pastSends, report, reportOf } from '../past-sends.ts'
import { addReaders } from '../people.ts'
import { confirmationToken } from '../subscriber/zoe.ts'

const zoe = 'reader1@example.net'
const hour = 3_600_000
const unknown = { class: 'hard', about: 'address', reason: '550 5.1.1 no such user' } as const
const full = { class: 'soft', about: 'mailbox', reason: '452 4.2.2 mailbox full' } as const
const disabled = { class: 'hard', about: 'mailbox' } as const
const policy = { class: 'hard', about: 'other', reason: '550 5.7.1 rejected by policy' } as const

describe('what follows from an unknown user or domain', () => {
  it('suppresses the address at the first one, as of then, and names the event', async () => {
    const mailshot = await withSends(['s1'])
    const at = mailshot.now() - hour
    mailshot.clock.advance(5 * hour)
    await report(mailshot, { send: 's1', email: zoe }, unknown)
    expect(await findSuppression(mailshot, zoe)).toEqual({
      email: zoe,
      reason: 'hard-bounce',
      note: '550 5.1.1 no such user',
      at,
    })
    expect(await findAudit(mailshot, `address:${zoe}`)).toMatchObject([
      { actor: 'mailshot', action: 'suppress', detail: { reason: 'hard-bounce', events: [1] } },
    ])
    expect((await findSubscriber(mailshot, zoe))?.subscriptions).toMatchObject([
      { status: 'active' },
    ])
  })

  it('suppresses after as many sends as the config says, or never', async () => {
    const twice = await withSends(['s1', 's2'], { refusals: { unknown: 2 } })
    await report(twice, { send: 's1', email: zoe }, unknown)
    await report(twice, { send: 's1', email: zoe }, { ...unknown, reason: 'again, same mail' })
    expect(await findSuppression(twice, zoe)).toBeUndefined()
    await report(twice, { send: 's2', email: zoe }, unknown)
    expect(await findSuppression(twice, zoe)).toBeDefined()
    const never = await withSends(['s1'], { refusals: { unknown: false } })
    await report(never, { send: 's1', email: zoe }, unknown)
    expect(await findSuppression(never, zoe)).toBeUndefined()
  })

  it('leaves who is suppressed for a stronger reason as they are, and replaces a weaker one', async () => {
    const mailshot = await withSends(['s1'])
    await suppress(mailshot, zoe, { reason: 'manual', actor: 'command' })
    await suppress(mailshot, 'reader2@example.net', { reason: 'unsubscribe', actor: 'command' })
    for (const email of [zoe, 'reader2@example.net']) {
      await report(mailshot, { send: 's1', email }, unknown)
    }
    expect((await findSuppression(mailshot, zoe))?.reason).toBe('manual')
    expect((await findSuppression(mailshot, 'reader2@example.net'))?.reason).toBe('hard-bounce')
  })

  it('forgets what was reported before the address was lifted', async () => {
    const mailshot = await withSends(['s1', 's2'])
    mailshot.clock.advance(5 * hour)
    await report(mailshot, { send: 's2', email: zoe }, unknown)
    await lift(mailshot, zoe, { actor: 'command' })
    mailshot.clock.advance(hour)
    await report(mailshot, { send: 's1', email: zoe }, unknown)
    expect(await findSuppression(mailshot, zoe)).toBeUndefined()
    await report(mailshot, { send: 's2', email: zoe }, { ...unknown, at: mailshot.now() })
    expect(await findSuppression(mailshot, zoe)).toBeDefined()
  })

  it('is over once the person has signed up again and confirmed, whatever of then comes in later', async () => {
    const mailshot = await withSends(['s1', 's2'], { lists: { weekly: { title: 'Weekly' } } })
    await report(mailshot, { send: 's2', email: zoe }, unknown)
    mailshot.clock.advance(hour)
    const request = { email: zoe, lists: ['weekly'], consent: { source: 'form' as const } }
    expect(await subscribe(mailshot, request)).toMatchObject({ status: 'asked' })
    mailshot.clock.advance(hour)
    await confirm(mailshot, await confirmationToken(mailshot))
    expect(await findSuppression(mailshot, zoe)).toBeUndefined()
    await report(mailshot, { send: 's1', email: zoe }, unknown)
    expect(await findSuppression(mailshot, zoe)).toBeUndefined()
  })

  it('has none where nothing is matched', async () => {
    const mailshot = await withSends(['s1'])
    mailshot.clock.advance(40 * 24 * hour)
    const unmatched = { ...unknown, at: mailshot.now(), messageId: '<1234@elsewhere.example>' }
    await report(mailshot, { send: 's1', email: zoe }, unmatched)
    await report(mailshot, { send: 's1', email: zoe }, { ...unmatched, type: 'complained' })
    expect(await findSuppression(mailshot, zoe)).toBeUndefined()
  })
})

describe('what follows from a complaint', () => {
  it('suppresses the address, over what a bounce made of it', async () => {
    const mailshot = await withSends(['s1'])
    await report(mailshot, { send: 's1', email: zoe }, unknown)
    await report(mailshot, { send: 's1', email: zoe }, { type: 'complained' })
    expect((await findSuppression(mailshot, zoe))?.reason).toBe('complaint')
  })
})

describe('what follows from an unsubscription that is reported', () => {
  it('ends the list that the one of the mail has become since', async () => {
    const mailshot = await withSends(['s1'])
    const { weekly, ...rest } = mailshot.config.lists
    if (!weekly) throw new Error('the test config has a list weekly')
    const lists = { ...rest, news: { ...weekly, formerly: 'weekly' } }
    await mirrorLists({ ...mailshot, config: { ...mailshot.config, lists } })
    await report(mailshot, { send: 's1', email: zoe }, { type: 'unsubscribed' })
    expect((await findSubscriber(mailshot, zoe))?.subscriptions).toMatchObject([
      { list: 'news', status: 'unsubscribed', endReason: 'reported' },
    ])
  })

  it('ends it too where the reader has another address by now than the mail went to', async () => {
    const mailshot = await withSends(['s1'])
    await mailshot.db.write(
      sql`UPDATE subscribers SET email = 'new@example.net' WHERE email = ${zoe}`,
    )
    await report(mailshot, { send: 's1', email: zoe }, { type: 'unsubscribed' })
    expect((await findSubscriber(mailshot, 'new@example.net'))?.subscriptions).toMatchObject([
      { status: 'unsubscribed', endReason: 'reported' },
    ])
  })

  it('ends the lists of that mail, and no other', async () => {
    const mailshot = await withSends(['s1'])
    await addReaders(mailshot, 1, { list: 'product' })
    await report(mailshot, { send: 's1', email: zoe }, { type: 'unsubscribed' })
    const person = await findSubscriber(mailshot, zoe)
    expect(person?.subscriptions).toMatchObject([
      { list: 'product', status: 'active' },
      { list: 'weekly', status: 'unsubscribed', endReason: 'reported' },
    ])
    expect(person?.suppressed).toBeNull()
    expect(await findAudit(mailshot, `subscriber:${person?.id}`)).toMatchObject([
      { action: 'unsubscribe', detail: { lists: ['weekly'], reason: 'reported', events: [1] } },
    ])
  })

  it('ends the lists of the send where the details of that mail are purged', async () => {
    const mailshot = await withSends(['s1'])
    await addReaders(mailshot, 1, { list: 'product' })
    const event = await reportOf(mailshot, { send: 's1', email: zoe }, { type: 'unsubscribed' })
    await mailshot.db.write(sql`DELETE FROM recipients`)
    await recordEvents(mailshot, 'memory', [event])
    expect((await findSubscriber(mailshot, zoe))?.subscriptions).toMatchObject([
      { list: 'product', status: 'active' },
      { list: 'weekly', status: 'unsubscribed', endReason: 'reported' },
    ])
  })

  it('says so also where bounces had ended it already', async () => {
    const mailshot = await withSends(['s1', 's2', 's3'])
    expect(await endsAfter(mailshot, ['s1', 's2', 's3'], disabled)).toBe('s3')
    await report(mailshot, { send: 's3', email: zoe }, { type: 'unsubscribed' })
    expect(await placeOf(mailshot)).toMatchObject({ endReason: 'reported' })
    await report(mailshot, { send: 's2', email: zoe }, { ...disabled, word: 'once more' })
    expect(await placeOf(mailshot)).toMatchObject({ endReason: 'reported' })
  })

  it('ends nothing for who has signed up again since', async () => {
    const mailshot = await withSends(['s1', 's2'])
    await report(mailshot, { send: 's2', email: zoe }, { type: 'unsubscribed' })
    mailshot.clock.advance(5 * hour)
    await signUpAgain(mailshot)
    await report(mailshot, { send: 's1', email: zoe }, { type: 'unsubscribed' })
    expect(await placeOf(mailshot)).toMatchObject({ status: 'active' })
  })
})

describe('what follows from a mailbox that refuses', () => {
  it('unsubscribes from all lists at the third send that it refused for good', async () => {
    const mailshot = await withSends([])
    await addReaders(mailshot, 1, { list: 'product' })
    await pastSends(mailshot, ['s1', 's2', 's3'])
    expect(await endsAfter(mailshot, ['s1', 's2', 's3'], disabled)).toBe('s3')
    const person = await findSubscriber(mailshot, zoe)
    expect(person?.subscriptions).toMatchObject([
      { list: 'product', status: 'unsubscribed', endReason: 'bounces' },
      { list: 'weekly', status: 'unsubscribed', endReason: 'bounces' },
    ])
    expect(person?.suppressed).toBeNull()
    expect(await findAudit(mailshot, `subscriber:${person?.id}`)).toMatchObject([
      { action: 'unsubscribe', detail: { lists: 'all', reason: 'bounces', events: [1, 2, 3] } },
    ])
  })

  it('unsubscribes at the sixth send that it refused for now', async () => {
    const sends = ['s1', 's2', 's3', 's4', 's5', 's6']
    expect(await endsAfter(await withSends(sends), sends, full)).toBe('s6')
  })

  it('counts a send once, however often it is reported', async () => {
    const mailshot = await withSends(['s1', 's2'])
    expect(await endsAfter(mailshot, ['s1', 's1', 's1', 's2', 's2'], disabled)).toBeUndefined()
  })

  it('never counts what is about anything else than the mailbox', async () => {
    const sends = ['s1', 's2', 's3', 's4', 's5', 's6']
    expect(await endsAfter(await withSends(sends), sends, policy)).toBeUndefined()
    const unsaid = { type: 'rejected', class: 'hard' } as const
    expect(await endsAfter(await withSends(sends), sends, unsaid)).toBeUndefined()
  })

  it('never counts a send that nobody got', async () => {
    const mailshot = await withSends(['s1', 's2', 's3'])
    for (const email of ['reader2@example.net', 'reader3@example.net']) {
      await report(mailshot, { send: 's1', email }, { class: 'soft', about: 'other' })
    }
    expect(await endsAfter(mailshot, ['s1', 's2', 's3'], disabled)).toBeUndefined()
  })

  it('takes it back where a send that counted turns out to have reached nobody', async () => {
    const mailshot = await withSends(['s1', 's2', 's3', 's4'])
    expect(await endsAfter(mailshot, ['s1', 's2', 's3'], disabled)).toBe('s3')
    await report(mailshot, { send: 's1', email: 'reader2@example.net' }, policy)
    expect(await placeOf(mailshot)).toMatchObject({ status: 'unsubscribed' })
    await report(mailshot, { send: 's1', email: 'reader3@example.net' }, policy)
    expect(await placeOf(mailshot)).toMatchObject({ status: 'active', endReason: null })
    expect(await endsAfter(mailshot, ['s4'], disabled)).toBe('s4')
  })

  it('forgets a refusal after more sends than it forgives', async () => {
    const sends = Array.from({ length: 9 }, (_, index) => `s${index + 1}`)
    const given = { refusals: { hard: 2, forgive: 3 } }
    expect(await endsAfter(await withSends(sends, given), ['s1', 's5'], disabled)).toBe('s5')
    expect(await endsAfter(await withSends(sends, given), ['s1', 's6'], disabled)).toBeUndefined()
  })

  it('begins anew for who has signed up again', async () => {
    const mailshot = await withSends(['s1', 's2', 's3'])
    expect(await endsAfter(mailshot, ['s1', 's2', 's3'], disabled)).toBe('s3')
    mailshot.clock.advance(5 * hour)
    await signUpAgain(mailshot)
    await pastSends(mailshot, ['s4', 's5', 's6'])
    expect(await endsAfter(mailshot, ['s4', 's5', 's6'], disabled)).toBe('s6')
  })

  it('obeys the config: other numbers, or never', async () => {
    const sends = ['s1', 's2', 's3', 's4', 's5', 's6']
    const one = await withSends(sends, { refusals: { hard: false, soft: 2 } })
    expect(await endsAfter(one, sends, disabled)).toBe('s2')
    const never = await withSends(sends, { refusals: { hard: false, soft: false } })
    expect(await endsAfter(never, sends, disabled)).toBeUndefined()
  })
})

/** Three readers, and sends that all of them got. */
async function withSends(
  ids: string[],
  config: Partial<MailshotConfigInput> = {},
): Promise<TestMailshot> {
  const mailshot = await openTestMailshot({
    lists: { weekly: { title: 'Weekly', doubleOptIn: false }, product: { title: 'Products' } },
    ...config,
  })
  await addReaders(mailshot, 3)
  await pastSends(mailshot, ids)
  mailshot.clock.advance(2 * hour)
  return mailshot
}

/** Reports the same of a reader's mail for one send after another; answers the send that ended the subscription. */
async function endsAfter(
  mailshot: TestMailshot,
  sends: string[],
  event: Partial<DeliveryEvent>,
): Promise<string | undefined> {
  for (const [index, send] of sends.entries()) {
    await report(mailshot, { send, email: zoe }, { ...event, word: `refused ${index}` })
    if ((await placeOf(mailshot))?.status === 'unsubscribed') return send
  }
  return undefined
}

async function placeOf(mailshot: TestMailshot) {
  const person = await findSubscriber(mailshot, zoe)
  return person?.subscriptions.find(({ list }) => list === 'weekly')
}

async function signUpAgain(mailshot: TestMailshot): Promise<void> {
  const request = { email: zoe, lists: ['weekly'], consent: { source: 'form' as const } }
  expect(await subscribe(mailshot, request)).toMatchObject({ status: 'active' })
}
