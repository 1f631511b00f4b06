import { describe, expect, test } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import { apiClient } from '../api-server.ts'
import { mixedSend, reader } from '../mixed-send.ts'

describe('POST api/sends/<id>/settle', () => {
  test('settles those who are named, and notes who said so', async () => {
    const { mailshot, send } = await mixedSend()
    const { call } = await apiClient(mailshot, ['send'], 'dashboard')

    const body = { as: 'sent', addresses: ['Reader3@example.net'], reason: 'seen in the log' }
    const response = await call('POST', 'sends/hello/settle', body)

    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      settled: 1,
      already: 0,
      send: { id: send.id, sent: 3, uncertain: 0 },
    })
    expect((await findAudit(mailshot, `send:${send.id}`)).at(-1)).toMatchObject({
      actor: 'api:dashboard',
      action: 'settle',
      detail: { as: 'sent', count: 1, reason: 'seen in the log' },
    })
  })

  test('answers what is wrong with who is named', async () => {
    const { mailshot } = await mixedSend()
    const { call } = await apiClient(mailshot)
    const settle = (...addresses: string[]) =>
      call('POST', 'sends/hello/settle', { as: 'sent', addresses })

    const unknown = await settle(reader(9))
    const failed = await settle(reader(2))
    const none = await settle('reader3')

    expect([unknown.status, failed.status, none.status]).toEqual([422, 409, 422])
    expect(await unknown.json()).toMatchObject({ error: { code: 'no-recipient' } })
    expect(await failed.json()).toMatchObject({ error: { code: 'wrong-status' } })
    expect(await none.json()).toMatchObject({
      error: { code: 'invalid', message: expect.stringContaining('"reader3" is not an e-mail') },
    })
  })

  test('does nothing for a body that it does not understand', async () => {
    const { mailshot, send } = await mixedSend()
    const { call } = await apiClient(mailshot)
    const settle = async (body: unknown) => (await call('POST', 'sends/hello/settle', body)).status

    const both = await settle({ as: 'sent', all: true, addresses: [reader(3)] })
    const neither = await settle({ as: 'sent' })
    const skipped = await settle({ as: 'skipped', all: true })

    expect([both, neither, skipped]).toEqual([422, 422, 422])
    expect(await readSend(mailshot, send.id)).toMatchObject({ uncertain: 1 })
  })

  test('asks for a token that may send', async () => {
    const { mailshot, send } = await mixedSend()
    const { call } = await apiClient(mailshot, ['read', 'people'])
    const settled = await call('POST', 'sends/hello/settle', { as: 'sent', all: true })
    const resent = await call('POST', 'sends/hello/resend', { statuses: ['failed'] })
    expect([settled.status, resent.status]).toEqual([403, 403])
    expect(await readSend(mailshot, send.id)).toEqual(send)
  })
})

describe('POST api/sends/<id>/resend', () => {
  test('counts first, then mails them once more', async () => {
    const { mailshot, send } = await mixedSend()
    const { call } = await apiClient(mailshot)
    const body = { statuses: ['failed', 'uncertain'] }

    const planned = await call('POST', 'sends/hello/resend', { ...body, dryRun: true })
    expect(await readSend(mailshot, send.id)).toEqual(send)
    const resent = await call('POST', 'sends/hello/resend', { ...body, asOf: mailshot.now() })

    expect(await planned.json()).toMatchObject({ failed: 1, uncertain: 1, asOf: mailshot.now() })
    expect(await resent.json()).toMatchObject({
      resent: 2,
      send: { status: 'running', remaining: 2 },
    })
  })

  test('answers 409 where it may not be', async () => {
    const { mailshot } = await mixedSend()
    const { call } = await apiClient(mailshot)
    const got = await call('POST', 'sends/hello/resend', { addresses: [reader(1)] })
    expect(got.status).toBe(409)
    expect(await got.json()).toMatchObject({ error: { code: 'wrong-status' } })
  })

  test('refuses to mail all who got it once more', async () => {
    const { mailshot, send } = await mixedSend()
    const { call } = await apiClient(mailshot)
    const all = await call('POST', 'sends/hello/resend', { statuses: ['sent'] })
    const again = await call('POST', 'sends/hello/resend', { statuses: ['failed'], again: true })
    expect([all.status, again.status]).toEqual([422, 422])
    expect(await readSend(mailshot, send.id)).toEqual(send)
  })
})

describe('GET api/sends/<id>/recipients', () => {
  test('lists them by state, address and page', async () => {
    const { mailshot } = await mixedSend()
    const { call } = await apiClient(mailshot, ['people'])
    const list = async (query: string) =>
      (await call('GET', `sends/hello/recipients${query}`)).json()

    const sent = await list('?status=sent')
    const rest = await list('?after=3')
    const one = await list(`?email=${encodeURIComponent('READER2@example.net')}`)

    expect(sent).toMatchObject({ recipients: [{ email: reader(1) }, { email: reader(4) }] })
    expect(rest).toMatchObject({ recipients: [{ email: reader(4) }] })
    expect(one).toMatchObject({ recipients: [{ email: reader(2), status: 'failed', history: [] }] })
  })

  test('says which question it does not understand', async () => {
    const { mailshot } = await mixedSend()
    const { call } = await apiClient(mailshot, ['people'])
    const list = async (query: string) =>
      (await call('GET', `sends/hello/recipients${query}`)).status
    expect([await list('?status=gone'), await list('?email=zoe'), await list('?after=x')]).toEqual([
      422, 422, 422,
    ])
  })

  test('asks for a token that may read people, and knows no POST', async () => {
    const { mailshot } = await mixedSend()
    const job = await apiClient(mailshot, ['send'], 'job')
    const desk = await apiClient(mailshot, ['people'], 'desk')

    const refused = await job.call('GET', 'sends/hello/recipients')
    const posted = await desk.call('POST', 'sends/hello/recipients')

    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({
      error: {
        code: 'forbidden',
        message:
          'token job may not do this: it needs the scope "people"; make another: mailshot token create <name> --scope people',
      },
    })
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})
