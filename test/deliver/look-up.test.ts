import { describe, expect, it, vi } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listRecipients } from '../../integrations/mailshot/recipient.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import { resend } from '../../integrations/mailshot/send/resend.ts'
import { settleUncertain } from '../../integrations/mailshot/send/settle.ts'
import type { Message, Outcome, Transport } from '../../integrations/mailshot/transport.ts'
import { mailjet } from '../../integrations/mailshot/transports/mailjet.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'
import { mailjetKeys, startMailjetServer } from '../transports/mailjet-server.ts'

const lost: Outcome = { status: 'uncertain', reason: 'the link broke' }

/** Three readers, of whom the answers about the first two are lost. */
async function mailThree(lookUp: NonNullable<Transport['lookUp']>) {
  const transport = memory()
  transport.failWhen(({ envelope }) => (/Reader[12]@/.test(envelope.to) ? lost : undefined))
  const mailshot = await openTestMailshot({ transport: { ...transport, lookUp } })
  await addReaders(mailshot, 3)
  const { send } = await startFixture(mailshot, 'hello')
  await deliver(mailshot, { untilDone: true })
  const recipients = await listRecipients(mailshot, { sendId: send.id })
  return recipients.map(({ email, status, reason }) => [email, status, reason])
}

describe('deliver, when an answer is lost', () => {
  it('asks the provider, and believes what it knows', async () => {
    const asked: string[] = []
    const isFirst = ({ envelope }: Message) => envelope.to.startsWith('Reader1')
    const seen = await mailThree((messages) => {
      asked.push(...messages.map(({ envelope }) => envelope.to))
      return Promise.resolve(
        messages.map((message) =>
          isFirst(message)
            ? { status: 'accepted', providerId: 'p1' }
            : { ...lost, reason: 'not there' },
        ),
      )
    })
    expect(asked.toSorted()).toEqual(['Reader1@example.net', 'Reader2@example.net'])
    expect(seen).toEqual([
      ['reader1@example.net', 'sent', null],
      ['reader2@example.net', 'uncertain', 'the link broke'],
      ['reader3@example.net', 'sent', null],
    ])
  })

  it('asks nobody once it is told to stop', async () => {
    const stop = new AbortController()
    const asked = vi.fn<NonNullable<Transport['lookUp']>>()
    const transport = memory()
    transport.failWhen(() => {
      stop.abort()
      return lost
    })
    const mailshot = await openTestMailshot({
      transport: { ...transport, lookUp: asked },
      mailer: memory(),
    })
    await addReaders(mailshot, 1)
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { signal: stop.signal })
    expect(await readSend(mailshot, send.id)).toMatchObject({ uncertain: 1 })
    expect(asked).not.toHaveBeenCalled()
  })

  it('says that they are uncertain when the provider cannot be asked either', async () => {
    const seen = await mailThree(() => Promise.reject(new Error('no way there')))
    expect(seen.map(([, status]) => status)).toEqual(['uncertain', 'uncertain', 'sent'])
  })
})

describe('deliver by mailjet()', () => {
  async function openMailjet() {
    const server = await startMailjetServer()
    const transport = mailjet({ endpoint: server.endpoint, ...mailjetKeys, lookUpSeconds: 0 })
    const mailshot = await openTestMailshot({ transport, mailer: memory() })
    await addReaders(mailshot, 120)
    const close = async () => {
      await transport.close?.()
      await server.close()
    }
    return { server, mailshot, close }
  }

  it('mails everybody once though an answer is lost, with the ids that Mailjet gave', async () => {
    const { server, mailshot, close } = await openMailjet()
    server.failNext({ drop: 'sent' })
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({
      status: 'done',
      sent: 120,
      uncertain: 0,
    })
    const ids = (await listRecipients(mailshot, { sendId: send.id })).map(
      ({ providerId }) => providerId,
    )
    expect(new Set(ids)).toEqual(new Set(server.sent.map(({ id }) => id)))
    expect(server.sent).toHaveLength(120)
    await close()
  })

  it('brings a resend over, which Mailjet does not take for a repetition', async () => {
    const { server, mailshot, close } = await openMailjet()
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    const emails = ['reader7@example.net']
    await resend(mailshot, send.id, { choice: { emails, again: true }, actor: 'test' })
    await deliver(mailshot, { untilDone: true })
    const again = server.sent.filter(({ message }) => addressOf(message) === 'Reader7@example.net')
    const payloads = again.map(({ message }) => message['EventPayload'])
    expect(again.map(({ isDuplicate }) => isDuplicate)).toEqual([false, false])
    expect(payloads).toEqual([
      expect.stringMatching(/^\w+\.7\.0$/),
      String(payloads[0]).replace(/0$/, '1'),
    ])
    await close()
  })

  it('brings it over also to those who were held to have failed, though Mailjet had mailed them', async () => {
    const { server, mailshot, close } = await openMailjet()
    server.account.refuseAll = { status: 503 }
    server.failNext({ drop: 'sent' })
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })
    const { settled } = await settleUncertain(mailshot, send.id, {
      as: 'failed',
      which: 'all',
      actor: 'test',
    })
    expect(settled).toBeGreaterThan(0)
    await resend(mailshot, send.id, { choice: { statuses: ['failed'] }, actor: 'test' })
    await deliver(mailshot, { untilDone: true })
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'done', sent: 120 })
    expect(server.sent).toHaveLength(120 + settled)
    expect(server.sent.filter(({ isDuplicate }) => isDuplicate)).toEqual([])
    await close()
  })

  it('ends in time while none of its calls is answered, and asks for nothing then', async () => {
    const { server, mailshot, close } = await openMailjet()
    server.failNext(...Array.from({ length: 8 }, () => ({ hang: 'sent' as const })))
    const { send } = await startFixture(mailshot, 'hello')
    const stop = new AbortController()
    const delivering = deliver(mailshot, { signal: stop.signal })
    await expect.poll(() => server.calls.length).toBeGreaterThan(2)
    const stoppedAt = mailshot.now()
    stop.abort()
    await delivering
    expect(mailshot.now() - stoppedAt).toBeLessThan(9_000)
    expect(server.calls.filter(({ line }) => line.startsWith('GET'))).toEqual([])
    const { sent, failed, uncertain } = await readSend(mailshot, send.id)
    expect([sent, failed, uncertain > 0]).toEqual([0, 0, true])
    await close()
  })

  const addressOf = (message: Record<string, unknown>) => Object(message['To'])[0].Email
})
