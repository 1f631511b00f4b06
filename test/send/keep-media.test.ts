import { sql } from 'drizzle-orm/sql'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { deliver } from '../../integrations/mailshot/deliver.ts'
import { cancelSend, listSends, startSend } from '../../integrations/mailshot/send.ts'
import { snapshotOf } from '../api/snapshot.ts'
import { apiClient } from '../api-server.ts'
import { markdown } from '../campaign-folder.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { addReaders } from '../people.ts'

describe('an image that a send is started with', () => {
  test('must be the one that another send has by its name', async () => {
    const { call, june, july, wrong, stored } = await open()
    await call('POST', 'sends', wrong(june))

    const refused = await call('POST', 'sends', july)

    expect(refused.status).toBe(422)
    expect(Object(await refused.json()).error.message).toMatch(
      /^media [0-9a-f]{32}\.jpg: send \w+ has another image under this name, and one of the two is wrong; cancel that send/,
    )
    expect(await stored()).toEqual([wrong(june).media[0]?.bytes])
  })

  test('takes the place of one whose send was cancelled before anybody got it', async () => {
    const { mailshot, call, june, july, wrong, stored } = await open()
    await call('POST', 'sends', wrong(june))
    const [send] = await listSends(mailshot)
    await cancelSend(mailshot, send?.id ?? '', { actor: 'test' })

    const started = await call('POST', 'sends', july)

    expect(started.status).toBe(201)
    expect(await stored()).toEqual([july.media[0]?.bytes])
  })

  test('is never changed in mails that went out', async () => {
    const { mailshot, call, june, july, wrong, stored } = await open()
    await addReaders(mailshot, 1)
    await call('POST', 'sends', wrong(june))
    // Not asked for at its address: there is no site.
    await mailshot.db.write(
      sql`UPDATE snapshots SET compiled = json_set(compiled, '$.images', json('[]'))`,
    )
    await deliver(mailshot, { untilDone: true })

    expect((await call('POST', 'sends', july)).status).toBe(422)
    expect(await stored()).toEqual([wrong(june).media[0]?.bytes])
  })

  test('may be encoded a little otherwise, as by another machine; the first is kept', async () => {
    const { call, june, july, picture, stored } = await open()
    const other = await sharp(picture).jpeg({ quality: 74 }).toBuffer()
    await call('POST', 'sends', june)

    const again = { ...july, media: withBytes(july, other.toString('base64')) }

    expect((await call('POST', 'sends', again)).status).toBe(201)
    expect(again.media[0]?.bytes).not.toBe(june.media[0]?.bytes)
    expect(await stored()).toEqual([june.media[0]?.bytes])
  })

  test('may not be of another size, or differ in one spot', async () => {
    const { call, june, july, picture } = await open()
    await call('POST', 'sends', june)
    const small = await sharp(picture).resize(100).jpeg().toBuffer()
    const spot = await sharp({ create: { width: 12, height: 12, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    const marked = await sharp(picture)
      .composite([{ input: spot, left: 40, top: 40 }])
      .jpeg()
      .toBuffer()
    const post = async (bytes: Buffer) => {
      const media = withBytes(july, bytes.toString('base64'))
      return (await call('POST', 'sends', { ...july, media })).status
    }

    expect([await post(small), await post(marked)]).toEqual([422, 422])
  })

  test('is checked whoever starts it', async () => {
    const { mailshot, call, june, july, wrong } = await open()
    await call('POST', 'sends', wrong(june))
    const media = july.media.map((file) => ({ ...file, bytes: Buffer.from(file.bytes, 'base64') }))

    await expect(startSend(mailshot, july.campaign, media, { actor: 'test' })).rejects.toThrow(
      'has another image under this name',
    )
  })
})

type Posted = Awaited<ReturnType<typeof snapshotOf>>

/** Two campaigns with the same photograph, and what posts them. */
async function open() {
  const mailshot = await openTestMailshot()
  const { call } = await apiClient(mailshot)
  const picture = await photograph()
  const body = '![Un port](port.jpg)'
  const june = await snapshotOf({ 'june.md': markdown(`Juin ${body}`), 'port.jpg': picture })
  const july = await snapshotOf({ 'july.md': markdown(`Juillet ${body}`), 'port.jpg': picture })
  const plain = sharp({ create: { width: 200, height: 150, channels: 3, background: 'red' } })
  const red = (await plain.jpeg().toBuffer()).toString('base64')
  const wrong = (one: Posted): Posted => ({ ...one, media: withBytes(one, red) })
  const stored = async () => {
    const rows = await mailshot.db.all<{ bytes: ArrayBuffer }>(sql`SELECT bytes FROM media`)
    return rows.map(({ bytes }) => Buffer.from(bytes).toString('base64'))
  }
  return { mailshot, call, picture, june, july, wrong, stored }
}

function withBytes({ media }: Posted, bytes: string): Posted['media'] {
  return media.map((file) => ({ ...file, bytes }))
}

/** Waves of colour with some noise, 200 × 150. */
function photograph(): Promise<Buffer> {
  const [width, height] = [200, 150]
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)]
    return 128 + 90 * Math.sin(x / 17 + (at % 3)) * Math.cos(y / 13) + ((at * 7919) % 23)
  })
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 92 })
    .toBuffer()
}
