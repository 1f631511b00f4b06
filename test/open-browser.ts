import { access, rename, stat } from 'node:fs/promises'
import { createReadStream, createWriteStream } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress } from 'node:zlib'
import { type Browser, chromium } from 'playwright-core'

/** A real Chromium, unpacked from its package at first use. The caller closes it. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await unpackChromium(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
}

/** The package's own way writes in place, so that a second process would start a half-written file. */
async function unpackChromium(): Promise<string> {
  const code = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const packed = join(code, '../../bin/chromium.br')
  const { size } = await stat(packed)
  const file = join(tmpdir(), `mailshot-chromium-${size}`)
  const present = await access(file).then(
    () => true,
    () => false,
  )
  if (present) return file
  const draft = `${file}.${process.pid}`
  const output = createWriteStream(draft, { mode: 0o700 })
  await pipeline(createReadStream(packed), createBrotliDecompress(), output)
  await rename(draft, file)
  return file
}
