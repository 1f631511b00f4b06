import { afterEach, describe, expect, it } from 'vitest'
import { mailjet } from '../../../integrations/mailshot/transports/mailjet.ts'
import { testMessage } from '../../messages.ts'
import { startProviderServer } from '../provider-server.ts'
import { mailjetKeys, startMailjetServer } from '../mailjet-server.ts'

const { signal } = new AbortController()
const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

async function open(lookUpSeconds: number) {
  const server = await startMailjetServer()
  const transport = mailjet({ endpoint: server.endpoint, ...mailjetKeys, lookUpSeconds })
  closing.push(server, transport)
  return { server, transport }
}

describe('lookUp of mailjet()', () => {
  it('finds the messages whose answer was lost, with their exact ids', async () => {
    const { server, transport } = await open(0)
    const messages = Array.from({ length: 7 }, () => testMessage())
    server.failNext({ drop: 'sent' })
    const lost = await transport.send(messages, signal)
    expect(lost.map(({ status }) => status)).toEqual(Array(7).fill('uncertain'))
    expect(await transport.lookUp?.(messages)).toEqual(
      server.sent.map(({ id }) => ({
        status: 'accepted',
        providerId: id,
        answer: 'looked up: sent',
      })),
    )
  })

  it('leaves uncertain what Mailjet does not know', async () => {
    const { server, transport } = await open(0)
    const [taken, unknown] = [testMessage(), testMessage()]
    await transport.send([taken], signal)
    expect(await transport.lookUp?.([unknown, taken])).toMatchObject([
      {
        status: 'uncertain',
        reason: 'no answer, and Mailjet does not know the message 0 seconds later',
      },
      { status: 'accepted', providerId: server.sent[0]?.id },
    ])
  })

  it('asks again for a while, since Mailjet lists a message some time after it took it', async () => {
    const { server, transport } = await open(10)
    const message = testMessage()
    const asking = transport.lookUp?.([message])
    await expect.poll(() => server.calls.length).toBe(1)
    await transport.send([message], signal)
    expect(await asking).toMatchObject([{ status: 'accepted' }])
    expect(server.calls.map(({ line }) => line.split('?')[0])).toEqual([
      'GET /v3/REST/message',
      'POST /v3.1/send',
      'GET /v3/REST/message',
    ])
  })

  it('does not take a mail that was sent before for the one that was mailed once more', async () => {
    const { transport } = await open(0)
    const id = 't4x2k1a2b3c4d.17'
    await transport.send([testMessage({ id })], signal)
    const again = testMessage({ id, resend: 1 })
    expect(await transport.lookUp?.([again])).toMatchObject([{ status: 'uncertain' }])
  })

  it.each([
    [
      { CustomID: 'abc.7.0', Status: 'sent' },
      { status: 'accepted', providerId: '5' },
    ],
    [
      { CustomID: 'abc.7.0', Status: 'hardbounced' },
      { status: 'accepted', providerId: '5' },
    ],
    [
      { CustomID: 'abc.7.0', Status: 'blocked' },
      { status: 'rejected', class: 'soft' },
    ],
    [{ CustomID: 'abc.7.1', Status: 'sent' }, { status: 'uncertain' }],
    [{ Status: 'sent' }, { status: 'uncertain' }],
  ])('finds in %j what Mailjet says of the very message', async (row, expected) => {
    const server = await startProviderServer(() => ({
      status: 200,
      body: { Count: 1, Total: 1, Data: [{ ID: 5, ...row }] },
    }))
    const transport = mailjet({ endpoint: server.url, ...mailjetKeys, lookUpSeconds: 0 })
    closing.push(server, transport)
    expect(await transport.lookUp?.([testMessage({ id: 'abc.7' })])).toMatchObject([expected])
  })

  it('ends at once when the transport is closed', async () => {
    const { server, transport } = await open(600)
    const asking = transport.lookUp?.([testMessage()])
    await expect.poll(() => server.calls.length).toBe(1)
    await transport.close?.()
    expect(await asking).toMatchObject([{ status: 'uncertain' }])
  })
})
