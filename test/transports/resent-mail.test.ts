import { sql } from 'drizzle-orm/sql'
import { afterEach, describe, expect, it } from 'vitest'
import { recordEvents } from '../../integrations/mailshot/event.ts'
import type { Transport } from '../../integrations/mailshot/transport.ts'
import { mailjet } from '../../integrations/mailshot/transports/mailjet.ts'
import { mandrill } from '../../integrations/mailshot/transports/mandrill.ts'
import { sparkpost } from '../../integrations/mailshot/transports/sparkpost.ts'
import { testMessage } from '../messages.ts'
import { recipientRow, sentTo } from '../sent-mails.ts'
import { startMailjetServer } from './mailjet-server.ts'
import { sign, startMandrillServer } from './mandrill-server.ts'
import { startSparkpostServer } from './sparkpost-server.ts'

const { signal } = new AbortController()
const url = 'https://example.org/mailshot/webhooks/x/secret'
const seconds = Date.UTC(2026, 10, 22, 12) / 1000
const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

/**
 * Of a recipient who was mailed, and then once more: both mails go out, `deliveries` are the provider's reports of them, oldest
 * first. What is known of the second one after the report of the first, and after its own.
 */
async function fates(transport: Transport, deliveries: () => Request[]): Promise<unknown[]> {
  const { mailshot, mails } = await sentTo(1)
  const [{ id, ourId, email }] = mails
  await mailshot.db.write(sql`UPDATE recipients SET resend = 1, status = 'uncertain'`)
  const message = testMessage({ id: ourId, envelope: { from: 'b@example.org', to: email } })
  await transport.send([{ ...message, resend: 0 }], signal)
  await transport.send([{ ...message, resend: 1 }], signal)
  const found: unknown[] = []
  for (const request of deliveries()) {
    const reading = await transport.readEvents?.(request, { hasSecret: true })
    if (!reading || 'refused' in reading) throw new Error('refused')
    await recordEvents(mailshot, transport.name, reading.events)
    const { status, delivery } = await recipientRow(mailshot, id)
    found.push([status, delivery])
  }
  return found
}

const post = (body: unknown) => new Request(url, { method: 'POST', body: JSON.stringify(body) })
const onlyOfItsOwn = [
  ['uncertain', null],
  ['sent', 'delivered'],
]

describe('the report of the mail before a resend', () => {
  it('is not taken for one of the new mail at Mailjet', async () => {
    const server = await startMailjetServer()
    const transport = mailjet({ endpoint: server.endpoint, ...server.keys })
    closing.push(server, transport)
    const reports = () =>
      server.sent.map(({ message, id }) => ({
        event: 'sent',
        time: seconds,
        MessageID: id,
        CustomID: message['CustomID'],
        Payload: message['EventPayload'],
      }))
    expect(await fates(transport, () => reports().map(post))).toEqual(onlyOfItsOwn)
    expect(
      await fates(transport, () =>
        reports()
          .slice(2)
          .map((one) => post({ ...one, Payload: '' })),
      ),
    ).toEqual(onlyOfItsOwn)
  })

  it('is not taken for one of the new mail at SparkPost', async () => {
    const server = await startSparkpostServer()
    const transport = sparkpost({ apiKey: 'correct-horse-battery', endpoint: server.url })
    closing.push(server, transport)
    const reports = () =>
      server.transmissions.map(({ id, metadata }) => ({
        type: 'delivery',
        timestamp: `${seconds}`,
        transmission_id: id,
        rcpt_meta: metadata,
      }))
    const asked = () => reports().map((one) => post([{ msys: { message_event: one } }]))
    expect(await fates(transport, asked)).toEqual(onlyOfItsOwn)
  })

  it('is not taken for one of the new mail at Mandrill', async () => {
    const server = await startMandrillServer()
    const options = { apiKey: 'md-correct-horse-battery', webhookKeys: ['hook-key'] }
    const transport = mandrill({ ...options, endpoint: server.url })
    closing.push(server, transport)
    const signed = (events: unknown) => {
      const form = new URLSearchParams({ mandrill_events: JSON.stringify(events) })
      const headers = { 'X-Mandrill-Signature': sign('hook-key', url, form) }
      return new Request(url, { method: 'POST', body: form, headers })
    }
    const asked = () =>
      server.sent.map(({ id, metadata }) =>
        signed([{ event: 'delivered', ts: seconds, msg: { _id: id, metadata } }]),
      )
    expect(await fates(transport, asked)).toEqual(onlyOfItsOwn)
  })
})
