import { describe, expect, test } from 'vitest'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { readSend } from '../../integrations/mailshot/send.ts'
import { answerApi, apiClient, apiRequest } from '../api-server.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

describe('POST api/sends/<id>/<action>', () => {
  test('pauses a send, and notes who did it', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot, ['send'], 'dashboard')
    const { send } = await startFixture(mailshot, 'hello')

    const response = await call('POST', `sends/${send.id}/pause`)

    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      send: { id: send.id, status: 'paused', reason: 'operator' },
    })
    expect((await findAudit(mailshot, `send:${send.id}`)).at(-1)).toMatchObject({
      actor: 'api:dashboard',
      action: 'pause',
    })
  })

  test('keeps the reason of a pause', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const { send } = await startFixture(mailshot, 'hello')

    const response = await call('POST', `sends/${send.id}/pause`, { reason: 'a wrong price' })

    expect(await response.json()).toMatchObject({ send: { reason: 'operator: a wrong price' } })
  })

  test('resumes a send', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const { send } = await startFixture(mailshot, 'hello')
    await call('POST', `sends/${send.id}/pause`)

    const response = await call('POST', `sends/${send.id}/resume`, {})

    expect(await response.json()).toMatchObject({ send: { status: 'scheduled', reason: null } })
  })

  test('cancels a send by its slug, with a reason', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const { send } = await startFixture(mailshot, 'hello')

    const response = await call('POST', 'sends/hello/cancel', { reason: 'wrong picture' })

    expect(await response.json()).toMatchObject({
      send: { id: send.id, status: 'cancelled', reason: 'by api:ci: wrong picture' },
    })
  })

  test('answers the same when it is repeated', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const { send } = await startFixture(mailshot, 'hello')
    await call('POST', `sends/${send.id}/cancel`)

    const again = await call('POST', `sends/${send.id}/cancel`)

    expect(again.status).toBe(200)
    expect(await findAudit(mailshot, `send:${send.id}`)).toHaveLength(2)
  })

  test('answers 409 for a send that has ended', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 1)
    const { call } = await apiClient(mailshot)
    const { send } = await startFixture(mailshot, 'hello')
    await deliver(mailshot, { untilDone: true })

    const response = await call('POST', `sends/${send.id}/pause`)

    expect(response.status).toBe(409)
    expect(await response.json()).toEqual({
      error: {
        code: 'send-ended',
        message: `send ${send.id} is done, so it cannot be paused`,
      },
    })
  })

  test('answers 404 for no send, and for no action', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const { send } = await startFixture(mailshot, 'hello')

    const noSend = await call('POST', 'sends/nothing/pause')
    const noAction = await call('POST', `sends/${send.id}/constructor`)

    expect([noSend.status, noAction.status]).toEqual([404, 404])
    expect(await noAction.json()).toMatchObject({
      error: {
        code: 'not-found',
        message:
          'a send cannot be told to "constructor"; it knows pause, resume, cancel, settle, resend, archive, trash, restore',
      },
    })
  })

  test('does nothing for GET', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const { send } = await startFixture(mailshot, 'hello')

    const response = await call('GET', `sends/${send.id}/cancel`)

    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'scheduled' })
  })

  test('does nothing for a body that it does not understand', async () => {
    const mailshot = await openTestMailshot()
    const { call, token } = await apiClient(mailshot)
    const { send } = await startFixture(mailshot, 'hello')
    const path = `sends/${send.id}/cancel`
    const form = { 'content-type': 'application/x-www-form-urlencoded' }

    const unknown = await call('POST', path, { reson: 'typo' })
    const long = await call('POST', path, { reason: 'x'.repeat(501) })
    const posted = apiRequest('POST', path, { token, body: 'reason=x', headers: form })
    const wrongType = await answerApi(mailshot, posted)

    expect([unknown.status, long.status, wrongType.status]).toEqual([422, 422, 415])
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'scheduled' })
  })

  test('asks for a token that may send', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot, ['read'])
    const { send } = await startFixture(mailshot, 'hello')

    expect((await call('POST', `sends/${send.id}/cancel`)).status).toBe(403)
    expect(await readSend(mailshot, send.id)).toMatchObject({ status: 'scheduled' })
  })
})
