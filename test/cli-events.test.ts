import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { events } from '../integrations/mailshot/cli/events.ts'
import { recordEvents } from '../integrations/mailshot/event.ts'
import { apiClient, startApiServer } from './api-server.ts'
import { recordingTerminal } from './cli/recording-terminal.ts'
import type { TestMailshot } from './open-test-mailshot.ts'
import { openSite } from './run-mailshot.ts'
import { eventOf, sentTo } from './sent-mails.ts'

/** A bounce, a report of an unknown mail, and a click, on a database that the command line reads. */
async function open() {
  const { mailshot, mails, sendId } = await sentTo(2)
  const at = Date.UTC(2026, 10, 22, 11, 30)
  const bounce = {
    type: 'bounced',
    at,
    messageId: mails[0].messageId,
    providerEventId: 'e1',
    class: 'hard',
    about: 'address',
    status: '5.1.1',
    reason: '550 5.1.1 no such user',
    raw: { event: 'bounce', id: 7 },
  } as const
  const unknown = eventOf({ type: 'delivered', at, recipient: 'Nobody@Example.com' })
  const click = eventOf({ type: 'clicked', at, ourId: mails[1].ourId, url: 'https://a.example/' })
  await recordEvents(mailshot, 'mailjet', [eventOf(bounce), unknown, click])
  const site = openSite('site', { MAILSHOT_DATABASE_URL: mailshot.config.database })
  return { mailshot, site, sendId, line: { ...bounceLine, messageId: bounce.messageId } }
}

const bounceLine = {
  transport: 'mailjet',
  type: 'bounced',
  recipient: 'reader1@example.net',
  at: '2026-11-22T11:30:00.000Z',
  providerEventId: 'e1',
  class: 'hard',
  status: '5.1.1',
  reason: '550 5.1.1 no such user',
  url: null,
  raw: { event: 'bounce', id: 7 },
  matched: true,
  matchedBy: 'message-id',
  word: 'bounced',
  send: 's1',
  campaign: 'june',
}

describe('mailshot events', () => {
  test('prints one event a line for programs, and a table for people', async () => {
    const { site, line } = await open()

    const [lines, table] = await Promise.all([site.json('events'), site.mailshot('events')])

    expect(lines).toHaveLength(3)
    expect(lines[0]).toEqual(line)
    expect(lines[1]).toEqual({
      transport: 'mailjet',
      type: 'delivered',
      recipient: 'nobody@example.com',
      at: '2026-11-22T11:30:00.000Z',
      messageId: null,
      providerEventId: null,
      class: null,
      status: null,
      reason: null,
      url: null,
      raw: null,
      matched: false,
      matchedBy: null,
      word: 'delivered',
      send: null,
      campaign: null,
    })
    expect(table.code).toBe(0)
    expect(table.out.replaceAll(/ {2,}/g, '  ').trimEnd().split('\n')).toEqual([
      'reported  event  address  campaign  by  status  what it says',
      '2026-11-22 12:30  bounced, hard  reader1@example.net  june  mailjet  5.1.1  550 5.1.1 no such user',
      '2026-11-22 12:30  delivered  nobody@example.com  (unmatched)  mailjet',
      '2026-11-22 12:30  clicked  june  mailjet  https://a.example/',
    ])
  })

  test('asks a running site for those of a send, about an address, or about no known mail', async () => {
    const { mailshot, sendId } = await open()
    const types = await askSite(mailshot)

    expect(await types('--send', sendId)).toEqual(['bounced', 'clicked'])
    expect(await types('--send', 'june', '--unmatched')).toEqual([])
    expect(await types('--recipient', 'READER1@example.net')).toEqual(['bounced'])
    expect(await types('--unmatched')).toEqual(['delivered'])
  })

  test('goes through as many as there are', async () => {
    const { mailshot } = await open()
    const many = Array.from({ length: 1200 }, (_, at) => eventOf({ at }))
    await recordEvents(mailshot, 'mailjet', many)
    const types = await askSite(mailshot)

    expect(await types()).toHaveLength(1203)
  })
})

describe('mailshot recipients', () => {
  test('says what was reported of each mail since', async () => {
    const { site } = await open()

    const { out } = await site.mailshot('recipients', 'june')

    expect(out).toMatch(/reader1@example\.net +sent, bounced, hard +1 /)
    expect(out).toMatch(/reader2@example\.net +sent +1 /)
  })
})

describe('GET api/events', () => {
  test('answers a page after an id, to who may see people', async () => {
    const { mailshot, line } = await open()
    const { call } = await apiClient(mailshot, ['people'])

    const [all, next] = await Promise.all(
      ['', '?after=1'].map((query) => call('GET', `events${query}`)),
    )

    expect(await all?.json()).toMatchObject({ events: [{ id: 1, ...line }, { id: 2 }, { id: 3 }] })
    expect(await next?.json()).toMatchObject({ events: [{ id: 2 }, { id: 3 }] })
    const { call: stranger } = await apiClient(mailshot, ['send'], 'ci-job')
    expect((await stranger('GET', 'events')).status).toBe(403)
  })

  test('says what is wrong with a question', async () => {
    const { mailshot } = await open()
    const { call } = await apiClient(mailshot, ['people'])
    const ask = async (query: string) => (await call('GET', `events?${query}`)).status

    expect(
      await Promise.all(['recipient=zoe', 'after=x', 'unmatched=maybe', 'send=none'].map(ask)),
    ).toEqual([422, 422, 422, 404])
  })
})

/** The command, run on the settings of a site without a database of its own; answers the types it printed. */
async function askSite(mailshot: TestMailshot) {
  const { url } = await startApiServer(mailshot)
  vi.stubEnv('MAILSHOT_TOKEN', (await apiClient(mailshot, ['people'])).token)
  const folder = process.cwd()
  const config = fileURLToPath(new URL('fixtures/site/mailshot.config.ts', import.meta.url))
  onTestFinished(() => {
    vi.unstubAllEnvs()
    // The command goes to the project of its settings.
    process.chdir(folder)
  })
  return async (...args: string[]) => {
    const terminal = recordingTerminal({ json: true })
    await events.run([...args, '--server', url, '--config', config], () => terminal)
    return terminal.out.map((line) => JSON.parse(line).type)
  }
}
