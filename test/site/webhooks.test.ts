import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { spawnServer, startBuiltSite } from '../built-site.ts'
import { freePort } from '../free-port.ts'
import { signatureHeaders } from '../signed-events.ts'

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
