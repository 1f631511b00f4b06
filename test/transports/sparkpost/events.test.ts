import { describe, expect, it } from 'vitest'
import type { DeliveryEvent } from '../../../integrations/mailshot/transport.ts'
import {
  sparkpost,
  type SparkpostOptions,
} from '../../../integrations/mailshot/transports/sparkpost.ts'
import { bounceClasses } from '../../../integrations/mailshot/transports/sparkpost/bounce-class.ts'
import { eventFixture } from '../event-fixture.ts'

const url = 'https://example.org/mailshot/webhooks/sparkpost/secret'

function post(body: string, headers: Record<string, string> = {}): Request {
  return new Request(url, { method: 'POST', body, headers })
}

async function reading(
  body: string,
  {
    headers,
    hasSecret = true,
    options = {},
  }: {
    headers?: Record<string, string>
    hasSecret?: boolean
    options?: SparkpostOptions
  } = {},
) {
  return sparkpost(options).readEvents?.(post(body, headers), { hasSecret })
}

async function events(name: string): Promise<DeliveryEvent[]> {
  const read = await reading(eventFixture('sparkpost', name))
  if (!read || 'refused' in read) throw new Error(`${name} was refused`)
  return read.events
}

const hard = { type: 'bounced', class: 'hard' }
const soft = { type: 'bounced', class: 'soft' }

