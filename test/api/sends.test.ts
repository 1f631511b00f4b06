import { sql } from 'drizzle-orm/sql'
import { describe, expect, test } from 'vitest'
import { createApiToken, revokeApiToken } from '../../integrations/mailshot/api-token.ts'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { listSends } from '../../integrations/mailshot/send.ts'
import { readSnapshot } from '../../integrations/mailshot/send/media.ts'
import { pausePerson } from '../../integrations/mailshot/subscriber/pause.ts'
import { memory } from '../../integrations/mailshot/transports/memory.ts'
import { answerApi, apiClient, apiRequest } from '../api-server.ts'
import { markdown } from '../campaign-folder.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'
import { snapshotOf, snapshotWithImage } from './snapshot.ts'

describe('tokens of the API', () => {
  test('are asked for, and the answer says how to get one', async () => {
    const mailshot = await openTestMailshot()

    const response = await answerApi(mailshot, apiRequest('GET', 'sends'))

    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="mailshot"')
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      error: {
        code: 'unauthorized',
        message:
          'the token is missing: send Authorization: Bearer mailshot_…; make one with: mailshot token create <name> --scope send',
      },
    })
  })

  test('are refused when nobody made them, without being repeated', async () => {
    const mailshot = await openTestMailshot()
    const token = `mailshot_${'x'.repeat(43)}`

    const response = await answerApi(mailshot, apiRequest('GET', 'sends', { token }))

    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain(token)
  })

  test('are refused once they are revoked', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot, ['send'], 'old')
    await revokeApiToken(mailshot, 'old', 'test')

    expect(await outcomeOf(call('GET', 'sends'))).toEqual([401, 'unauthorized'])
  })

  test('are refused in another scheme than Bearer', async () => {
    const mailshot = await openTestMailshot()
    const { token } = await createApiToken(mailshot, { name: 'ci', scopes: ['send'], actor: 'me' })
    const headers = { authorization: `Basic ${token}` }

    expect(await outcomeOf(answerApi(mailshot, apiRequest('GET', 'sends', { headers })))).toEqual([
      401,
      'unauthorized',
    ])
  })

  test('may look with the scope read, and start nothing', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot, ['read'], 'dashboard')

    const refused = await call('POST', 'sends', await snapshotOf())

    expect((await call('GET', 'sends')).status).toBe(200)
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toContain('insufficient_scope')
    expect(await refused.json()).toEqual({
      error: {
        code: 'forbidden',
        message:
          'token dashboard may not do this: it needs the scope "send"; make another: mailshot token create <name> --scope send',
      },
    })
    expect(await listSends(mailshot)).toEqual([])
  })

  test('may do nothing with sends when they are about people', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot, ['people'])

    expect(await outcomeOf(call('GET', 'sends'))).toEqual([403, 'forbidden'])
  })
})

describe('POST api/audience', () => {
  test('counts whom a send would mail then, and says what is wrong with its condition', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 3)
    await addReaders(mailshot, 2, { from: 4, lang: 'en' })
    const { call } = await apiClient(mailshot)
    const asked = { slug: 'june', hash: 'h', lists: ['weekly'] }

    await pausePerson(mailshot, { subscriberId: 1, day: '2026-11-30' })
    const counted = await call('POST', 'audience', { ...asked, segment: 'lang = fr' })
    const later = await call('POST', 'audience', { ...asked, at: Date.UTC(2026, 11, 1) })
    const wrong = await call('POST', 'audience', { ...asked, exclude: ['wekly'] })

    expect(await counted.json()).toEqual({ readers: 2, paused: 1, of: 5 })
    expect(await later.json()).toEqual({ readers: 5, paused: 0, of: 5 })
    expect([wrong.status, await wrong.json()]).toMatchObject([
      422,
      { error: { message: expect.stringContaining('did you mean "weekly"?') } },
    ])
  })

  test('is not answered to a token that may only look, since a condition can be about one person', async () => {
    const { call } = await apiClient(await openTestMailshot(), ['read'])

    expect(await outcomeOf(call('POST', 'audience', {}))).toEqual([403, 'forbidden'])
  })
})

