import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { connectServer } from '../../integrations/mailshot/cli/server.ts'
import { type ApiServer, apiClient, startApiServer } from '../api-server.ts'
import { freePort } from '../free-port.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'

describe('connectServer', () => {
  test('asks the API with the token of the environment, whatever ends its line', async () => {
    const { server, ask } = await openServer()

    expect(await ask()).toEqual({ sends: [] })
    expect(server.requests).toEqual(['GET /mailshot/api/sends'])
  })

  test('asks below the path that the site has, with the slash that it wants', async () => {
    const { server, mailshot } = await openServer()
    server.next.push(Response.json({ sends: [] }))
    const config = { ...mailshot.config, trailingSlash: true }

    const ask = connectServer(config, `${server.url}/letters/`, { note: () => {} })
    await ask({ path: 'api/sends', query: '?slug=june' })

    expect(server.requests).toEqual(['GET /letters/mailshot/api/sends/?slug=june'])
  })

  test('tries again while the site is being deployed', async () => {
    const { server, ask, notes } = await openServer()
    server.next.push('hang up', new Response('nginx', { status: 502 }))

    expect(await ask([1, 2, 3])).toEqual({ sends: [] })

    expect(server.requests).toHaveLength(3)
    expect(notes).toEqual([
      `${server.url}/mailshot/api/sends cannot be reached (other side closed); check --server, and that the site runs; trying again in 0.001 s`,
      `${server.url}/mailshot/api/sends answers 502 (the site is down or starting); trying again in 0.002 s`,
    ])
  })

  test('gives up in the end, and says who did not answer', async () => {
    const { server, ask, notes } = await openServer()
    server.next.push(...[1, 2, 3].map(() => new Response('', { status: 503 })))

    await expect(ask([1, 1])).rejects.toThrow('answers 503 (the site is down or starting)')

    expect(notes).toHaveLength(2)
  })

  test('tries again where nothing listens', async () => {
    const { mailshot, notes, note } = await openServer()
    const url = `http://127.0.0.1:${await freePort()}`

    const ask = connectServer(mailshot.config, url, { note, waits: [1] })

    await expect(ask({ path: 'api/sends' })).rejects.toThrow(
      /^http:\S+\/mailshot\/api\/sends cannot be reached \(connect ECONNREFUSED/,
    )
    expect(notes).toHaveLength(1)
  })

  test('does not try again what the site itself has failed at', async () => {
    const { server, ask, notes } = await openServer()
    server.next.push(new Response('oh', { status: 500 }))

    await expect(ask([1])).rejects.toMatchObject({
      name: 'SiteFault',
      message: expect.stringContaining('answers 500 (its log says why)'),
    })
    expect(notes).toEqual([])
  })

  test('tries again when it is told to come later, as late as it is told', async () => {
    const { server, ask, notes } = await openServer()
    const headers = { 'retry-after': '1' }
    server.next.push(new Response('slow down', { status: 429, headers }))

    expect(await ask([1])).toEqual({ sends: [] })

    expect(notes).toEqual([
      `${server.url}/mailshot/api/sends answers 429 (it gets too many requests); trying again in 1 s`,
    ])
  })

  test('calls it a fault of the site when it is told to come later for ever', async () => {
    const { server, ask } = await openServer()
    server.next.push(...[408, 425, 429].map((status) => new Response('', { status })))

    await expect(ask()).rejects.toMatchObject({ name: 'SiteFault', isTemporary: true })
    await expect(ask()).rejects.toMatchObject({ name: 'SiteFault', isTemporary: true })
    await expect(ask()).rejects.toMatchObject({ name: 'SiteFault', isTemporary: true })
  })

  test('asks about the base where no mailshot is', async () => {
    const { server, ask } = await openServer()
    server.next.push(new Response('<!doctype html>', { status: 404 }))

    await expect(ask()).rejects.toThrow(
      `${server.url}/mailshot/api/sends answers 404: no mailshot is there; check --server, and that "base" in ` +
        'mailshot.config.ts is the same in the job and on the site',
    )
  })

  test('takes no page for an answer', async () => {
    const { server, ask } = await openServer()
    server.next.push(new Response('<!doctype html><h1>Hello</h1>'))

    await expect(ask()).rejects.toThrow("is not mailshot's API: it answers no JSON; check --server")
  })

  test('follows no redirect, since the token is for one address', async () => {
    const { server, ask } = await openServer()
    const headers = { location: 'https://elsewhere.example/mailshot/api/sends' }
    server.next.push(new Response(null, { status: 301, headers }))

    await expect(ask()).rejects.toThrow(
      'answers 301: it leads to https://elsewhere.example/mailshot/api/sends; give --server the address it leads to',
    )
    expect(server.requests).toHaveLength(1)
  })

  test('says what a proxy has to let through', async () => {
    const { server, ask } = await openServer()
    server.next.push(new Response('', { status: 413 }), new Response('', { status: 401 }))

    await expect(ask()).rejects.toThrow('let it take 32 MB (nginx: client_max_body_size 32m)')
    await expect(ask()).rejects.toThrow('something before the site (a proxy, a password) refuses')
  })

  test('passes a refusal on with its code', async () => {
    const { server, ask } = await openServer()
    const error = { code: 'sent-before', message: 'campaign june: it was already sent' }
    server.next.push(Response.json({ error }, { status: 409 }))

    await expect(ask()).rejects.toMatchObject({ name: 'MailshotError', ...error })
  })

  test('says what is wrong with the token, and never the token', async () => {
    const { server, mailshot } = await openServer()
    const wrong = `mailshot_${'x'.repeat(43)}`
    vi.stubEnv('MAILSHOT_TOKEN', wrong)

    const ask = connectServer(mailshot.config, server.url, { note: () => {} })
    const refusal = await ask({ path: 'api/sends' }).catch((error: unknown) => String(error))

    expect(refusal).toContain('MAILSHOT_TOKEN: the token is not valid')
    expect(refusal).not.toContain(wrong)
  })
})

describe('the address and the token of connectServer', () => {
  test('never let a token travel in clear beyond this machine', async () => {
    const { connect } = await openServer()

    expect(() => connect('http://example.org')).toThrow(
      '--server http://example.org: the token would travel in clear; write https://example.org',
    )
    expect(() => connect('http://127.0.0.1.example.org')).toThrow('in clear')
    expect(() => connect('http://localhost.example.org')).toThrow('in clear')
    expect(() => connect('http://localhost:4321')).not.toThrow()
    expect(() => connect('http://[::1]:4321')).not.toThrow()
    expect(() => connect('https://example.org/letters')).not.toThrow()
  })

  test('are an address, and nothing secret in it', async () => {
    const { connect } = await openServer()

    expect(() => connect('example.org')).toThrow(
      '--server example.org: that is no address; write it like https://example.org',
    )
    expect(() => connect('ftp://example.org')).toThrow('that is no address')
    expect(() => connect('https://ana:secret@example.org')).toThrow(
      "--server: write the site's address alone, https://example.org/; the token comes from MAILSHOT_TOKEN",
    )
  })

  test('are a token that was made, told without repeating it', async () => {
    const { connect } = await openServer()

    vi.stubEnv('MAILSHOT_TOKEN', '')
    expect(() => connect('https://example.org')).toThrow(
      'MAILSHOT_TOKEN: it is not set; make one where the site runs (mailshot token create ci --scope send), ' +
        'and hand it over as a secret of the job',
    )
    vi.stubEnv('MAILSHOT_TOKEN', '***')
    expect(() => connect('https://example.org')).toThrow(/^MAILSHOT_TOKEN: it is no token, which/)
  })
})

async function openServer() {
  const mailshot = await openTestMailshot()
  const { token } = await apiClient(mailshot, ['send'], 'job')
  vi.stubEnv('MAILSHOT_TOKEN', `${token}\n`)
  onTestFinished(() => void vi.unstubAllEnvs())
  const server: ApiServer = await startApiServer(mailshot)
  const notes: string[] = []
  const note = (text: string) => void notes.push(text)
  const connect = (address: string) => connectServer(mailshot.config, address, { note })
  const ask = (waits: number[] = []) =>
    connectServer(mailshot.config, server.url, { note, waits })({ path: 'api/sends' })
  return { mailshot, server, notes, note, connect, ask }
}
