import { once } from 'node:events'
import { connect } from 'node:net'
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

  it('serves its pages, but sends nothing, from the database of another site', async () => {
    const site = await startBuiltSite({
      prepare: async ({ mailshot }) => {
        await mailshot('subscribers', 'add', 'a@example.org', '--list', 'weekly', '--confirmed')
        await mailshot('send', '2026-10-automne', '--yes')
      },
    })
    const stage = spawnServer({ ...site.env, SITE_URL: 'https://staging.example.org', PORT: '0' })
    await stage.listening
    expect(stage.log()).toMatch(/"held":"the database belongs to http:\/\/127/)
    await stage.stop()
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
    expect(await foreign.text()).toContain('so nothing was changed')
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
