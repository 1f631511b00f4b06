import { afterEach, describe, expect, it, vi } from 'vitest'
import type { WebhookReading } from '../../../integrations/mailshot/transport.ts'
import {
  mandrill,
  type MandrillOptions,
} from '../../../integrations/mailshot/transports/mandrill.ts'
import { eventFixture } from '../event-fixture.ts'
import { sign } from '../mandrill-server.ts'

const url = 'https://example.org/mailshot/webhooks/mandrill/secret?a=b'
const keys = { webhookKeys: ['first-key', 'second-key'] }

afterEach(() => vi.unstubAllEnvs())

interface Posted {
  fields?: Record<string, string>
  /** What the signature is made with. */
  key?: string
  signedUrl?: string
  signature?: string
  options?: MandrillOptions
}

async function reading(events: string, posted: Posted = {}): Promise<WebhookReading | undefined> {
  const { fields = {}, key = 'first-key', signedUrl = url, options = keys } = posted
  const form = new URLSearchParams({ mandrill_events: events, ...fields })
  const signature = posted.signature ?? sign(key, signedUrl, form)
  const headers = { 'X-Mandrill-Signature': signature }
  const request = new Request(url, { method: 'POST', body: form, headers })
  return mandrill(options).readEvents?.(request, { hasSecret: true })
}

const unsigned = { refused: 401 }
const hard = { type: 'bounced', class: 'hard' }
const soft = { type: 'bounced', class: 'soft' }

describe('events of mandrill()', () => {
  it.each([
    ['send', { type: 'unknown', word: 'send' }],
    ['send-answered', { type: 'delivered', word: 'send' }],
    ['delivered', { type: 'delivered', word: 'delivered' }],
    ['deferral', { type: 'deferred', word: 'deferral', status: '4.3.5' }],
    ['hard-bounce', { ...hard, about: 'address', word: 'hard_bounce', status: '5.1.1' }],
    ['hard-bounce-domain', { ...hard, about: 'address' }],
    ['soft-bounce', { ...soft, about: 'mailbox', word: 'soft_bounce', status: '5.2.2' }],
    ['soft-bounce-spam', { ...soft, about: 'other', status: '5.7.1' }],
    ['auto-reply', { type: 'unknown', word: 'soft_bounce' }],
    ['open', { type: 'opened', ip: '198.51.100.23', userAgent: expect.stringContaining('Post') }],
    ['open-robot', { type: 'opened', isMachine: true }],
    ['click', { type: 'clicked', url: 'https://example.org/programme?page=2' }],
    ['spam', { type: 'complained', word: 'spam' }],
    ['unsub', { type: 'unsubscribed', word: 'unsub' }],
    ['reject-hard-bounce', { type: 'rejected', class: 'hard', about: 'mailbox' }],
    ['reject-unsub', { type: 'rejected', class: 'hard', about: 'other', reason: 'unsub' }],
  ])('reads %s', async (name, expected) => {
    const text = eventFixture('mandrill', name)
    expect(await reading(text)).toEqual({
      events: [
        expect.objectContaining({
          ...expected,
          at: 1_763_632_700_000,
          recipient: 'Reader@example.com',
          messageId: '7761629a5f3b4f0c8e2d1a6b9c0d1e2f',
          ourId: 't9x3k21a2b3c4d.42.0',
          raw: JSON.parse(text)[0],
        }),
      ],
    })
  })

  it('gives no event an id, for Mandrill’s is the message’s', async () => {
    const read = await reading(eventFixture('mandrill', 'delivered'))
    expect(JSON.stringify(read)).not.toContain('providerEventId')
  })

  it('keeps changes of Mandrill’s own lists, and mails that came in, as unknown', async () => {
    expect(await reading(eventFixture('mandrill', 'sync-blacklist'))).toMatchObject({
      events: [{ type: 'unknown', word: 'blacklist add', recipient: 'Reader@example.com' }],
    })
    expect(await reading(eventFixture('mandrill', 'sync-whitelist'))).toMatchObject({
      events: [{ type: 'unknown', word: 'whitelist add', recipient: 'Reader@example.com' }],
    })
    expect(await reading(eventFixture('mandrill', 'inbound'))).toMatchObject({
      events: [{ type: 'unknown', word: 'inbound' }],
    })
  })

  it('reads a thousand events in one batch', async () => {
    const [event] = JSON.parse(eventFixture('mandrill', 'delivered'))
    const read = await reading(JSON.stringify(Array.from({ length: 1000 }, () => event)))
    expect(read && 'events' in read && read.events).toHaveLength(1000)
  })

  it.each([
    ['no JSON', '[{'],
    ['no list', '{}'],
    ['an event that is none', '[1]'],
    ['nothing', ''],
  ])('refuses %s, though it is signed', async (_what, text) => {
    expect(await reading(text)).toMatchObject({ refused: 400 })
  })
})