describe('POST api/sends', () => {
  test('starts a campaign with the condition that it was compiled with, or another', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const snapshot = await snapshotOf()
    const campaign = { ...snapshot.campaign, segment: 'lang = fr', exclude: ['list = product'] }

    const own = await call('POST', 'sends', { ...snapshot, campaign })
    const wrong = await call('POST', 'sends', { ...snapshot, campaign, segment: 'cty = Lyon' })

    expect(await own.json()).toMatchObject({
      send: { segment: 'lang = fr', exclude: ['list = product'] },
    })
    expect([wrong.status, await wrong.json()]).toMatchObject([
      422,
      { error: { message: expect.stringContaining('unknown field "cty"') } },
    ])
  })

  test('starts a campaign and answers its send', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const snapshot = await snapshotOf()

    const response = await call('POST', 'sends', { ...snapshot, commit: 'c0ffee1' })

    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({
      created: true,
      send: {
        slug: 'june',
        status: 'scheduled',
        commit: 'c0ffee1',
        contentHash: snapshot.campaign.hash,
        lists: ['weekly'],
        scheduledAt: '2026-11-22T12:00:00.000Z',
      },
    })
  })

  test('keeps the campaign as it was posted, and mails it', async () => {
    const transport = memory()
    const mailshot = await openTestMailshot({ transport })
    await addReaders(mailshot, 2)
    const { call } = await apiClient(mailshot)
    const snapshot = await snapshotOf()

    await call('POST', 'sends', snapshot)
    await deliver(mailshot, { untilDone: true })

    const [send] = await listSends(mailshot)
    expect(await readSnapshot(mailshot, send?.snapshot ?? '')).toEqual(snapshot.campaign)
    const subjects = transport.messages.filter(({ campaign }) => campaign).map(({ html }) => html)
    expect(subjects.map((html) => /Bonjour (Reader \d)/.exec(html)?.[1])).toEqual([
      'Reader 1',
      'Reader 2',
    ])
  })

  test('answers 200 and the same send to the same trigger', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const snapshot = await snapshotOf()

    const first = await call('POST', 'sends', snapshot)
    const second = await call('POST', 'sends', snapshot)

    expect([first.status, second.status]).toEqual([201, 200])
    const [made, found] = [await first.json(), await second.json()]
    expect(found).toEqual({ ...made, created: false })
  })

  test('makes one send of twenty triggers at once', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 3)
    const { call } = await apiClient(mailshot)
    const snapshot = await snapshotWithImage()

    const posts = Array.from({ length: 20 }, () => call('POST', 'sends', snapshot))
    const statuses = (await Promise.all(posts)).map(({ status }) => status)

    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.filter((status) => status === 200)).toHaveLength(19)
    const [send, ...others] = await listSends(mailshot)
    expect(others).toEqual([])
    expect(await findAudit(mailshot, `send:${send?.id}`)).toHaveLength(1)
  })

  test('notes the token in the audit', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot, ['send'], 'github')

    await call('POST', 'sends', await snapshotOf())

    const [send] = await listSends(mailshot)
    expect(await findAudit(mailshot, `send:${send?.id}`)).toMatchObject([
      { action: 'start', actor: 'api:github' },
    ])
  })

  test('takes lists, a time and one address', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 1, { list: 'product' })
    const { call } = await apiClient(mailshot)
    const options = { lists: ['product'], at: '2026-12-01T09:00:00+01:00' }

    const one = { ...options, onlyTo: 'READER1@example.net' }
    const response = await call('POST', 'sends', { ...(await snapshotOf()), ...one })

    expect(await response.json()).toMatchObject({
      send: {
        lists: ['product'],
        scheduledAt: '2026-12-01T08:00:00.000Z',
        onlyTo: 'reader1@example.net',
      },
    })
  })

  test('takes a time in milliseconds', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const at = Date.UTC(2026, 11, 1, 8)

    const response = await call('POST', 'sends', { ...(await snapshotOf()), at })

    expect(await response.json()).toMatchObject({
      send: { scheduledAt: '2026-12-01T08:00:00.000Z' },
    })
  })

  test('stores the images, which the next campaign need not bring', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const snapshot = await snapshotWithImage()
    const { media, ...bare } = snapshot
    const without = { ...bare, media: [] }

    expect(await outcomeOf(call('POST', 'sends', without))).toEqual([422, 'invalid'])
    expect((await call('POST', 'sends', snapshot)).status).toBe(201)
    expect((await call('POST', 'sends', without)).status).toBe(200)

    const [stored] = await mailshot.db.all<{ type: string; bytes: ArrayBuffer }>(
      sql`SELECT type, bytes FROM media`,
    )
    expect(stored?.type).toBe('image/png')
    expect(Buffer.from(stored?.bytes ?? new ArrayBuffer()).toString('base64')).toBe(media[0]?.bytes)
  })

  test('says by a code that a campaign was sent before', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2)
    const { call } = await apiClient(mailshot)
    await call('POST', 'sends', await snapshotOf())
    await deliver(mailshot, { untilDone: true })
    const edited = await snapshotOf({ 'june.md': markdown('# Bonsoir') })

    const refused = await call('POST', 'sends', edited)
    const again = await call('POST', 'sends', { ...edited, audience: 'again' })

    expect(refused.status).toBe(409)
    expect(await refused.json()).toEqual({
      error: {
        code: 'sent-before',
        message: expect.stringContaining('--again sends this to those who did not get it'),
      },
    })
    expect(again.status).toBe(201)
  })

  test('says by a code that another send of the campaign is open', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    await call('POST', 'sends', await snapshotOf())
    const edited = await snapshotOf({ 'june.md': markdown('# Bonsoir') })

    expect(await outcomeOf(call('POST', 'sends', edited))).toEqual([409, 'send-open'])
  })

  test('replaces a send that has not started', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    await call('POST', 'sends', { ...(await snapshotOf()), at: '2026-12-01T09:00:00Z' })
    const [planned] = await listSends(mailshot)
    const edited = await snapshotOf({ 'june.md': markdown('# Bonsoir') })

    const response = await call('POST', 'sends', { ...edited, replaces: planned?.id })

    expect(response.status).toBe(201)
    expect((await listSends(mailshot)).map(({ status }) => status).toSorted()).toEqual([
      'cancelled',
      'scheduled',
    ])
  })

  test('names the list that is not known', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)

    const response = await call('POST', 'sends', { ...(await snapshotOf()), lists: ['weeky'] })

    expect(response.status).toBe(422)
    expect(await response.json()).toEqual({
      error: {
        code: 'unknown-list',
        message:
          'campaign june: list "weeky" is not in mailshot.config.ts (known: weekly, product)',
      },
    })
  })

  test('says when nothing is sent from the database', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const held = { ...mailshot, held: 'the config says hold' }
    const { token } = await createApiToken(held, { name: 'other', scopes: ['send'], actor: 'me' })

    const body = await snapshotOf()
    const response = await answerApi(held, apiRequest('POST', 'sends', { token, body }))

    expect(await response.json()).toMatchObject({ created: true, held: 'the config says hold' })
    expect(await (await call('GET', 'sends')).json()).not.toHaveProperty('held')
  })
})

