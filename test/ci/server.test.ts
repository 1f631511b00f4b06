import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import type { Mailshot } from '../../integrations/mailshot/mailshot.ts'
import { listSends } from '../../integrations/mailshot/send.ts'
import { apiClient, startApiServer } from '../api-server.ts'
import { openTestMailshot, type TestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'
import { openSite } from '../run-mailshot.ts'
import { startFixture } from '../start-fixture.ts'

const slug = '2026-06-launch'

describe('mailshot send --server', () => {
  test('starts a campaign on the running site, and opens no database here', async () => {
    const { site, server, mailshot } = await openRemoteSite()
    await addReaders(mailshot, 3)

    const first = await site.mailshot('send', slug, '--yes', '--server', server.url)
    const second = await site.mailshot('send', slug, '--yes', '--server', server.url)
    await deliver(mailshot, { untilDone: true })

    expect([first.code, second.code]).toEqual([0, 0])
    expect(first.out).toMatch(/^started 2026-06-launch: send \w+\n$/)
    expect(second.out).toMatch(/^2026-06-launch was already started: send \w+ is scheduled\n$/)
    expect(await listSends(mailshot)).toMatchObject([{ slug, status: 'done', sent: 3 }])
    expect(existsSync(join(site.folder, 'mailshot.db'))).toBe(false)
  })

  test('asks for a yes where nobody can be asked, and says how many it reaches', async () => {
    const { site, server, mailshot } = await openRemoteSite()

    const { code, err } = await site.mailshot('send', slug, '--server', server.url)

    expect(code).toBe(1)
    expect(err).toContain('lists       weekly (Hebdo)\nto          0 readers\nwhen        now\n')
    expect(err).toContain(
      'send: it would go to 0 readers; add --yes to start it without a question',
    )
    expect(await listSends(mailshot)).toEqual([])
  })

  test('passes on why the site refuses it', async () => {
    const { site, server, mailshot } = await openRemoteSite()
    await startFixture(mailshot, 'hello', { as: slug })

    const { code, err } = await site.mailshot('send', slug, '--yes', '--server', server.url)

    expect(code).toBe(1)
    expect(err).toMatch(
      /of it is scheduled, with other content or readers; let it end, or cancel it/,
    )
  })

  test('ends with 2 when the site has failed', async () => {
    const { site, server } = await openRemoteSite()
    server.next.push(new Response('', { status: 500 }))

    const { code, err } = await site.mailshot('status', '--server', server.url)

    expect(code).toBe(2)
    expect(err).toBe(`mailshot: ${server.url}/mailshot/api/sends answers 500 (its log says why)\n`)
  })

  test('says that the site sends nothing', async () => {
    const { site, server } = await openRemoteSite({ held: 'the config says hold' })

    const { code, err } = await site.mailshot('send', slug, '--yes', '--server', server.url)

    expect(code).toBe(0)
    expect(err).toContain('Nothing is being sent: the config says hold\n')
  })

  test('takes no token as an argument', async () => {
    const { site, server } = await openRemoteSite()

    const { code, err } = await site.mailshot('status', '--server', server.url, '--token', 'x')

    expect(code).toBe(1)
    expect(err).toContain('there is no option --token')
  })
})

describe('mailshot status --server', () => {
  test('shows the sends of the site as it shows its own', async () => {
    const { site, server, mailshot } = await openRemoteSite()
    const { send } = await startFixture(mailshot, 'hello')

    const list = await site.mailshot('status', '--server', server.url)
    const [one] = await site.json('status', 'hello', '--server', server.url)

    expect(list.out).toContain(`${send.id}  hello     scheduled`)
    expect(one).toMatchObject({ id: send.id, slug: 'hello', status: 'scheduled' })
  })

  test('knows no send that the site does not know', async () => {
    const { site, server } = await openRemoteSite()

    const { code, err } = await site.mailshot('status', 'nothing', '--server', server.url)

    expect(code).toBe(1)
    expect(err).toContain('mailshot: there is no send "nothing"')
  })

  test('watches until the send has ended', async () => {
    const { site, server, mailshot } = await openRemoteSite()
    await addReaders(mailshot, 2)
    await startFixture(mailshot, 'hello')

    const watching = site.mailshot('status', 'hello', '--watch', '--server', server.url)
    while (server.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 20))
    await deliver(mailshot, { untilDone: true })
    const { code, out, err } = await watching

    expect(code).toBe(0)
    expect(err).toContain('hello: 2 of 2 (done)')
    expect(out).toContain('sent        2')
  })
})

describe('mailshot pause, resume and cancel --server', () => {
  test('steer the send on the site', async () => {
    const { site, server, mailshot } = await openRemoteSite()
    const { send } = await startFixture(mailshot, 'hello')
    const at = ['--server', server.url]

    const paused = await site.mailshot('pause', 'hello', ...at)
    const resumed = await site.mailshot('resume', send.id, ...at)
    const cancelled = await site.mailshot('cancel', 'hello', '--yes', ...at)

    expect([paused.out, resumed.out, cancelled.out]).toEqual([
      `hello (${send.id}) is paused\n`,
      `hello (${send.id}) is scheduled\n`,
      `hello (${send.id}) is cancelled\n`,
    ])
    expect(await listSends(mailshot)).toMatchObject([{ reason: 'by api:job' }])
  })
})

/** A running site, and a checkout elsewhere that has its token and no database. */
async function openRemoteSite(changed: Partial<Mailshot> = {}) {
  const mailshot: TestMailshot = { ...(await openTestMailshot()), ...changed }
  const { token } = await apiClient(mailshot, ['send'], 'job')
  const server = await startApiServer(mailshot)
  const site = openSite('site', { MAILSHOT_TOKEN: token, MAILSHOT_SECRET: undefined })
  return { mailshot, server, site }
}