describe('signatures of mandrill()', () => {
  const events = eventFixture('mandrill', 'delivered')

  it('agrees with a signature that was made elsewhere', async () => {
    // echo -n "<address>mandrill_events[]" | openssl dgst -sha1 -hmac first-key -binary | base64
    const signature = 'q8Oks/kDc1s4i2E/z6erMzmR6lg='
    expect(await reading('[]', { signature })).toEqual({ events: [] })
  })

  it('takes each of several keys, so that one can be replaced', async () => {
    expect(await reading(events, { key: 'first-key' })).toMatchObject({ events: [{}] })
    expect(await reading(events, { key: 'second-key' })).toMatchObject({ events: [{}] })
    expect(await reading(events, { key: 'third-key' })).toMatchObject(unsigned)
  })

  it('takes the keys from the environment', async () => {
    vi.stubEnv('MANDRILL_WEBHOOK_KEYS', 'one-key, other-key')
    expect(await reading(events, { key: 'other-key', options: {} })).toMatchObject({ events: [{}] })
  })

  it('signs all fields in the order of their names', async () => {
    const fields = { zebra: 'z', alpha: 'a b&c' }
    expect(await reading(events, { fields })).toMatchObject({ events: [{}] })
    const form = new URLSearchParams({ mandrill_events: events })
    const signature = sign('first-key', url, form)
    expect(await reading(events, { fields, signature })).toMatchObject(unsigned)
  })

  it('believes nobody by the secret of the address alone', async () => {
    expect(await reading(events, { signature: '' })).toMatchObject(unsigned)
    expect(await reading(events, { options: {}, key: 'any' })).toEqual({
      refused: 401,
      reason: 'not signed by Mandrill; no key is set: MANDRILL_WEBHOOK_KEYS',
    })
  })

  it('reads nothing of what comes without a signature', async () => {
    const request = new Request(url, { method: 'POST', body: 'mandrill_events=[]' })
    expect(await mandrill(keys).readEvents?.(request, { hasSecret: true })).toMatchObject(unsigned)
    expect(request.bodyUsed).toBe(false)
  })

  it('refuses a form of millions of fields without reading them one by one', async () => {
    const headers = { 'X-Mandrill-Signature': 'c2lnbmF0dXJl' }
    const request = new Request(url, { method: 'POST', body: 'a&'.repeat(4_000_000), headers })
    expect(await mandrill(keys).readEvents?.(request, { hasSecret: true })).toMatchObject(unsigned)
  })

  it('refuses another address, a changed event, and a cut signature', async () => {
    expect(await reading(events, { signedUrl: `${url}/` })).toMatchObject(unsigned)
    const form = new URLSearchParams({ mandrill_events: events })
    const signature = sign('first-key', url, form)
    expect(await reading(events.replace('Reader', 'Other'), { signature })).toMatchObject(unsigned)
    const cut = signature.slice(0, -2)
    expect(await reading(events, { signature: cut })).toMatchObject(unsigned)
  })

  it('takes the trial of a new address, before there is a key, for nothing but an empty list', async () => {
    const trial = { key: 'test-webhook', options: {} }
    expect(await reading('[]', trial)).toEqual({ events: [] })
    expect(await reading(events, trial)).toMatchObject(unsigned)
    expect(await reading('[]', { ...trial, fields: { more: '1' } })).toMatchObject(unsigned)
  })
})
