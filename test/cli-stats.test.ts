import { sql } from 'drizzle-orm/sql'
import { describe, expect, test, vi } from 'vitest'
import { sendView } from '../integrations/mailshot/cli/send-view.ts'
import { serverDesk } from '../integrations/mailshot/cli/send-desk/server.ts'
import { recordEvents } from '../integrations/mailshot/event.ts'
import { readStatistics } from '../integrations/mailshot/send/statistics.ts'
import { apiClient, startApiServer } from './api-server.ts'
import { recordingTerminal } from './cli/recording-terminal.ts'
import { openSite } from './run-mailshot.ts'
import { eventOf, sentTo } from './sent-mails.ts'
import { agree } from './tracking/tracked-send.ts'

/** A send that has ended, a click on it, and a later send. */
async function open() {
  const { mailshot, mails, sendId } = await sentTo(2, { tracking: { individual: true } })
  const click = { type: 'clicked', url: 'https://a.example/', at: mailshot.now() } as const
  await agree(mailshot, true)
  await recordEvents(mailshot, 'relay', [
    eventOf({ ...click, ourId: mails[0].ourId }),
    eventOf({ type: 'opened', at: mailshot.now(), isMachine: true, ourId: mails[1].ourId }),
  ])
  await mailshot.db.write(
    sql`UPDATE sends SET status = 'done', finished_at = 1000, sent = 2 WHERE id = ${sendId}`,
    sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status, created_at, scheduled_at, started_at)
      SELECT 's2', 'july', 'h2', snapshot, lists, 'k2', audience, 'done', created_at + 1, scheduled_at, started_at + 1 FROM sends`,
  )
  const env = { MAILSHOT_DATABASE_URL: mailshot.config.database }
  return { mailshot, sendId, site: openSite('site', env) }
}

describe('mailshot stats, purge and sends', () => {
  test('tell what came of a send, delete its details, and keep what was counted', async () => {
    const { sendId, site } = await open()
    const [[stats], table, [plan]] = await Promise.all([
      site.json('stats', 'june'),
      site.mailshot('stats', 'june'),
      site.json('purge', '--months', '2', '--dry-run'),
    ])
    expect(stats).toMatchObject({
      send: sendId,
      clicked: { count: 1, machine: 0, people: 1 },
      opened: { count: 0, machine: 1, people: 0 },
      links: [{ url: 'https://a.example/', clicks: 1 }],
    })
    expect(table.out).toContain('clicked     once, 1 people by name; 0 more by machines')
    expect(table.out).toContain('https://a.example/')
    expect(plan).toMatchObject({ id: sendId, recipients: 2, events: 2, isTrash: false })

    expect(await site.json('purge', '--months', '2')).toEqual([
      { sends: 1, recipients: 2, events: 2, people: 0 },
    ])
    const [after] = await site.json('stats', 'june')
    expect(after).toEqual({ ...Object(stats), purgedAt: expect.any(String) })
  })

  test('put a send in the trash and take it back, and take back a consent', async () => {
    const { site, mailshot } = await open()
    await site.mailshot('sends', 'trash', 'june')
    const [kept, trash] = await Promise.all([site.json('sends'), site.json('sends', '--trash')])
    expect([kept, trash]).toMatchObject([[{ slug: 'july' }], [{ slug: 'june' }]])
    const [restored, untracked, wrong] = await Promise.all([
      site.json('sends', 'restore', 'june'),
      site.json('subscribers', 'untrack', 'reader1@example.net'),
      site.mailshot('purge', '--months', 'many'),
    ])
    expect(restored).toMatchObject([{ slug: 'june', trashedAt: null }])
    expect(untracked).toEqual([{ email: 'Reader1@example.net', changed: true }])
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('--months many') })
    expect(await mailshot.db.all(sql`SELECT email FROM events WHERE type = 'clicked'`)).toEqual([
      { email: null },
    ])
  })

  test('do the same at a running site', async () => {
    const { mailshot, sendId } = await open()
    const { url } = await startApiServer(mailshot)
    const [keeper, looker] = await Promise.all([
      apiClient(mailshot, ['people', 'read'], 'keeper'),
      apiClient(mailshot, ['read', 'send'], 'looker'),
    ])
    const before = await readStatistics(mailshot, 'june')
    // Without a database of its own.
    const site = openSite('site', { MAILSHOT_TOKEN: keeper.token })
    const [[stats], [purged]] = await Promise.all([
      site.json('stats', 'june', '--server', url),
      site.json('purge', '--months', '2', '--dry-run', '--server', url),
    ])
    expect(stats).toEqual(before)
    expect(purged).toMatchObject({ id: sendId, recipients: 2, events: 2 })

    vi.stubEnv('MAILSHOT_TOKEN', keeper.token)
    const desk = serverDesk(mailshot.config, url, recordingTerminal())
    const { signal } = new AbortController()
    expect(await desk.purge(2, signal)).toEqual({ sends: 1, recipients: 2, events: 2, people: 0 })
    expect(await desk.purge(2, signal)).toEqual({ sends: 0, recipients: 0, events: 0, people: 0 })
    expect(await desk.stats('june')).toEqual({ ...before, purgedAt: expect.any(String) })
    expect(await desk.putAway('archive', 'july')).toMatchObject({ purgedAt: expect.any(Number) })
    await desk.putAway('trash', 'june')
    const slugs = async (sends: Promise<{ slug: string }[]>) =>
      (await sends).map(({ slug }) => slug)
    expect([await slugs(desk.list()), await slugs(desk.listTrash())]).toEqual([['july'], ['june']])
    const [states] = (await desk.listTrash()).map(sendView(mailshot.config).cells)
    expect(states).toContain('done, archived, in the trash')
    expect(await desk.putAway('restore', 'june')).toMatchObject({ trashedAt: null })

    vi.stubEnv('MAILSHOT_TOKEN', looker.token)
    const other = serverDesk(mailshot.config, url, recordingTerminal())
    await expect(other.purge(2, signal)).rejects.toThrow(/needs the scope "people"/)
    await expect(other.putAway('archive', 'june')).rejects.toThrow(/needs the scope "people"/)
    vi.unstubAllEnvs()
    const actors = await mailshot.db.all(
      sql`SELECT DISTINCT actor FROM audit WHERE action IN ('purge', 'trash')`,
    )
    expect(actors).toEqual([{ actor: 'api:keeper' }])
  })
})
