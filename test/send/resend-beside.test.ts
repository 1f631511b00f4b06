import { describe, expect, test } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { cancelSend, readSend } from '../../integrations/mailshot/send.ts'
import { planResend, resend } from '../../integrations/mailshot/send/resend.ts'
import { settleUncertain } from '../../integrations/mailshot/send/settle.ts'
import { tendSends } from '../../integrations/mailshot/send/tend.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { mailedReaders, mixedSend, reader, recipientOf, refusal } from '../mixed-send.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders, statusCounts } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

const actor = 'cli:root'
const failed = { statuses: ['failed'] } as const

/** A mixed send, and a later one of the campaign that was refused the same reader, or all of them. */
async function refusedTwice(audience: 'again' | 'all') {
  const { mailshot, transport, send } = await mixedSend()
  const { send: later } = await startFixture(mailshot, 'hello', { audience })
  transport.failWhen(({ campaign }) =>
    campaign === undefined ? undefined : { status: 'rejected', class: 'hard', reason: refusal },
  )
  await deliver(mailshot, { untilDone: true })
  transport.clear()
  mailshot.clock.advance(60_000)
  return { mailshot, transport, send, later }
}

describe('resend of several sends of a campaign', () => {
  test('mails nobody whom a resend of an older one has reached', async () => {
    const { mailshot, transport, send, later } = await refusedTwice('again')
    await resend(mailshot, send.id, { choice: failed, actor })
    await deliver(mailshot, { untilDone: true })
    mailshot.clock.advance(60_000)

    const second = await resend(mailshot, later.id, { choice: failed, actor })

    await deliver(mailshot, { untilDone: true })
    expect(second).toMatchObject({ resent: 0, elsewhere: 1 })
    expect(mailedReaders(transport)).toEqual([reader(2)])
  })

  test('of one to everybody leaves out only whom another has reached since', async () => {
    const { mailshot, send, later } = await refusedTwice('all')
    const before = await planResend(mailshot, later.id, failed)
    await resend(mailshot, send.id, { choice: failed, actor })
    await deliver(mailshot, { untilDone: true })
    expect(before).toMatchObject({ failed: 4, elsewhere: 0 })
    expect(await planResend(mailshot, later.id, failed)).toMatchObject({ failed: 3, elsewhere: 1 })
  })

  test('knows whom a later one has reached, whatever was settled since', async () => {
    const { mailshot, send } = await mixedSend()
    await startFixture(mailshot, 'hello', { audience: 'all' })
    await deliver(mailshot, { untilDone: true })
    mailshot.clock.advance(60_000)
    await settleUncertain(mailshot, send.id, { as: 'failed', which: 'all', actor })
    expect(await planResend(mailshot, send.id, failed)).toMatchObject({ failed: 0, elsewhere: 2 })
  })
})

describe('resend in the moment in which the campaign is started again', () => {
  test('mails nobody, and says which send is open', async () => {
    const { mailshot, transport, send } = await mixedSend()
    const started = await startBeforeWrite(mailshot)

    const asked = resend(started, send.id, { choice: failed, actor })

    await expect(asked).rejects.toMatchObject({ code: 'send-open' })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', failed: 1 })
    await deliver(mailshot, { untilDone: true })
    expect(mailedReaders(transport)).toEqual([reader(2)])
  })
})

describe('a correction of a cancelled send', () => {
  test('waits for the mails that it still has in hand, and loses nobody', async () => {
    const transport = memory({ parallel: 2 })
    const mailshot = await openTestMailshot({ transport })
    await addReaders(mailshot, 4)
    const { send } = await startFixture(mailshot, 'hello')
    const { inHand, answer } = heldUp(transport, 2)
    const working = deliver(mailshot, { untilDone: true })
    await inHand
    await cancelSend(mailshot, send.id, { actor })
    const { send: correction } = await startFixture(mailshot, 'hello', {
      audience: 'again',
      edition: 'second',
    })

    await tendSends(mailshot, () => 'ready')
    expect(await readSend(mailshot, correction.id)).toMatchObject({ status: 'scheduled', total: 0 })
    answer()
    await working
    await deliver(mailshot, { untilDone: true })

    // One of the two was refused for now, and is the correction's; the other has got the first version.
    expect(await statusCounts(mailshot, send.id)).toEqual({ sent: 1, cancelled: 3 })
    expect(await statusCounts(mailshot, correction.id)).toEqual({ sent: 3 })
    expect(await recipientOf(mailshot, correction, reader(2))).toMatchObject({ status: 'sent' })
  })
})

/** The same, but for a start of the campaign that comes between its first look and its first write. */
async function startBeforeWrite(mailshot: Mailshot): Promise<Mailshot> {
  let isStarted = false
  const write: Mailshot['db']['write'] = async (...statements) => {
    if (!isStarted) await startFixture(mailshot, 'hello', { audience: 'again' })
    isStarted = true
    return mailshot.db.write(...statements)
  }
  return { ...mailshot, db: { ...mailshot.db, write } }
}

/** Holds the first `count` mails of a campaign until `answer`: all but reader 2's are accepted, that one refused for now. */
function heldUp(transport: ReturnType<typeof memory>, count: number) {
  let answer = () => {}
  const answered = new Promise<void>((resolve) => (answer = resolve))
  let seen = 0
  const inHand = new Promise<void>((resolve) => {
    transport.failWhen(async ({ campaign, envelope }) => {
      if (campaign === undefined || seen >= count) return undefined
      seen += 1
      if (seen === count) resolve()
      await answered
      return envelope.to.toLowerCase() === reader(2)
        ? { status: 'deferred', scope: 'recipient', reason: '451 later' }
        : undefined
    })
  })
  return { inHand, answer }
}