describe('GET api/sends', () => {
  test('lists the sends, newest first, or those of one campaign', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot, ['read'])
    await startFixture(mailshot, 'hello')
    mailshot.clock.advance(1000)
    await startFixture(mailshot, 'bilingual')

    const all = await (await call('GET', 'sends')).json()
    const some = await (await call('GET', 'sends?slug=hello')).json()
    const none = await (await call('GET', 'sends?slug=nothing')).json()

    expect(slugsOf(all)).toEqual(['bilingual', 'hello'])
    expect(slugsOf(some)).toEqual(['hello'])
    expect(none).toEqual({ sends: [] })
  })

  test('has no body for HEAD', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)

    const response = await call('HEAD', 'sends')

    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  test('allows no other method', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)

    const response = await call('DELETE', 'sends')

    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD, POST')
  })
})

describe('GET api/sends/<id or slug>', () => {
  test('answers one send by either name', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot, ['read'])
    const { send } = await startFixture(mailshot, 'hello')

    const byId = await (await call('GET', `sends/${send.id}`)).json()
    const bySlug = await (await call('GET', 'sends/hello')).json()

    expect(byId).toMatchObject({ send: { id: send.id, slug: 'hello' } })
    expect(bySlug).toEqual(byId)
  })

  test('answers 404 for what was never sent', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)

    expect(await outcomeOf(call('GET', 'sends/nothing'))).toEqual([404, 'no-send'])
  })

  test('allows no other method', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)

    const response = await call('POST', 'sends/hello')

    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD')
  })
})

async function outcomeOf(answer: Promise<Response>): Promise<[number, unknown]> {
  const response = await answer
  const { error } = Object(await response.json())
  return [response.status, error?.code]
}

function slugsOf(body: unknown): unknown[] {
  return Object(body).sends.map((send: { slug: string }) => send.slug)
}