describe('events of sparkpost()', () => {
  it.each([
    ['injection', { type: 'unknown', word: 'injection' }],
    ['delivery', { type: 'delivered', word: 'delivery' }],
    ['delay', { type: 'deferred', word: 'delay', status: '4.4.4' }],
    ['bounce-10', { ...hard, about: 'address', word: 'bounce', status: '5.1.1' }],
    ['bounce-22', { ...soft, about: 'mailbox', status: '5.2.2' }],
    ['bounce-25', { ...hard, about: 'other', status: '5.7.1' }],
    ['bounce-51', { ...soft, about: 'other' }],
    ['bounce-60', { type: 'unknown', word: 'bounce' }],
    ['bounce-90', { type: 'unsubscribed', word: 'bounce' }],
    ['out-of-band', { ...hard, about: 'mailbox', word: 'out_of_band' }],
    ['policy-rejection', { type: 'rejected', class: 'hard', about: 'other' }],
    ['generation-failure', { type: 'rejected', about: 'other', word: 'generation_failure' }],
    ['generation-rejection', { type: 'rejected', about: 'other', word: 'generation_rejection' }],
    ['spam-complaint', { type: 'complained', word: 'spam_complaint' }],
    ['not-spam', { type: 'unknown', word: 'spam_complaint' }],
    ['list-unsubscribe', { type: 'unsubscribed', word: 'list_unsubscribe' }],
    ['link-unsubscribe', { type: 'unsubscribed', word: 'link_unsubscribe' }],
    ['open', { type: 'opened', word: 'open', ip: '198.51.100.23' }],
    ['open-prefetched', { type: 'opened', word: 'initial_open', isMachine: true }],
    ['click', { type: 'clicked', url: 'https://example.org/programme?utm_source=letter&page=2' }],
    ['amp-click', { type: 'clicked', url: 'https://example.org/amp' }],
  ])('reads %s', async (name, expected) => {
    const [event, ...others] = await events(name)
    expect(others).toEqual([])
    expect(event).toMatchObject({
      ...expected,
      recipient: 'Reader@example.com',
      messageId: '84345317650824116',
      ourId: 't9x3k21a2b3c4d.42.0',
      providerEventId: expect.stringMatching(/^923569276938\d{5}$/),
    })
  })

  it('keeps all that was said, with the reason as the other server wrote it', async () => {
    const [event] = await events('bounce-10')
    expect(event?.at).toBe(1_763_632_700_000)
    expect(event?.reason).toBe(
      '550 5.1.1 <Reader@example.com>: Recipient address rejected: User unknown',
    )
    const [{ msys }] = JSON.parse(eventFixture('sparkpost', 'bounce-10'))
    expect(event?.raw).toEqual({ msys })
  })

  it('reads a time that is written as a date', async () => {
    const [event] = await events('generation-failure')
    expect(event?.at).toBe(Date.UTC(2026, 10, 20, 9, 58, 20))
  })

  it('answers the ping with no event', async () => {
    expect(await reading(eventFixture('sparkpost', 'ping'))).toEqual({ events: [] })
    expect(await reading('[]')).toEqual({ events: [] })
  })

  it('reads events of several classes in one batch, and names it', async () => {
    const headers = { 'X-MessageSystems-Batch-ID': '032d330540298f54f0e8bcc1373f3cfd' }
    const read = await reading(eventFixture('sparkpost', 'grouped'), { headers })
    expect(read).toMatchObject({
      batchId: '032d330540298f54f0e8bcc1373f3cfd',
      events: [
        { type: 'delivered' },
        { type: 'unsubscribed' },
        { type: 'clicked' },
        { type: 'unknown', word: 'sms_status' },
      ],
    })
  })

  it('keeps what is not about a mail of ours as unknown', async () => {
    expect(await events('relay')).toMatchObject([{ type: 'unknown', word: 'relay_injection' }])
  })

  it('counts the two pictures of one reading once', async () => {
    expect(await events('opens')).toMatchObject([
      { type: 'opened', word: 'initial_open' },
      { type: 'unknown', word: 'open' },
    ])
  })

  it('counts a second reading', async () => {
    const [first, second] = JSON.parse(eventFixture('sparkpost', 'opens'))
    second.msys.track_event.timestamp = '1763640000'
    const read = await reading(JSON.stringify([first, second]))
    expect(read).toMatchObject({ events: [{ type: 'opened' }, { type: 'opened' }] })
  })

  it('keeps ids exactly that are written as numbers', async () => {
    expect(await events('numeric-ids')).toMatchObject([
      { providerEventId: '92356927693813859', messageId: '84345317650824117' },
    ])
  })

  it('names the reader behind the sink', async () => {
    expect(await events('sink')).toMatchObject([{ recipient: 'Reader@example.com' }])
  })

  it('has a meaning for each class that SparkPost documents', () => {
    const codes = [1, 10, 20, 21, 22, 23, 24, 25, 30, 40, 50, 51, 52, 53, 54, 60, 70, 80, 90, 100]
    expect(Object.keys(bounceClasses)).toEqual(expect.arrayContaining(codes.map(String)))
    const failures = Object.values(bounceClasses).filter(({ type }) => type === 'bounced')
    expect(failures.every((one) => one.class && one.about)).toBe(true)
  })

  it('takes a class that it does not know for a soft one', async () => {
    const text = eventFixture('sparkpost', 'bounce-10').replace(
      '"bounce_class": "10"',
      '"bounce_class": "47"',
    )
    expect(await reading(text)).toMatchObject({ events: [{ ...soft, word: 'bounce' }] })
  })

  it.each([
    ['no JSON', '{"msys"'],
    ['no list', '{"msys":{}}'],
    ['an entry that is none', '[{"msys":{"message_event":{}}},7]'],
    ['an entry without msys', '[{"event":"open"}]'],
    ['a class without fields', '[{"msys":{"message_event":"delivery"}}]'],
    ['an empty body', ''],
  ])('refuses %s', async (_what, body) => {
    expect(await reading(body)).toMatchObject({ refused: 400 })
  })

  it('believes who knows the secret of the address, or the password', async () => {
    const password = 'a-password-of-enough'
    const options = { webhookAuth: { user: 'sparkpost', password } }
    const basic = (words: string) => ({
      Authorization: `Basic ${Buffer.from(words).toString('base64')}`,
    })
    const without = { hasSecret: false, options }
    const ping = '[{"msys":{}}]'
    expect(await reading(ping, { hasSecret: false })).toMatchObject({ refused: 401 })
    expect(await reading(ping, without)).toMatchObject({ refused: 401 })
    const wrong = basic(`sparkpost:${password.slice(1)}`)
    expect(await reading(ping, { ...without, headers: wrong })).toMatchObject({ refused: 401 })
    const right = basic(`sparkpost:${password}`)
    expect(await reading(ping, { ...without, headers: right })).toEqual({ events: [] })
  })

  it('believes nobody by a password that is not set, or too short', async () => {
    const headers = { Authorization: `Basic ${Buffer.from('sparkpost:').toString('base64')}` }
    const options = { webhookAuth: { user: 'sparkpost', password: '' } }
    const read = await reading('[{"msys":{}}]', { hasSecret: false, options, headers })
    expect(read).toMatchObject({ refused: 401 })
  })
})
