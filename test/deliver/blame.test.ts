import { describe, expect, it } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listRecipients } from '../../integrations/mailshot/recipient.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { smtp } from '../../integrations/mailshot/transports/smtp.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { openReceivingSide, withLeaps } from '../pace/receiving-side.ts'
import { addReaders, statusCounts } from '../people.ts'
import { startScriptedSmtpServer } from '../scripted-smtp-server.ts'
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
    const mailshot = await openTestMailshot({ transport, mailer: memory() })
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

describe('a relay that is down again and again for everybody', () => {
  it('loses nobody', async () => {
    let from = 0
    const isDown = (at: number) => at % hour > 10 * minute || at > 3 * hour
    const { mailshot, arrivals, start } = await openReceivingSide(
      { pace: '1/minute', mailer: memory() },
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
