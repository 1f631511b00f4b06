import { sql } from 'drizzle-orm/sql'
import { describe, expect, test } from 'vitest'
import { countAttempt } from '../../integrations/mailshot/abuse/limit.ts'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { confirm, subscribe } from '../../integrations/mailshot/subscriber.ts'
import { apiClient } from '../api-server.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { confirmationToken, lettersOf, recordOf } from '../subscriber/zoe.ts'

describe('POST api/subscribe', () => {
  test('mails a confirmation also for a list that needs none, and keeps the words beside the box', async () => {
    const { mailshot, call } = await open()
    const response = await call('POST', 'subscribe', ticked)

    expect(response.status).toBe(202)
    expect(await response.json()).toEqual({ status: 'asked' })
    expect(await recordOf(mailshot)).toMatchObject({
      lang: 'en',
      subscriptions: [{ list: 'open', status: 'pending' }],
      consents: [
        { list: 'field:terms', wording: 'I agree', source: 'api', confirmedAt: null },
        {
          list: 'open',
          form: 'registration',
          ip: '192.0.2.0',
          wording:
            'I would also like to get “Open” by email.\nEvery email has a link to unsubscribe with one click.',
        },
      ],
    })
    expect((await recordOf(mailshot))?.history).toMatchObject([{ actor: 'api:ci', action: 'ask' }])
    await confirm(mailshot, await confirmationToken(mailshot))
    expect(await recordOf(mailshot)).toMatchObject({
      attributes: { city: 'Lyon', terms: true },
      subscriptions: [{ status: 'active' }],
    })
  })

  test('is one ask when it is sent twice, and answers alike, in the same time, whatever is known', async () => {
    const { mailshot, call } = await open()
    const answer = async () => {
      const before = mailshot.now()
      const response = await call('POST', 'subscribe', ticked)
      return [response.status, await response.text(), mailshot.now() - before]
    }
    const unknown = await answer()
    const again = await answer()
    await subscribe(mailshot, { ...ticked, consent: { source: 'command' }, confirmed: true })
    expect([again, await answer()]).toEqual([unknown, unknown])
    expect(await lettersOf(mailshot, 'confirmation')).toHaveLength(1)
  })

  test('says what is wrong with the request', async () => {
    const { call } = await open()
    const errorOf = async (change: Record<string, unknown>) => {
      const response = await call('POST', 'subscribe', { ...ticked, ...change })
      return [response.status, (await response.json()).error]
    }
    expect(await errorOf({ email: 'zoe@' })).toEqual([
      422,
      { code: 'invalid', message: '"zoe@" is not an e-mail address' },
    ])
    expect(await errorOf({ lists: ['nothing'] })).toEqual([
      422,
      { code: 'unknown-list', message: 'there is no list "nothing"' },
    ])
    expect(await errorOf({ attributes: { plan: 'gold' } })).toMatchObject([
      422,
      { message: 'plan: there is no such field' },
    ])
    expect(await errorOf({ confirmed: true })).toMatchObject([422, { code: 'invalid' }])
    expect(await errorOf({ lists: ['staff'] })).toMatchObject([
      422,
      {
        message:
          'wording: is missing; "staff" is no public list, so send the words beside your box',
      },
    ])
  })

  test('demands what forms require, and keeps a consent however it is said', async () => {
    const { mailshot, call } = await open({
      city: { form: 'required' },
      terms: { type: 'consent', label: 'I agree', form: 'required' },
    })
    const asking = (attributes: unknown) => call('POST', 'subscribe', { ...ticked, attributes })
    const refused = await asking({ city: ' ', terms: false })
    expect(refused.status).toBe(422)
    expect((await refused.json()).error.message).toBe(
      "city: is missing, which forms require (form: 'required' in mailshot.config.ts); " +
        "terms: is not agreed to, which forms require (form: 'required' in mailshot.config.ts)",
    )
    expect(await recordOf(mailshot)).toBeUndefined()
    expect((await asking({ city: 'Lyon', terms: 'yes' })).status).toBe(202)
    await confirm(mailshot, await confirmationToken(mailshot))
    expect(await recordOf(mailshot)).toMatchObject({
      attributes: { terms: true },
      consents: [{ list: 'field:terms' }, { list: 'open' }],
    })
  })

  test('refuses, or notes, an address for throw-away mail as the settings say', async () => {
    const email = 'zoe@mailinator.com'
    const strict = await open(own, { disposable: 'refuse' })
    const refused = await strict.call('POST', 'subscribe', { ...ticked, email })
    expect(refused.status).toBe(422)
    expect((await refused.json()).error.message).toContain('throw-away')
    const { mailshot, call } = await open()
    expect((await call('POST', 'subscribe', { ...ticked, email })).status).toBe(202)
    const flags = await mailshot.db.all(sql`SELECT 1 FROM audit WHERE action = 'flag'`)
    expect(flags).toHaveLength(1)
  })

  test('says when to ask again where that is too often, and leaves our own forms open', async () => {
    const limits = { address: '1/hour', site: '3/hour' }
    const { mailshot, call } = await open({}, { limits })
    const ask = (email: string) => call('POST', 'subscribe', { ...ticked, attributes: {}, email })
    expect((await ask('zoe@example.org')).status).toBe(202)
    const again = await ask('zoe@example.org')
    expect(again.status).toBe(429)
    expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(3500)
    expect((await again.json()).error).toMatchObject({ code: 'too-many' })
    expect((await ask('ana@example.org')).status).toBe(202)
    expect((await ask('bob@example.org')).status).toBe(429)
    const request = new Request('https://example.org/mailshot/subscribe')
    expect(await countAttempt(mailshot, { request, emails: ['eve@example.org'] })).toBeUndefined()
  })

  test('needs a token that may do this, which may do nothing else', async () => {
    const { mailshot, call } = await open()
    const reader = await apiClient(mailshot, ['read', 'send', 'people'], 'reader')
    expect((await reader.call('POST', 'subscribe', ticked)).status).toBe(403)
    expect((await call('GET', 'sends')).status).toBe(403)
    expect((await call('GET', 'subscribe')).status).toBe(405)
  })
})

const ticked = {
  email: 'Zoe@Example.org',
  lists: ['open'],
  lang: 'en',
  form: 'registration',
  ip: '192.0.2.77',
  attributes: { city: 'Lyon', terms: true },
}

async function open(fields: MailshotConfigInput['fields'] = own, abuse = {}) {
  const mailshot = await openTestMailshot({
    lists: {
      weekly: { title: 'Weekly' },
      open: { title: 'Open', doubleOptIn: false },
      staff: { title: 'Staff', public: false },
    },
    fields,
    abuse,
  })
  return { mailshot, call: (await apiClient(mailshot, ['subscribe'])).call }
}

const own: MailshotConfigInput['fields'] = {
  city: {},
  terms: { type: 'consent', label: 'I agree' },
}
