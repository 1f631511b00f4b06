import { once } from 'node:events'
import { connect } from 'node:net'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { createClient } from '@libsql/client'
import { describe, expect, it } from 'vitest'
import { prepareSite, spawnServer, startBuiltSite } from '../built-site.ts'

describe('the built server', () => {
  it('says what is missing and ends, when it has no secret', async () => {
    const site = await prepareSite({ env: { MAILSHOT_SECRET: '' } })
    await site.mailshot('init')
    const server = spawnServer(site.env)
    expect(await server.ended).toBe(1)
    expect(server.log()).toMatch(/^mailshot: MAILSHOT_SECRET: .* is missing; "mailshot init"/m)
    expect(server.log()).not.toContain(' at ')
  })

  it('never makes a missing database, but says how to', async () => {
    const site = await prepareSite()
    const server = spawnServer(site.env)
    expect(await server.ended).toBe(1)
    expect(server.log()).toMatch(/there is no database; create it once with "mailshot init"/)
  })

  it('says which port is taken, and ends without sending', async () => {
    const site = await startBuiltSite()
    const second = spawnServer(site.env)
    expect(await second.ended).toBe(1)
    expect(second.log()).toMatch(/^mailshot: the site cannot listen \(.*EADDRINUSE/m)
    expect(second.log()).not.toContain('the sender is running')
  })

  it('says which setting is wrong, without a stack', async () => {
    const site = await prepareSite()
    await site.mailshot('init')
    const wrong = [{ MAILSHOT_PACE: 'lots' }, { SMTP_TLS: 'foo' }, { PORT: 'abc' }]
    const servers = wrong.map((env) => spawnServer({ ...site.env, ...env }))
    expect(await Promise.all(servers.map(({ ended }) => ended))).toEqual([1, 1, 1])
    for (const server of servers) {
      expect(server.log()).toMatch(/^mailshot: /m)
      expect(server.log()).not.toMatch(/\n +at /)
    }
  })

  it('ends cleanly when npm is told to', async () => {
    const site = await prepareSite()
    await site.mailshot('init')
    const server = spawnServer(site.env, 'npm')
    await server.listening
    await server.stop()
    await expect(fetch(`${site.url}/mailshot/health`)).rejects.toThrow('fetch failed')
  })

  it('serves its pages, but sends nothing, from the database of another site', async () => {
    const site = await startBuiltSite({
      prepare: async ({ mailshot }) => {
        await mailshot('subscribers', 'add', 'a@example.org', '--list', 'weekly', '--confirmed')
        await mailshot('send', '2026-10-automne', '--yes')
      },
    })
    const stage = spawnServer({ ...site.env, SITE_URL: 'https://staging.example.org', PORT: '0' })
    await stage.listening
    expect(await stage.stop()).toBe(0)
    expect(stage.log()).toMatch(/"held":"the database belongs to http:\/\/127/)
    expect(stage.log()).not.toContain('the sender is running')
  })

  it('tells a monitor how it is', async () => {
    const site = await startBuiltSite()
    const answer = await fetch(`${site.url}/mailshot/health`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ status: 'ok', database: 'ok', sender: 'running' })
  })

  it('leaves the sending to others where it is told to', async () => {
    const site = await startBuiltSite({ env: { MAILSHOT_SENDER: 'off' } })
    const answer = await fetch(`${site.url}/mailshot/health`)
    expect(await answer.json()).toMatchObject({ status: 'ok', sender: 'off' })
  })

  it('ends with 0 at SIGTERM while idle connections are open', async () => {
    const site = await startBuiltSite()
    const socket = connect(Number(new URL(site.url).port), '127.0.0.1')
    await once(socket, 'connect')
    const closed = once(socket, 'close')
    expect(await site.stop()).toBe(0)
    await closed
  })
})

describe('a route of the built site', () => {
  it('helps whoever comes with a link that nobody can read', async () => {
    const { url } = await startBuiltSite()
    const ends = ['/cut%', '/cut%ff', '/cut%A0', '/cut%E0%A4%A', '%2Fcut', '%252Fcut', '/cut%0D%0A']
    const others = ['stay/cut', 'former/phplist?uid=0123456789abcdef0123456789abcdef']
    const paths = [...ends.map((end) => `unsubscribe${end}`), ...others]
    const answers = await Promise.all(paths.map((path) => get(`${url}/mailshot/${path}`)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404))
    for (const { text: page } of answers) expect(page).toContain('href="/mailshot/links?')
  })

  it('says what to do while the database is locked or broken, and keeps the reader waiting for seconds only', async () => {
    const site = await startBuiltSite()
    // The sender of the site writes now and then: the lock is waited for.
    const url = site.env['MAILSHOT_DATABASE_URL'] ?? ''
    const client = createClient({ url, timeout: 5000, concurrency: 1 })
    const body = new URLSearchParams({ email: 'a@example.org', list: 'weekly' })
    const post = () =>
      fetch(`${site.url}/mailshot/subscribe`, {
        method: 'POST',
        headers: { origin: site.url, accept: 'text/html' },
        body,
      })
    const writing = await client.transaction('write')
    const locked = await post()
    await writing.rollback()
    expect(locked.status).toBe(503)
    expect(locked.headers.get('retry-after')).toBe('60')
    expect(await locked.text()).toMatch(/<h1>[^]*<\/html>/)
    expect((await post()).ok).toBe(true)

    await client.execute('ALTER TABLE subscriptions RENAME TO gone')
    const broken = await post()
    expect(broken.status).toBe(503)
    expect(broken.headers.get('cache-control')).toBe('no-store')
    expect(await broken.text()).toMatch(/<h1>[^]*<\/html>/)
    client.close()
  })

  it('has no TRACE', async () => {
    const { url } = await startBuiltSite()
    const answer = await get(`${url}/mailshot/health`, 'TRACE')
    expect(answer.status).toBe(405)
  })

  it('limits sign-ups by the address that a declared proxy says, whatever the client had written before', async () => {
    const { url } = await startBuiltSite({ env: { SITE_PROXIES: '127.0.0.1' } })
    const post = (number: number) =>
      fetch(`${url}/mailshot/subscribe`, {
        method: 'POST',
        headers: { origin: url, 'x-forwarded-for': `203.0.113.${number}, 198.51.100.7` },
        body: new URLSearchParams({ email: `a${number}@example.org`, list: 'weekly' }),
        redirect: 'manual',
      })
    const answers = await Promise.all(Array.from({ length: 22 }, (_, index) => post(index)))
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 303), 429, 429])
  })

  it('refuses a form of another site, and of none', async () => {
    const { url } = await startBuiltSite()
    const post = (headers: Record<string, string>) =>
      fetch(`${url}/mailshot/subscribe`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: 'email=a@example.org&list=weekly',
        redirect: 'manual',
      })
    const foreign = await post({ origin: 'https://evil.example' })
    expect(foreign.status).toBe(403)
    expect(await foreign.text()).toContain(url)
    expect((await post({})).status).toBe(403)
    expect((await post({ origin: 'null' })).status).toBe(403)
    expect((await post({ origin: url })).status).toBe(303)
  })

  it('names the methods it has', async () => {
    const { url } = await startBuiltSite()
    const answer = await fetch(`${url}/mailshot/health`, { method: 'DELETE' })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('GET, HEAD')
  })
})

/** A request with exactly this address, which `fetch` would mend. */
async function get(url: string, method = 'GET'): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(url)
  const path = url.slice(url.indexOf('/', 'http://'.length))
  const sent = request({ hostname, port, path, method }).end()
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, text: await text(response) }
}
