import { rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'astro'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'

const root = fileURLToPath(new URL('../..', import.meta.url))
const outDir = `${root}test-results/site/`
const server = createServer()
let site = ''

beforeAll(async () => {
  process.env['ASTRO_NODE_AUTOSTART'] = 'disabled'
  process.env['ASTRO_TELEMETRY_DISABLED'] = '1'
  await build({ root, outDir, logLevel: 'error' })
  server.on('request', await entry())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  site = `http://127.0.0.1:${z.custom<AddressInfo>().parse(server.address()).port}`
})

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  await rm(outDir, { recursive: true, force: true })
})

describe('archive of the example site', () => {
  it('lists every public letter, newest first, with neutral fields', async () => {
    const html = await read('/newsletters')
    const titles = Array.from(html.matchAll(/<h2[^>]*>\s*<a[^>]*>([^<]*)</g), (match) => match[1])
    expect(titles).toEqual([
      'Bonjour, l’Atlas marche maintenant sans réseau',
      expect.stringMatching(/^L’agenda de novembre/),
      'Bonjour, la forêt change de couleur',
      'Bonjour, les sentiers vous attendent',
    ])
  })

  it('shows a Markdown letter in the site’s own design, without the mail’s styles and footer', async () => {
    const html = await read('/newsletters/2026-09-rentree')
    expect(html).toContain('<h1>La rentrée se fait à pied</h1>')
    expect(html).toContain('<html lang="fr"')
    expect(html).not.toContain('mj-')
    expect(html).not.toContain('désinscri')
  })

  it('shows an MJML letter as the mail that it is, apart from the site’s styles', async () => {
    const html = await read('/newsletters/2026-11-agenda')
    expect(html).toMatch(/<template shadowrootmode="open"[^>]*><style/)
    expect(html).toContain('Veillée au refuge')
  })

  it('offers a letter in each of its languages', async () => {
    const french = await read('/newsletters/2026-10-automne')
    expect(french).toMatch(/href="\/newsletters\/2026-10-automne\/en" lang="en"/)
    const english = await read('/newsletters/2026-10-automne/en')
    expect(english).toContain('<html lang="en"')
    expect(english).toContain('Hello there,')
    expect(english).toMatch(/href="\/newsletters\/2026-10-automne" lang="fr"/)
  })

  it('serves the pictures that its letters show', async () => {
    const paths = ['/newsletters/2026-09-rentree', '/newsletters/2026-11-agenda']
    const pages = await Promise.all(paths.map(read))
    const pictures = pages.flatMap((html) => [
      ...html.matchAll(/src="(\/newsletters\/media[^"]+)"/g),
    ])
    expect(pictures).toHaveLength(5)
    const answers = await Promise.all(pictures.map(([, path]) => fetch(`${site}${path}`)))
    const types = answers.map((answer) => [answer.status, answer.headers.get('content-type')])
    expect(new Set(types.map(String))).toEqual(new Set(['200,image/jpeg', '200,image/png']))
  })

  it('leaves no merge field, no address and no link of a subscriber on any page', async () => {
    const slugs = ['2026-09-rentree', '2026-10-automne', '2026-11-agenda', '2026-12-atlas']
    const pages = await Promise.all(slugs.map((slug) => read(`/newsletters/${slug}`)))
    for (const html of pages) {
      expect(html).not.toMatch(/\{\{|\{%|@lisiere\.example|\/mailshot\//)
    }
  })

  it('answers an unknown letter with a page that leads on', async () => {
    const answer = await fetch(`${site}/newsletters/none`)
    expect(answer.status).toBe(404)
    expect(await answer.text()).toContain('href="/newsletters"')
  })
})

async function read(path: string): Promise<string> {
  const answer = await fetch(`${site}${path}`)
  expect(answer.status).toBe(200)
  return answer.text()
}

async function entry(): Promise<RequestListener> {
  const module: unknown = await import(/* @vite-ignore */ `${outDir}server/entry.mjs`)
  const isHandler = (value: unknown) => typeof value === 'function'
  return z.object({ handler: z.custom<RequestListener>(isHandler) }).parse(module).handler
}
