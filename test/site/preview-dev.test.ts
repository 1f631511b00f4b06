import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { type AstroSite, openAstroSite } from '../astro-site.ts'
import { freePort } from '../free-port.ts'
import { openBrowser } from '../open-browser.ts'

const astroSite = fileURLToPath(new URL('../fixtures/astro-site', import.meta.url))
const slug = '2026-06-cards'
const reader = 'zoe@example.org'

test('the preview in development shows a subscriber, follows the files, and keeps the site’s styles out', async () => {
  const site = openAstroSite({
    'astro.config.mjs': watched(readFileSync(join(astroSite, 'astro.config.mjs'), 'utf8')),
    'src/pages/loud.astro': '<h1>Loud</h1><style is:global>h1 { color: rgb(255, 0, 0) }</style>',
  })
  await site.mailshot('init')
  await site.mailshot(
    'subscribers',
    'add',
    reader,
    '--list',
    'weekly',
    '--name',
    'Zoé',
    '--confirmed',
  )
  const page = await open(`${await startDevelopment(site)}/mailshot/preview/${slug}?as=${reader}`)

  expect(await page.getByRole('region', { name: 'En-têtes' }).innerText()).toContain(
    `Zoé <${reader}>`,
  )
  expect(await page.locator('#addresses option').getAttribute('value')).toBe(reader)
  expect(
    await page
      .locator('header h1')
      .first()
      .evaluate((one) => getComputedStyle(one).color),
  ).not.toBe('rgb(255, 0, 0)')

  const file = join(site.folder, `campaigns/${slug}/fr.md`)
  writeFileSync(file, `${readFileSync(file, 'utf8')}\nÉcrit à l’instant.\n`)
  await expect
    .poll(() => mailIn(page), { timeout: 20_000, interval: 200 })
    .toContain('Écrit à l’instant.')
})

const astro = join(createRequire(import.meta.url).resolve('astro/package.json'), '../bin/astro.mjs')

/** Vite does not watch what it takes for the results of a test. */
function watched(config: string): string {
  const vite = "vite: { server: { watch: { ignored: ['!**/campaigns/**'] } } }"
  return config.replace('defineConfig({', `defineConfig({ ${vite},`)
}

/** Runs `astro dev` in a site until the test ends; answers its address once it has pages. */
async function startDevelopment({ folder, env }: AstroSite): Promise<string> {
  const port = await freePort()
  const child = spawn(
    process.execPath,
    [astro, 'dev', '--host', '127.0.0.1', '--port', String(port)],
    {
      cwd: folder,
      // Astro serves nothing in a process that looks like a test.
      env: { ...process.env, NODE_ENV: undefined, VITEST: undefined, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  onTestFinished(async () => {
    const ended = child.exitCode === null && once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
  const url = `http://127.0.0.1:${port}`
  await expect
    .poll(() => statusOf(`${url}/mailshot/preview`), { timeout: 60_000, interval: 200 })
    .toBe(200)
  return url
}

async function statusOf(url: string): Promise<number | undefined> {
  return (await fetch(url).catch(() => undefined))?.status
}

/** While the page is shown anew there is no mail in it. */
async function mailIn(page: Page): Promise<string> {
  const mail = page.locator('iframe').first().contentFrame().locator('body')
  return mail.innerText({ timeout: 1000 }).catch(() => '')
}

async function open(url: string): Promise<Page> {
  const browser = await openBrowser()
  onTestFinished(() => browser.close())
  const page = await browser.newPage({ locale: 'fr-FR' })
  await page.goto(url)
  return page
}
