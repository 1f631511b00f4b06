import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import node from '@astrojs/node'
import { type AstroInlineConfig, sync } from 'astro'
import { mailshot, type MailshotOptions } from 'astro-mailshot'
import { describe, expect, it, onTestFinished } from 'vitest'

describe('mailshot', () => {
  it('refuses a site without an address, and says where to write it', async () => {
    const error = await refusalOf({ site: '' })
    expect(error.message).toContain('the site has no address')
    expect(error.hint).toBe("Set it in astro.config: site: 'https://example.org'")
  })

  it('refuses a site without the Node adapter', async () => {
    const error = await refusalOf({ adapter: false })
    expect(error.message).toContain('the site has no Node adapter')
    expect(error.hint).toBe('Add it with: npx astro add node')
  })

  it('refuses a site without settings', async () => {
    const error = await refusalOf({ options: { config: 'elsewhere.config.ts' } })
    expect(error.message).toContain('there are no settings: no elsewhere.config.ts')
    expect(error.hint).toContain('defineConfig')
  })

  it('tells each wrong setting', async () => {
    const error = await refusalOf({ settings: "title: '', lang: 'fr'" })
    expect(error.message).toMatch(/mailshot\.config\.ts: it is wrong:\n[^]*from/)
    expect(error.hint).toBeUndefined()
  })

  it('tells of settings that only the server can run', async () => {
    const error = await refusalOf({ settings: `...JSON.parse(process.env.NOWHERE_SET)` })
    expect(error.message).toMatch(/mailshot\.config\.ts cannot be run: /)
    expect(error.hint).toContain('needs a default')
  })

  it('asks for pages below the path that the site lives at', async () => {
    const error = await refusalOf({ astro: { base: '/docs' } })
    expect(error.message).toContain('the site lives at /docs, but mailshot.config.ts puts pages at')
    expect(error.hint).toBe("Write there: base: '/docs/mailshot', archive: '/docs/newsletters'")
  })

  it('asks for pages below a language where all pages have one in front', async () => {
    const routing = { prefixDefaultLocale: true }
    const i18n = { locales: ['fr', 'en'], defaultLocale: 'fr', routing }
    const error = await refusalOf({ astro: { i18n } })
    expect(error.message).toContain('puts a language in front of every page')
    expect(error.hint).toMatch(
      /^Write there: base: '\/fr\/mailshot', archive: '\/fr\/newsletters'\./,
    )
  })

  it('asks for links that end as the addresses of the site do', async () => {
    const error = await refusalOf({ astro: { trailingSlash: 'always' } })
    expect(error.message).toContain("trailingSlash is 'always'")
    expect(error.hint).toBe('Write trailingSlash: true in mailshot.config.ts.')
  })

  it('refuses a page layout that is not there', async () => {
    const error = await refusalOf({ settings: `${right}, pageLayout: 'src/layouts/Mist.astro'` })
    expect(error.message).toContain('pageLayout names src/layouts/Mist.astro, which is not there')
  })

  it('accepts a site that has all of it', async () => {
    await expect(prepare({})).resolves.toBeUndefined()
  })
})

const right = `site: 'https://example.org', title: 'News', from: 'News <news@example.org>',
  postalAddress: 'Somewhere 1', lists: { weekly: { title: 'Weekly' } },
  transport: { name: 'none', batch: 1, parallel: 1, send: async () => [] }`

interface Trial {
  site?: string
  adapter?: boolean
  settings?: string
  options?: MailshotOptions
  astro?: AstroInlineConfig
}

/** Has Astro read a site that is wrong in one point. */
async function refusalOf(trial: Trial): Promise<{ message: string; hint: string | undefined }> {
  try {
    await prepare(trial)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AstroUserError') throw error
    const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined
    return { message: error.message, hint }
  }
  throw new Error('nothing was refused')
}

async function prepare({ site, adapter = true, settings = right, options, astro }: Trial) {
  // Inside the project, so that the settings find it by its package name.
  const results = fileURLToPath(new URL('../../test-results/', import.meta.url))
  mkdirSync(results, { recursive: true })
  const root = mkdtempSync(join(results, 'integration-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'src/pages'), { recursive: true })
  writeFileSync(
    join(root, 'src/mailshot.config.ts'),
    `import { defineConfig } from 'astro-mailshot/config'\nexport default defineConfig({ ${settings} })\n`,
  )
  await sync({
    root,
    configFile: false,
    logLevel: 'silent',
    ...(site !== '' && { site: 'https://example.org' }),
    ...(adapter && { adapter: node({ mode: 'standalone' }) }),
    session: false,
    integrations: [mailshot(options)],
    ...astro,
  })
}
