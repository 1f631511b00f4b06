import { sql } from 'drizzle-orm/sql'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { serveMedia } from '../integrations/mailshot/media.ts'
import { markdown } from './campaign-folder.ts'
import { openTestMailshot } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { startCampaign } from './sent-campaign.ts'

describe('serveMedia', () => {
  it('answers with an image that a send froze, to be kept for good', async () => {
    const { ask, name } = await withImage()
    const response = await ask(name)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(response.headers.get('content-length')).toBe(String(bytes.length))
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 3, height: 2 })
  })

  it('sends no bytes to who has them, or only asks whether they are there', async () => {
    const { ask, name } = await withImage()
    const etag = (await ask(name)).headers.get('etag') ?? ''
    const again = await ask(name, { headers: { 'if-none-match': `"x", W/${etag}` } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect(again.headers.get('etag')).toBe(etag)
    const other = await ask(name, { headers: { 'if-none-match': '"x"' } })
    expect(other.status).toBe(200)
    const head = await ask(name, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(50)
  })

  it('has nothing under another ending, an unknown hash, or a name that is none', async () => {
    const { ask, name } = await withImage()
    const hash = name.replace('.png', '')
    const names = [`${hash}.jpg`, `${hash}.svg`, hash, `${hash}.`, `x${hash}.png`, `${name}/`]
    const unknown = [...names, `${'0'.repeat(32)}.png`, '../../etc/passwd', '']
    const answers = await Promise.all(unknown.map((one) => ask(one)))
    expect(answers.map(({ status }) => status)).toEqual(unknown.map(() => 404))
    expect(answers[0]?.headers.get('cache-control')).toBe('no-store')
  })

  it('serves nothing but images, whatever the database holds', async () => {
    const { mailshot, ask } = await withImage()
    const hash = 'a'.repeat(32)
    await mailshot.db.write(sql`INSERT INTO media (hash, type, bytes, created_at)
      VALUES (${hash}, 'text/html', ${Buffer.from('<script>')}, 0)`)
    const answers = await Promise.all(['html', 'png', 'htm'].map((ext) => ask(`${hash}.${ext}`)))
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404])
  })
})

async function withImage() {
  const mailshot = await openTestMailshot()
  await addReaders(mailshot, 1)
  const png = await sharp({ create: { width: 3, height: 2, channels: 3, background: '#a00' } })
    .png()
    .toBuffer()
  await startCampaign(mailshot, { 'a.md': markdown('![Rouge](red.png)'), 'red.png': png })
  const row = await mailshot.db.get<{ hash: string }>(sql`SELECT hash FROM media`)
  const ask = (file: string, init: RequestInit = {}) =>
    serveMedia(mailshot, new Request(`https://example.org/mailshot/media/${file}`, init))
  return { mailshot, ask, name: `${row?.hash}.png` }
}
