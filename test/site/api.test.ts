import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { startBuiltSite } from '../built-site.ts'

describe('the API of the built site', () => {
  it('answers programs in JSON, whatever they ask for', async () => {
    const { ask } = await startWithToken()

    const list = await ask('GET', 'sends')
    const head = await ask('HEAD', 'sends')
    const none = await ask('GET', 'sends/nothing')
    const noAction = await ask('POST', 'sends/nothing/start')
    const noToken = await ask('GET', 'sends', { headers: { authorization: '' } })
    const people = await ask('GET', 'sends/nothing/recipients')
    const purge = await ask('POST', 'purge', { body: '{}' })

    const answers = [list, head, none, noAction, noToken, people, purge]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404, 401, 403, 403])
    expect(list.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(list.headers.get('cache-control')).toBe('no-store')
    expect(await list.json()).toEqual({ sends: [] })
    expect(await head.text()).toBe('')
    expect(await none.json()).toMatchObject({ error: { code: 'no-send' } })
  })

  it('says which methods an address has', async () => {
    const { ask } = await startWithToken()

    const answers = await Promise.all([
      ask('DELETE', 'sends'),
      ask('PUT', 'sends/some'),
      ask('GET', 'sends/some/pause'),
    ])

    expect(answers.map(({ status }) => status)).toEqual([405, 405, 405])
    expect(answers.map(({ headers }) => headers.get('allow'))).toEqual([
      'GET, HEAD, POST',
      'GET, HEAD',
      'POST',
    ])
    expect(await Promise.all(answers.map((one) => one.json()))).toMatchObject([
      { error: { code: 'wrong-method', message: expect.stringContaining('GET, HEAD, POST') } },
      { error: { code: 'wrong-method' } },
      { error: { code: 'wrong-method' } },
    ])
  })

  it('says in JSON too that there is nothing at an address', async () => {
    const { ask } = await startWithToken()

    const answers = await Promise.all([
      ask('GET', 'nope'),
      ask('POST', 'sends/some/pause/now', { body: '{}' }),
      ask('GET', ''),
    ])

    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404])
    expect(await Promise.all(answers.map((one) => one.json()))).toMatchObject([
      { error: { code: 'not-found', message: expect.stringContaining('/mailshot/api/nope') } },
      { error: { code: 'not-found' } },
      { error: { code: 'not-found' } },
    ])
  })

  it('takes bodies of 32 MB and no more, from programs without an Origin', async () => {
    const { ask } = await startWithToken()
    const headers = { 'content-type': 'application/json' }
    const wide = (megabytes: number) => `"${'x'.repeat(megabytes * 1024 * 1024 - 2)}"`

    const taken = await ask('POST', 'sends', { headers, body: wide(32) })
    const refused = await ask('POST', 'sends', { headers, body: wide(33) })

    expect([taken.status, refused.status]).toEqual([422, 413])
    expect(await refused.json()).toMatchObject({ error: { code: 'too-large' } })
  })
})

async function startWithToken() {
  const site = await startBuiltSite()
  const [made] = await site.json('token', 'create', 'ci', '--scope', 'send')
  const { token } = z.object({ token: z.string() }).parse(made)
  const ask = (method: string, path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${token}`, ...Object(init.headers) }
    return fetch(`${site.url}/mailshot/api/${path}`, { ...init, method, headers })
  }
  return { site, ask }
}
