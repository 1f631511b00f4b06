import { access, mkdir, rename, stat, symlink } from 'node:fs/promises'
import { createReadStream, createWriteStream } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createBrotliDecompress } from 'node:zlib'
import { type Browser, chromium } from 'playwright-core'

const require = createRequire(import.meta.url)
const results = fileURLToPath(new URL('../test-results/', import.meta.url))

/** A real Chromium, unpacked from its package at first use, which can write Japanese. The caller closes it. */
export async function openBrowser(): Promise<Browser> {
  const [executablePath, fonts] = await Promise.all([unpackChromium(), linkFonts()])
  return chromium.launch({
    executablePath,
    env: { ...process.env, XDG_DATA_HOME: fonts },
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
}

/** The package's own way writes in place, so that a second process would start a half-written file. */
async function unpackChromium(): Promise<string> {
  const packed = join(require.resolve('@sparticuz/chromium'), '../../bin/chromium.br')
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

/** A folder whose `fonts/` has what a machine of the tests need not have: without it, Japanese is a row of boxes. */
async function linkFonts(): Promise<string> {
  const folder = join(results, 'data')
  await mkdir(folder, { recursive: true })
  const draft = join(folder, `fonts.${process.pid}`)
  await symlink(dirname(require.resolve('@expo-google-fonts/biz-udpgothic/package.json')), draft)
  await rename(draft, join(folder, 'fonts'))
  return folder
}
