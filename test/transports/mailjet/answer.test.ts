import { afterEach, describe, expect, it } from 'vitest'
import { mailjet } from '../../../integrations/mailshot/transports/mailjet.ts'
import { outcomesOf } from '../../../integrations/mailshot/transports/mailjet/answer.ts'
import type { Outcome } from '../../../integrations/mailshot/transport.ts'
import { testMessage } from '../../messages.ts'
import { mailjetError } from '../mailjet-server/check.ts'
import { type MailjetFault, mailjetKeys, startMailjetServer } from '../mailjet-server.ts'

const { signal } = new AbortController()
const closing: { close?(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close?.()
})

/** What a call of two messages comes to when Mailjet answers so, and how many calls it took. */
async function outcomes(fault: MailjetFault, options = {}) {
  const server = await startMailjetServer()
  const transport = mailjet({ endpoint: server.endpoint, ...mailjetKeys, ...options })
  closing.push(server, transport)
  server.failNext(fault)
  const both = await transport.send([testMessage(), testMessage()], signal)
  expect(both[1]).toEqual(both[0])
  return { outcome: both[0], server }
}

describe('a call that Mailjet refuses as a whole', () => {
  it.each<[string, MailjetFault, Partial<Outcome>]>([
    [
      'wrong keys pause the send',
      { status: 401, body: mailjetError('mj-0015', 'API key authentication failure.', [], 401) },
      {
        status: 'blocked',
        reason: 'Mailjet answered 401: mj-0015 API key authentication failure.',
      },
    ],
    [
      'a suspended account pauses the send',
      { status: 401, body: mailjetError('mj-0001', 'This API key is suspended.', [], 401) },
      { status: 'blocked' },
    ],
    [
      'a forbidden sender pauses the send',
      { status: 403, body: { ErrorMessage: 'Operation not allowed', StatusCode: 403 } },
      { status: 'blocked', reason: 'Mailjet answered 403: Operation not allowed' },
    ],
    [
      'a call that Mailjet does not understand pauses the send',
      { status: 400, body: mailjetError('mj-0002', 'Malformed JSON.') },
      { status: 'blocked' },
    ],
    [
      'too many calls rest the relay as long as it says',
      {
        status: 429,
        headers: { 'Retry-After': '12' },
        body: { ErrorMessage: 'Too many requests' },
      },
      {
        status: 'deferred',
        scope: 'relay',
        retryAfter: 12,
        reason: 'Mailjet answered 429: Too many requests',
      },
    ],
    [
      'too many calls rest the relay as it rests by itself where it names no wait',
      { status: 429 },
      { status: 'deferred', scope: 'relay', reason: 'Mailjet answered 429: without a word' },
    ],
    [
      'a service that is away rests the relay',
      { status: 503, body: '<html>Service Unavailable</html>' },
      { status: 'deferred', scope: 'relay' },
    ],
    [
      'a fault inside Mailjet proves nothing',
      { status: 500, body: { ErrorIdentifier: 'x' } },
      { status: 'uncertain' },
    ],
    [
      'a gateway that gave up proves nothing',
      { status: 504, body: '<html>' },
      { status: 'uncertain' },
    ],
    [
      'an answer that cannot be read proves nothing',
      { status: 200, body: '{"Messages":[' },
      { status: 'uncertain' },
    ],
    [
      'a connection that broke after the call proves nothing',
      { drop: 'sent' },
      { status: 'uncertain', reason: expect.stringContaining('socket hang up') },
    ],
  ])('%s', async (_what, fault, expected) => {
    const { outcome, server } = await outcomes(fault)
    expect(outcome).toMatchObject(expected)
    expect(server.calls).toHaveLength(1)
  })

  it('waits for an answer no longer than it was told', async () => {
    const { outcome } = await outcomes({ hang: 'sent' }, { timeoutSeconds: 0.3 })
    expect(outcome).toEqual({
      status: 'uncertain',
      reason: 'Mailjet: no answer within 0.3 seconds',
    })
  })

  it('was not obeyed where not all of it had left', async () => {
    const html = 'long '.repeat(2_000_000)
    const server = await startMailjetServer()
    const transport = mailjet({ endpoint: server.endpoint, ...mailjetKeys, timeoutSeconds: 0.5 })
    closing.push(server, transport)
    server.failNext({ hang: 'unread' })
    expect(await transport.send([testMessage({ html })], signal)).toEqual([
      {
        status: 'deferred',
        scope: 'relay',
        reason: 'Mailjet cannot be reached: no answer within 0.5 seconds',
      },
    ])
  })

  it('was not obeyed where nobody listens', async () => {
    const server = await startMailjetServer()
    await server.close()
    const transport = mailjet({ endpoint: server.endpoint, ...mailjetKeys })
    expect(await transport.send([testMessage()], signal)).toMatchObject([
      { status: 'deferred', scope: 'relay', reason: expect.stringContaining('ECONNREFUSED') },
    ])
  })
})

describe('outcomesOf', () => {
  const messages = [testMessage(), testMessage()]
  const read = (Messages: unknown[], status = 400) =>
    outcomesOf({ status, body: { Messages } }, messages, (text) => text)
  const failed = (...Errors: unknown[]) => ({ Status: 'error', Errors })

  it('takes no answer for one about a message', () => {
    expect(read([])).toMatchObject([{ status: 'uncertain' }, { status: 'uncertain' }])
    expect(read([{ Status: 'success', To: [{ MessageID: 5 }] }])).toMatchObject([
      { status: 'accepted', providerId: '5' },
      { status: 'uncertain', reason: 'Mailjet answered, but not about this message' },
    ])
  })

  it('rests the relay for a message that came too fast, and tries one again that Mailjet failed at', () => {
    expect(
      read([
        failed(mailjetError('x', 'Slow down', [], 429)),
        failed(mailjetError('x', 'Oops', [], 500)),
      ]),
    ).toMatchObject([
      { status: 'deferred', scope: 'relay' },
      { status: 'deferred', scope: 'recipient' },
    ])
  })

  it('goes by the gravest of several errors', () => {
    const bad = mailjetError('mj-0013', '"a" is an invalid email address.', ['To[0].Email'])
    const sender = mailjetError('send-0008', 'Not authorized.', ['From'], 403)
    expect(read([failed(bad, sender), failed(bad)])).toMatchObject([
      { status: 'blocked', reason: expect.stringContaining('; send-0008 Not authorized. (From)') },
      { status: 'rejected', class: 'hard' },
    ])
  })

  it('pauses the send for a wrong sender, which is everybody’s', () => {
    const from = mailjetError('mj-0013', '"a" is an invalid email address.', ['From.Email'])
    expect(read([failed(from), failed(from)])).toMatchObject([
      { status: 'blocked' },
      { status: 'blocked' },
    ])
  })

  it('takes an error it does not know for one about the content', () => {
    expect(
      read([failed(mailjetError('send-0099', 'New.')), failed({ ErrorRelatedTo: 'Subject' })]),
    ).toEqual([
      { status: 'rejected', class: 'soft', enhanced: '5.6.0', reason: 'send-0099 New.' },
      { status: 'rejected', class: 'soft', enhanced: '5.6.0', reason: '(Subject)' },
    ])
  })
})
