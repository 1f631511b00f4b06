import { sql } from 'drizzle-orm/sql'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { listSends, startSend } from '../../integrations/mailshot/send.ts'
import { markdown } from '../campaign-folder.ts'
import { answerApi, apiClient, apiRequest } from '../api-server.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { startFixture } from '../start-fixture.ts'
import { snapshotOf } from './snapshot.ts'

describe('a time that POST api/sends takes', () => {
  test('is one that can be written as a date, in the campaign too', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const snapshot = await snapshotOf()
    const dated = (at: number) => ({
      ...snapshot,
      campaign: { ...snapshot.campaign, send: { at } },
    })

    const answers = await Promise.all([
      call('POST', 'sends', dated(9e15)),
      call('POST', 'sends', dated(8.64e15)),
      call('POST', 'sends', dated(-1)),
      call('POST', 'sends', { ...snapshot, at: 8.64e15 }),
      call('POST', 'sends', { ...snapshot, at: '9999-12-31T23:59:59-01:00' }),
    ])

    expect(answers.map(({ status }) => status)).toEqual([422, 422, 422, 422, 422])
    expect(await listSends(mailshot)).toEqual([])
  })

  test('may be the last that a date of four digits says', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)

    const at = '9999-12-31T23:59:59Z'
    const response = await call('POST', 'sends', { ...(await snapshotOf()), at })

    expect(await response.json()).toMatchObject({
      send: { scheduledAt: '9999-12-31T23:59:59.000Z' },
    })
  })

  test.each([9e15, -1, 1.5, Number.NaN])('is not %s, whoever starts the send', async (at) => {
    const mailshot = await openTestMailshot()
    await expect(startFixture(mailshot, 'hello', { at })).rejects.toThrow(
      `campaign hello: ${at} is no time to send it at; give a date between 1970 and 9999`,
    )
  })
})

describe('a page of the archive that POST api/sends takes', () => {
  test.each([
    [
      'goes through a range',
      'cannot be merged: ranges are not part of it',
      [
        ...['a', 'b', 'c'].map((x) => ({ tag: `for ${x} in (1..999)` })),
        'x',
        ...['a', 'b', 'c'].map(() => ({ tag: 'endfor' })),
      ],
    ],
    [
      'goes round without end',
      'cannot be merged: its loops go round more than 10000 times',
      [
        { tag: `assign all = "${'x,'.repeat(999)}x" | split: ","` },
        ...['a', 'b', 'c'].map((x) => ({ tag: `for ${x} in all` })),
        ...['a', 'b', 'c'].map(() => ({ tag: 'endfor' })),
      ],
    ],
    [
      'assigns a range',
      '{% assign all = (1..99999) %} cannot be read: ranges are not part of it',
      [{ tag: 'assign all = (1..99999)' }],
    ],
    [
      'merges what the site does not know',
      'unknown merge field "shoe_size"',
      [{ output: 'shoe_size', escape: 'html' }],
    ],
  ])('is none that %s', async (_what, why, html) => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const { campaign, ...rest } = await snapshotOf()
    const pages = { fr: { kind: 'content', html } }

    const response = await call('POST', 'sends', { ...rest, campaign: { ...campaign, pages } })

    const { error } = Object(await response.json())
    expect(response.status).toBe(422)
    expect(error.message).toContain(`campaign.pages.fr.html: ${why}`)
  })

  test('may be without the condition and the assignment that its layout has around it', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const layout =
      '<mjml><mj-body><mj-section><mj-column><mj-text>' +
      '{% assign town = city | default: "Pau" %}{% if city %}{{ content }}{% endif %}' +
      '<a href="{{ url_unsubscribe }}">x</a></mj-text></mj-column></mj-section></mj-body></mjml>'
    const snapshot = await snapshotOf({
      'june.md': markdown('À {{ town }}, {{ city }}', 'layout: town'),
      'june.txt': 'À vous. {{ url_unsubscribe }}\n',
      'layouts/town.mjml': layout,
    })

    const response = await call('POST', 'sends', snapshot)

    expect([response.status, Object(await response.json()).error]).toEqual([201, undefined])
  })
})

describe('lists that are named twice', () => {
  test('count once, in the order of their first place', async () => {
    const mailshot = await openTestMailshot()
    const { call } = await apiClient(mailshot)
    const snapshot = await snapshotOf()
    const lists = ['product', 'weekly', 'product']

    const first = await call('POST', 'sends', { ...snapshot, lists })
    const second = await call('POST', 'sends', { ...snapshot, lists: ['product', 'weekly'] })

    expect([first.status, second.status]).toEqual([201, 200])
    expect((await listSends(mailshot)).map((send) => send.lists)).toEqual([['product', 'weekly']])
  })

  test('count once in a campaign too', async () => {
    const mailshot = await openTestMailshot()
    const { campaign } = await snapshotOf()
    const start = (lists: string[]) =>
      startSend(mailshot, { ...campaign, lists }, [], { actor: 'test' })

    const { send } = await start(['weekly', 'weekly'])

    expect(send.lists).toEqual(['weekly'])
    expect((await start(['weekly'])).send.id).toBe(send.id)
  })
})

describe('a fault of the site itself', () => {
  test('is answered as JSON that tells nothing of it, and logged', async () => {
    const lines: string[] = []
    const log = pino({}, { write: (line: string) => void lines.push(line) })
    const mailshot = { ...(await openTestMailshot()), log }
    const { token } = await apiClient(mailshot)
    await mailshot.db.write(sql`ALTER TABLE sends RENAME TO lost`)

    const response = await answerApi(mailshot, apiRequest('GET', 'sends', { token }))

    expect(response.status).toBe(500)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await response.json()).toEqual({
      error: {
        code: 'internal',
        message: 'the site could not answer because of a fault of its own; its log says why',
      },
    })
    expect(lines.join('')).toContain('no such table: sends')
    expect(lines.join('')).not.toContain(token)
  })
})
