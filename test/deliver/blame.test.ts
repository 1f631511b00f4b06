import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listRecipients, type RecipientRow } from '../../integrations/mailshot/recipient.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { smtp } from '../../integrations/mailshot/transports/smtp.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { openReceivingSide, withLeaps } from '../pace/receiving-side.ts'
import { addReaders, statusCounts } from '../people.ts'
import { type Act, startScriptedSmtpServer, type Step } from '../scripted-smtp-server.ts'
import { startFixture } from '../start-fixture.ts'

const minute = 60_000
const hour = 60 * minute

/** What the relay always answers to one reader, by step. */
const answers: Record<string, { at: string; says: string }> = {
  'reader1@example.net': { at: 'rcpt', says: '421 4.3.0 filter crashed' },
  'reader2@example.net': { at: 'end', says: '421 4.3.0 filter crashed' },
  'reader3@example.net': { at: 'rcpt', says: 'drop' },
  'reader4@example.net': { at: 'rcpt', says: '454 4.7.1 Relay access denied' },
  'reader5@example.net': { at: 'end', says: '552 Message quota exceeded' },
  'reader6@example.net': { at: 'end', says: '454 4.7.0 Throttling failure' },
}

describe('a reader at whom the relay always fails', () => {
  it('ends failed, and the others are not held up', async () => {
    const relay = await startScriptedSmtpServer(({ step, to }) => {
      const answer = answers[/reader\d+@example\.net/i.exec(to)?.[0].toLowerCase() ?? '']
      return answer?.at === step ? answer.says : undefined
    })
    const transport = smtp({ host: relay.host, port: relay.port, tls: 'none', connections: 2 })
    const mailshot = await openTestMailshot({ transport, mailer: memory(), leaseSeconds: 3600 })
    await addReaders(mailshot, 30)
    const { send } = await startFixture(mailshot, 'hello')
    const from = mailshot.now()

    await deliver(withLeaps(mailshot), { untilDone: true })
    await transport.close?.()
    await relay.close()

    const rows = await listRecipients(mailshot, { sendId: send.id })
    const failed = rows.filter(({ status }) => status === 'failed')
    expect(failed.map(({ email }) => email).toSorted()).toEqual(Object.keys(answers))
    expect(await statusCounts(mailshot, send.id)).toEqual({ sent: 24, failed: 6 })
    const lastSent = Math.max(
      ...rows.map(({ status, settledAt }) => (status === 'sent' ? (settledAt ?? 0) : 0)),
    )
    expect(lastSent - from).toBeLessThan(10 * minute)
  })
})

/** A send to so many readers over SMTP to a relay that does as it is told at a time since the start, in milliseconds. */
async function sendThrough(
  readers: number,
  direct: (step: Step, at: number) => Act | undefined,
): Promise<RecipientRow[]> {
  let begun = Infinity
  const since = () => mailshot.now() - begun
  const relay = await startScriptedSmtpServer(({ step }) => direct(step, since()))
  const { host, port } = relay
  const login = { user: 'news', password: 'correct horse battery' }
  const transport = smtp({ host, port, tls: 'none', connections: 1, ...login })
  const mailshot = await openTestMailshot({ transport, mailer: memory(), leaseSeconds: 3600 })
  await addReaders(mailshot, readers)
  const { send } = await startFixture(mailshot, 'hello')
  begun = mailshot.now()
  await deliver(withLeaps(mailshot), { untilDone: true })
  await transport.close?.()
  await relay.close()
  expect((await readSend(mailshot, send.id)).status).toBe('done')
  return (await listRecipients(mailshot, { sendId: send.id })).map((row) => ({
    ...row,
    settledAt: (row.settledAt ?? 0) - begun,
  }))
}

describe('the last readers of a send', () => {
  it('end failed, with what was said, where the relay takes all but their mails', async () => {
    const rows = await sendThrough(2, (step) => (step === 'rcpt' ? '421 4.3.0 crashed' : undefined))
    expect(rows).toMatchObject([
      { status: 'failed', tries: 5, reason: 'RCPT TO: 421 4.3.0 crashed' },
      { status: 'failed', tries: 5, reason: 'RCPT TO: 421 4.3.0 crashed' },
    ])
    expect(Math.max(...rows.map(({ settledAt }) => settledAt ?? 0))).toBeLessThan(12 * hour)
  })

  it('wait at no cost of a try for a relay that is down, however long', async () => {
    const rows = await sendThrough(2, (step, at) => {
      if (at < 12 * hour) return step === 'greeting' ? '421 4.3.2 away' : undefined
      if (at < 18 * hour) return step === 'auth' ? '454 4.7.0 no login just now' : undefined
      if (at < 24 * hour) return step === 'mail' ? 'drop' : undefined
      // Once up, it stumbles at the first mail; a quota is the account's, wherever it is told of.
      if (at < 24.1 * hour) return step === 'rcpt' ? 'drop' : undefined
      if (at < 36 * hour)
        return step === 'end' ? '454 4.7.0 Daily message quota exceeded' : undefined
      return undefined
    })
    expect(rows).toMatchObject([
      { status: 'sent', tries: 1 },
      { status: 'sent', tries: 1 },
    ])
  })
})

describe('many readers at whom the relay fails', () => {
  it('wait at no cost of a try, since it is none of their mails then', async () => {
    const rows = await sendThrough(30, (step, at) =>
      step === 'rcpt' && at < 12 * hour ? '421 4.3.0 crashed' : undefined,
    )
    expect(rows.filter(({ status, tries }) => status !== 'sent' || tries !== 1)).toEqual([])
  })
})

describe('a relay that is down again and again for everybody', () => {
  it('loses nobody', async () => {
    let from = 0
    const isDown = (at: number) => at % hour > 10 * minute || at > 3 * hour
    const { mailshot, arrivals, start } = await openReceivingSide(
      { pace: '1/minute', mailer: memory(), leaseSeconds: 3600 },
      {
        readers: { 'example.net': 40 },
        answer: (_, at) =>
          isDown(at - from) && at - from < 9 * hour
            ? { status: 'deferred', scope: 'relay', reason: '421 away' }
            : undefined,
      },
    )
    const { send } = await start()
    from = mailshot.now()
    await deliver(withLeaps(mailshot), { untilDone: true })
    const rows = await listRecipients(mailshot, { sendId: send.id })
    expect(arrivals.length).toBeGreaterThan(60)
    expect(await statusCounts(mailshot, send.id)).toEqual({ sent: 40 })
    // Those whom the first time down did not meet.
    expect(rows.filter(({ tries }) => tries === 1).length).toBeGreaterThan(20)
  })
})
