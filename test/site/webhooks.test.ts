import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sql } from 'drizzle-orm/sql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { openMailshot } from '../../integrations/mailshot/mailshot.ts'
import { sendIdNumbers } from '../../integrations/mailshot/send/id.ts'
import { linkTo, signToken } from '../../integrations/mailshot/token.ts'
import { type BuiltSite, spawnServer, startBuiltSite } from '../built-site.ts'
import { freePort } from '../free-port.ts'
import { testConfig } from '../open-test-mailshot.ts'
import { signatureHeaders } from '../signed-events.ts'

describe('pixels and links of the built site', () => {
  it('count opens and clicks, write them at the latest when the server ends, and lead nowhere else', async () => {
    const site = await startBuiltSite()
    const { open, click } = await trackedLinks(site)
    const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0' }
    const get = (url: string, method = 'GET') => fetch(url, { method, headers, redirect: 'manual' })
    const answers = await Promise.all([get(open), get(click), get(`${click.slice(0, -4)}AAAA`)])
    expect(answers.map(({ status }) => status)).toEqual([200, 302, 404])
    expect(answers[0]?.headers.get('content-type')).toBe('image/gif')
    expect(answers[1]?.headers.get('location')).toBe('https://one.example/?a=1&b=2')
    expect((await get(open, 'HEAD')).headers.get('content-length')).toBe('42')

    await site.stop('SIGTERM')

    const events = await site.json('events')
    expect(events).toMatchObject([
      { type: 'opened', recipient: null, send: 'towk00deadbeef', raw: {} },
      { type: 'clicked', recipient: null, url: 'https://one.example/?a=1&b=2' },
    ])
    expect(await site.json('stats', 'june')).toMatchObject([{ campaign: 'june' }])
  })
})

/** Addresses that count for a send of this site. */
async function trackedLinks({ env, folder, url }: BuiltSite) {
  const { MAILSHOT_DATABASE_URL: database = '', MAILSHOT_SECRET: secret = '' } = env
  const mailshot = await openMailshot(testConfig({ site: url, database, secret }, folder))
  const compiled = JSON.stringify({ links: ['https://one.example/?a=1&b=2'] })
  await mailshot.db.write(
    sql`INSERT INTO snapshots (hash, slug, compiled, created_at) VALUES ('h', 'june', ${compiled}, 0)`,
    sql`INSERT INTO sends (id, slug, content_hash, snapshot, lists, trigger_key, audience, status, created_at, scheduled_at)
      VALUES ('towk00deadbeef', 'june', 'h', 'h', '[]', 'k', 'first', 'done', 0, 0)`,
  )
  await mailshot.close()
  const send = sendIdNumbers('towk00deadbeef') ?? []
  const address = (page: 'open' | 'click') =>
    linkTo(mailshot.config, page, signToken([secret], page, [...send, 0]))
  return { open: address('open'), click: address('click') }
}

describe('webhooks of the built site', () => {
  it('take what the script of docs/webhooks.md signs, and store what it says', async () => {
    const site = await startBuiltSite()
    const [{ url, key }] = z.tuple([generic]).parse(await site.json('webhooks', 'show'))
    const docs = await readFile('docs/webhooks.md', 'utf8')
    const [, script = ''] = /```sh\n(.+?)```/s.exec(docs) ?? []
    const [, json = ''] = /```json\n(.+?)```/s.exec(docs) ?? []
    await writeFile(join(site.folder, 'events.json'), json)
    const run = (KEY: string) =>
      promisify(execFile)('sh', ['-ec', script], {
        cwd: site.folder,
        env: { PATH: process.env['PATH'], URL: url, KEY },
      })

    await expect(run('whsec_b3RoZXI=')).rejects.toThrow('401')
    await run(key)

    expect(await site.json('events', '--unmatched')).toMatchObject([
      {
        transport: 'generic',
        type: 'bounced',
        recipient: 'zoe@example.org',
        at: '2026-11-22T12:00:00.000Z',
        providerEventId: '7f0c1c1e',
        matched: false,
      },
    ])
  })

  it('take 10,000 events in one body, once by whichever server, and tell strangers nothing', async () => {
    const site = await startBuiltSite()
    const [{ url, key }] = z.tuple([generic]).parse(await site.json('webhooks', 'show'))
    const port = await freePort()
    const second = spawnServer({ ...site.env, PORT: String(port), MAILSHOT_SENDER: 'off' })
    onTestFinished(async () => void (await second.stop('SIGKILL')))
    await second.listening
    const elsewhere = url.replace(/:\d+\//, `:${port}/`)
    const events = Array.from({ length: 10_000 }, (_, n) => ({
      type: 'delivered',
      at: 1_795_348_800_000 + n,
      recipient: `reader${n}@example.net`,
      raw: { said: 'x'.repeat(500) },
    }))
    const post = (to: string, body = JSON.stringify(events), id: string = randomUUID()) =>
      fetch(to, { method: 'POST', body, headers: signatureHeaders(key, body, { id }) })

    const taken = await Promise.all([post(url), post(elsewhere)])
    const looked = await Promise.all([
      fetch(url),
      fetch(url, { method: 'HEAD' }),
      fetch(url.replace('/generic/', '/nobody/')),
    ])
    const strangers = await Promise.all([
      post(`${url}x`, '[]'),
      post(url.replace('/generic/', '/nobody/'), '[]'),
      fetch(url, { method: 'POST', body: '[]' }),
    ])
    const tooLarge = await post(url, 'x'.repeat(33 * 1024 * 1024))

    expect(taken.map(({ status }) => status)).toEqual([200, 200])
    expect(looked.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(strangers.map(({ status }) => status)).toEqual([401, 401, 401])
    const words = await Promise.all([...looked, ...strangers].map((one) => one.text()))
    expect(words.join('')).toBe('')
    expect(tooLarge.status).toBe(413)
    expect(await site.json('events')).toHaveLength(10_000)
  })
})

const generic = z.object({ transport: z.literal('generic'), url: z.string(), key: z.string() })
