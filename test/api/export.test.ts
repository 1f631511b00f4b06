import { text as textOf } from 'node:stream/consumers'
import { describe, expect, test, vi } from 'vitest'
import { handleExport } from '../../integrations/mailshot/api/export.ts'
import { findAudit } from '../../integrations/mailshot/audit.ts'
import { exportOfSite, kindsOf } from '../../integrations/mailshot/cli/server/export.ts'
import { exportKinds } from '../../integrations/mailshot/export.ts'
import { apiClient, apiRequest, startApiServer } from '../api-server.ts'
import { exportText } from '../export/text.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'

const { signal } = new AbortController()

describe('GET api/export/<kind>', () => {
  test('gives all of it as of one moment, as the command line writes it of a site', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 1200)
    const { url } = await serve(mailshot)
    const given = new Map<string, string>()
    const all = exportOfSite(mailshot.config, url, { kind: 'all', format: 'jsonl', signal })
    for await (const one of kindsOf(all)) {
      given.set(one.kind, await textOf(one.text))
    }
    expect([...given.keys()]).toEqual([...exportKinds])
    for (const [kind, lines] of given) {
      const here = exportText(mailshot, { kind: kindNamed(kind), format: 'jsonl' })
      expect(lines).toBe((await Array.fromAsync(here)).join(''))
    }
    expect(await findAudit(mailshot, 'export:all')).toMatchObject([
      { actor: 'api:ci', action: 'export', detail: { format: 'jsonl' } },
    ])
  })

  test('gives the people of a list or a segment as CSV', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 1, { lang: 'fr' })
    await addReaders(mailshot, 1, { lang: 'en', from: 5 })
    const { call } = await apiClient(mailshot, ['export'])
    const answer = await call(
      'GET',
      'export/subscribers?format=csv&list=weekly&segment=lang+%3D+en',
    )
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect((await answer.text()).match(/Reader\d@/g)).toEqual(['Reader5@'])
  })

  test('is for tokens of its own scope, and says what is wrong with a request', async () => {
    const mailshot = await openTestMailshot()
    const others = await apiClient(mailshot, ['read', 'send', 'people', 'subscribe'], 'others')
    expect((await others.call('GET', 'export/subscribers')).status).toBe(403)
    const { call } = await apiClient(mailshot, ['export'])
    const wrong = ['subscriber', 'all?format=csv', 'sends?list=weekly', 'subscribers?list=weeky']
    const told = await Promise.all(
      [
        ...wrong,
        'subscribers?segment=city+is',
        'subscribers?segment=not+received+jully',
        'sends?format=xml',
      ].map(async (path) => {
        const answer = await call('GET', `export/${path}`)
        return `${answer.status} ${await answer.text()}`
      }),
    )
    expect(told).toEqual([
      expect.stringMatching(/^422 .*did you mean .*subscribers/),
      expect.stringMatching(/^422 .*all of it is JSON Lines alone/),
      expect.stringMatching(/^422 .*are about subscribers alone/),
      expect.stringMatching(/^422 .*list=weeky: did you mean .*weekly/),
      expect.stringMatching(/^422 .*segment: /),
      expect.stringMatching(/^422 .*segment: .*nothing was sent by that name/),
      expect.stringMatching(/^422 .*format=xml: it is one of csv, jsonl/),
    ])
    expect((await call('POST', 'export/all')).status).toBe(405)
  })

  test('cuts off a reader that takes nothing more', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 3000)
    const { token } = await apiClient(mailshot, ['export'])
    const request = apiRequest('GET', 'export/subscribers', { token })
    const reader = (await handleExport(mailshot, request, 'subscribers', 1)).body?.getReader()
    await reader?.read()
    await expect(reader?.closed).rejects.toThrow('took nothing for too long')
  })
})

describe('exportOfSite', () => {
  test('takes a broken connection, and what is not all, for no export', async () => {
    const mailshot = await openTestMailshot()
    const { url, next } = await serve(mailshot)
    const asked = { kind: 'all', format: 'jsonl', signal } as const
    const headers = { 'content-type': 'application/jsonl' }
    const heading = '{"mailshot":"suppressions","version":1}\n'
    const broken = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(heading)),
      pull: (controller) => controller.error(new Error('killed')),
    })
    next.push(new Response(broken, { headers }))
    await expect(textOf(exportOfSite(mailshot.config, url, asked))).rejects.toThrow(
      /cannot be reached/,
    )
    next.push(new Response(heading, { headers }))
    const read = async () => {
      for await (const kind of kindsOf(exportOfSite(mailshot.config, url, asked))) {
        await textOf(kind.text)
      }
    }
    await expect(read()).rejects.toThrow('the site has not sent all: lists, subscribers, ')
  })
})

async function serve(mailshot: Awaited<ReturnType<typeof openTestMailshot>>) {
  const { token } = await apiClient(mailshot, ['export'])
  vi.stubEnv('MAILSHOT_TOKEN', token)
  return startApiServer(mailshot)
}

function kindNamed(text: string) {
  const kind = exportKinds.find((one) => one === text)
  if (!kind) throw new Error(text)
  return kind
}
