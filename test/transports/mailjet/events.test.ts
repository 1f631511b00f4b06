import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { mailjet, type MailjetOptions } from '../../../integrations/mailshot/transports/mailjet.ts'
import type { DeliveryEvent } from '../../../integrations/mailshot/transport.ts'

const folder = new URL('../../fixtures/events/mailjet/', import.meta.url)
const fixture = (name: string) => readFileSync(new URL(`${name}.json`, folder), 'utf8')

function read(
  body: string,
  proof = { hasSecret: true },
  options: MailjetOptions = {},
  headers = {},
) {
  const request = new Request('https://example.org/mailshot/webhooks/mailjet/x', {
    method: 'POST',
    body,
    headers,
  })
  return mailjet(options).readEvents?.(request, proof)
}

async function events(body: string): Promise<DeliveryEvent[]> {
  const reading = await read(body)
  if (!reading || 'refused' in reading) throw new Error(`refused: ${reading?.reason}`)
  return reading.events
}

const one = async (fields: Record<string, unknown>) =>
  (await events(JSON.stringify({ event: 'bounce', time: 1_433_333_949, ...fields })))[0]

describe('readEvents of mailjet()', () => {
  it('reads what Mailjet shows in its documentation', async () => {
    const names = readdirSync(folder).map((name) => name.replace('.json', ''))
    const all = await Promise.all(
      names.map(async (name) => [name, await events(fixture(name))] as const),
    )
    expect(Object.fromEntries(all.map(([name, [first]]) => [name, summary(first)])))
      .toMatchInlineSnapshot(`
      {
        "blocked": {
          "about": "address",
          "at": "2015-05-05T07:49:55.000Z",
          "class": "hard",
          "messageId": "13792286917004336",
          "ourId": "helloworld",
          "reason": "recipient: user unknown",
          "recipient": "bounce@mailjet.com",
          "type": "rejected",
          "word": "blocked",
        },
        "bounce": {
          "about": "address",
          "at": "2015-05-05T07:49:55.000Z",
          "class": "hard",
          "messageId": "13792286917004336",
          "ourId": "helloworld",
          "reason": "recipient: user unknown; Host or domain name not found. Name service error for name=lbjsnrftlsiuvbsren.com type=A: Host not found",
          "recipient": "bounce@mailjet.com",
          "type": "bounced",
          "word": "bounce",
        },
        "bounce-soft": {
          "about": "mailbox",
          "at": "2015-05-05T07:49:55.000Z",
          "class": "soft",
          "messageId": "13792286917004336",
          "reason": "recipient: quota exceeded; 552-5.2.2 The email account that you tried to reach is over quota",
          "recipient": "full@example.com",
          "status": "5.2.2",
          "type": "bounced",
          "word": "bounce",
        },
        "click": {
          "at": "2015-06-03T12:30:53.000Z",
          "ip": "127.0.0.1",
          "messageId": "19421777836302490",
          "ourId": "helloworld",
          "recipient": "api@mailjet.com",
          "type": "clicked",
          "url": "https://mailjet.com",
          "userAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_10_0) AppleWebKit/537.36",
          "word": "click",
        },
        "grouped": {
          "at": "2015-02-25T14:18:58.000Z",
          "messageId": "18858825588804172",
          "reason": "sent (250 2.0.0 OK 1424873937 fn1si2587485pab.205 - gsmtp)",
          "recipient": "api@mailjet.com",
          "status": "2.0.0",
          "type": "delivered",
          "word": "sent",
        },
        "open": {
          "at": "2015-05-31T20:18:39.000Z",
          "ip": "127.0.0.1",
          "messageId": "19421777396190490",
          "ourId": "helloworld",
          "recipient": "api@mailjet.com",
          "type": "opened",
          "userAgent": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0",
          "word": "open",
        },
        "sent": {
          "at": "2015-06-03T12:19:09.000Z",
          "messageId": "19421777835146490",
          "ourId": "t4x2k1a2b3c4d.17.0",
          "reason": "sent (250 2.0.0 OK 1433333948 fa5si855896wjc.199 - gsmtp)",
          "recipient": "api@mailjet.com",
          "status": "2.0.0",
          "type": "delivered",
          "word": "sent",
        },
        "spam": {
          "at": "2015-05-05T07:49:55.000Z",
          "messageId": "13792286917004336",
          "ourId": "PassengerEticket1234",
          "reason": "JMRPP",
          "recipient": "bounce@mailjet.com",
          "type": "complained",
          "word": "spam",
        },
        "unsub": {
          "at": "2015-06-03T12:35:41.000Z",
          "ip": "127.0.0.1",
          "messageId": "20547674933128000",
          "ourId": "helloworld",
          "recipient": "api@mailjet.com",
          "type": "unsubscribed",
          "userAgent": "List-Unsubscribe",
          "word": "unsub",
        },
      }
    `)
  })

  it('reads a list with several kinds, in its order', async () => {
    expect((await events(fixture('grouped'))).map(({ type }) => type)).toEqual([
      'delivered',
      'opened',
      'bounced',
    ])
    expect(await events('[]')).toEqual([])
  })

  it('keeps numbers exactly that JavaScript cannot hold', async () => {
    const [event] = await events(
      '{"event":"open","time":1433103519,"MessageID":1152921520000000001,"mj_contact_id":4}',
    )
    expect(event?.messageId).toBe('1152921520000000001')
    expect(event?.raw).toMatchObject({ MessageID: '1152921520000000001', mj_contact_id: 4 })
  })

  it('keeps a kind that it does not know, and guesses nothing', async () => {
    expect(await one({ event: 'teleported', email: 'bob@example.com', toString: 1 })).toMatchObject(
      {
        type: 'unknown',
        word: 'teleported',
        recipient: 'bob@example.com',
      },
    )
    expect((await one({ event: 'constructor' }))?.type).toBe('unknown')
  })

  it.each([
    ['user unknown', 'hard', 'address'],
    ['mailbox inactive', 'hard', 'mailbox'],
    ['quota exceeded', 'soft', 'mailbox'],
    ['blacklisted', 'hard', 'other'],
    ['spam reporter', 'hard', 'other'],
    ['invalid domain', 'hard', 'address'],
    ['no mail host', 'hard', 'address'],
    ['relay/access denied', 'soft', 'other'],
    ['greylisted', 'soft', 'other'],
    ['typofix', 'hard', 'address'],
    ['bad or empty template', 'hard', 'other'],
    ['error in template language', 'hard', 'other'],
    ['sender blocked', 'soft', 'other'],
    ['content blocked', 'soft', 'other'],
    ['policy issue', 'soft', 'other'],
    ['spam preblocked', 'soft', 'other'],
    ['system issue', 'soft', 'other'],
    ['protocol issue', 'soft', 'other'],
    ['connection issue', 'soft', 'other'],
    ['preblocked', 'soft', 'mailbox'],
    ['an error of tomorrow', 'soft', 'other'],
  ])('says of the error "%s" that it is %s and about the %s', async (error, kind, about) => {
    expect(await one({ event: 'blocked', error })).toMatchObject({
      type: 'rejected',
      class: kind,
      about,
    })
  })

  it('believes Mailjet about a bounce whether it is for good', async () => {
    expect(await one({ error: 'user unknown', hard_bounce: false })).toMatchObject({
      type: 'bounced',
      class: 'soft',
      about: 'address',
    })
    expect(await one({ error: 'quota exceeded', hard_bounce: true })).toMatchObject({
      class: 'hard',
      about: 'mailbox',
    })
  })

  it('takes greylisting for a delay, unless Mailjet gave up', async () => {
    const delayed = await one({ error: 'greylisted', hard_bounce: false })
    expect(delayed).toMatchObject({ type: 'deferred' })
    expect(delayed).not.toHaveProperty('class')
    expect(await one({ error: 'greylisted', hard_bounce: true })).toMatchObject({
      type: 'bounced',
      class: 'hard',
      about: 'other',
    })
  })

  it('does not take a dropped copy for a refusal: the first one went out', async () => {
    expect(await one({ event: 'blocked', error: 'duplicate in campaign' })).toMatchObject({
      type: 'unknown',
      word: 'blocked',
    })
  })

  it('goes by what the receiving server said where Mailjet names no error it knows', async () => {
    const comment = '550 5.1.1 <bob@example.com>: Recipient address rejected'
    expect(await one({ error: '', hard_bounce: true, comment })).toMatchObject({
      class: 'hard',
      about: 'address',
      status: '5.1.1',
    })
    expect(await one({ error: '', comment: '452 4.2.2 over quota' })).toMatchObject({
      class: 'soft',
      about: 'mailbox',
    })
    expect(await one({ error: '', hard_bounce: true, comment: '554 5.7.1 no' })).toMatchObject({
      class: 'hard',
      about: 'other',
    })
  })

  it('finds our id in the payload, else in the CustomID', async () => {
    const id = 't4x2k1a2b3c4d.17.2'
    expect((await one({ Payload: id, CustomID: 'other' }))?.ourId).toBe(id)
    expect((await one({ Payload: '', CustomID: id }))?.ourId).toBe(id)
    expect(await one({ Payload: '', CustomID: '' })).not.toHaveProperty('ourId')
  })

  it('gives an event one id however often it comes, and another one to another event', async () => {
    const id = async (fields: object) =>
      (await one({ event: 'click', MessageID: 5, url: 'https://a.example', ...fields }))
        ?.providerEventId
    expect(await id({})).toBe(await id({ geo: 'FR' }))
    const others = [
      await id({}),
      await id({ url: 'https://b.example' }),
      await id({ time: 5 }),
      await id({ MessageID: 6 }),
      await id({ ip: '198.51.100.1' }),
      await id({ agent: 'x' }),
    ]
    expect(new Set(others).size).toBe(6)
  })

  it('refuses who shows neither the secret nor the password', async () => {
    const auth = { webhookAuth: { user: 'mailjet', password: 'correct horse battery' } }
    const show = (login: string) => ({
      authorization: `Basic ${Buffer.from(login).toString('base64')}`,
    })
    const outside = { hasSecret: false }
    expect(await read('[]', outside)).toMatchObject({ refused: 401 })
    expect(await read('[]', outside, auth, show('mailjet:wrong horse battery'))).toMatchObject({
      refused: 401,
    })
    expect(await read('[]', outside, {}, show('undefined:undefined'))).toMatchObject({
      refused: 401,
    })
    expect(await read('[]', outside, auth, show('mailjet:correct horse battery'))).toEqual({
      events: [],
    })
    expect(await read('[]', { hasSecret: true }, auth)).toEqual({ events: [] })
  })

  it.each([
    '',
    '{',
    'null',
    '5',
    '"open"',
    '[5]',
    '[{"event":"open"},{}]',
    '{"event":["open"]}',
    '[[{"event":"open"}]]',
  ])('refuses %s whole', async (body) => {
    expect(await read(body)).toMatchObject({ refused: 400 })
  })

  it('reads 10,000 events in one request', async () => {
    const list = Array.from({ length: 10_000 }, (_, index) => ({
      event: 'open',
      time: 1_433_103_519,
      MessageID: index + 1,
    }))
    const all = await events(JSON.stringify(list))
    expect(new Set(all.map(({ providerEventId }) => providerEventId)).size).toBe(10_000)
  })
})

/** What is said beside the report itself. */
function summary(event: DeliveryEvent | undefined) {
  const said = Object.entries(event ?? {}).filter(
    ([name]) => name !== 'raw' && name !== 'providerEventId',
  )
  return { ...Object.fromEntries(said), at: new Date(event?.at ?? 0).toISOString() }
}
