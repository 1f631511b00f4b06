import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { withAstroLayouts } from '../integrations/mailshot/astro-layouts.ts'
import { listCampaigns, readCampaign, type ReadOptions } from '../integrations/mailshot/campaign.ts'
import { compileCampaign } from '../integrations/mailshot/compile.ts'
import type { MailshotConfig } from '../integrations/mailshot/config.ts'
import { composeMessage } from '../integrations/mailshot/message.ts'
import exampleConfig from '../src/mailshot.config.ts'
import { openBrowser } from './open-browser.ts'
import { testConfig } from './open-test-mailshot.ts'

const everything = `
# Title

Some *text*, **more**, [a link](https://example.org/page) and \`code\`.

![A path in the hills](picture.png)
*The caption.*

## Second

- one
  - nested

1. first

> A quotation.

### Third

| Day | Walk | Places |
| --- | --- | --: |
| Monday | The ridge | 12 |

---

\`\`\`
a line of code
\`\`\`

<a class="button" href="https://example.org/go">Go</a>
`

// One pixel, so that a picture has bytes and yet needs no file.
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())

describe('default layout', () => {
  it('has nothing for axe to find, in light and in dark', async () => {
    const html = await mailOf({ markdown: everything })
    expect(await violations(html, 'light')).toEqual([])
    expect(await violations(html, 'dark')).toEqual([])
  })

  it('darkens page, sheet and text where the reader prefers it', async () => {
    const html = await mailOf({ markdown: everything })
    const light = await coloursOf(await open(html, { colorScheme: 'light' }))
    const dark = await coloursOf(await open(html, { colorScheme: 'dark' }))
    expect(light).toEqual({ page: [244, 243, 239], sheet: [255, 255, 255], text: [36, 38, 43] })
    expect(dark).toEqual({ page: [18, 19, 22], sheet: [28, 30, 34], text: [220, 222, 227] })
  })

  it('fits a phone, with every table and picture', async () => {
    const page = await open(await mailOf({ markdown: everything }), {
      viewport: { width: 320, height: 640 },
    })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
  })

  it('is read without images', async () => {
    const page = await open(await mailOf({ markdown: everything }))
    const image = page.getByRole('img', { name: 'A path in the hills' })
    const box = await image.boundingBox()
    expect(box?.height).toBeLessThan(60)
    expect(await page.innerText('body')).toContain('The caption.')
  })

  it('asks no other server for anything but the pictures of the campaign', async () => {
    const html = await mailOf({ markdown: everything })
    const asked: string[] = []
    const page = await browser.newPage()
    onTestFinished(() => page.close())
    await page.route('**', (route) => {
      asked.push(route.request().url())
      return route.abort()
    })
    await page.setContent(html)
    expect(asked).toEqual([expect.stringMatching(/^https:\/\/example\.org\/mailshot\/media\//)])
  })

  it('says in the reader’s language how to leave, choose and read on', async () => {
    const page = await open(await mailOf({ markdown: everything, lang: 'en' }))
    expect(await linksOf(page, '.footer a')).toEqual({
      Unsubscribe: 'https://example.org/u',
      'Change your preferences': 'https://example.org/p',
      'View in your browser': 'https://example.org/v',
    })
    expect(await page.innerText('.footer')).toContain('1 rue du Port, 31000 Toulouse')
    expect(await page.getAttribute('html', 'lang')).toBe('en')
  })

  it('mirrors itself for languages written from right to left', async () => {
    const page = await open(await mailOf({ markdown: everything, lang: 'ar' }))
    expect(await sidesOf(page)).toEqual({
      direction: 'rtl',
      text: 'right',
      heading: 'right',
      cell: 'right',
      quote: ['0px', '3px'],
      list: ['0px', '26px'],
      code: 'left',
      footer: 'right',
    })
  })

  it('takes its accent from the campaign', async () => {
    const params = 'params: { accent: "#a2461b", accent_dark: "#f0a47c" }'
    const html = await mailOf({ markdown: everything, frontMatter: params })
    const colour = (page: Page) => page.$eval('.content a', (link) => getComputedStyle(link).color)
    expect(await colour(await open(html, { colorScheme: 'light' }))).toBe('rgb(162, 70, 27)')
    expect(await colour(await open(html, { colorScheme: 'dark' }))).toBe('rgb(240, 164, 124)')
  })
})

describe('example campaigns', () => {
  it('have nothing for axe to find, in any language, in light and in dark', async () => {
    const found: Record<string, string[]> = {}
    await withAstroLayouts(async (renderLayout) => {
      for (const slug of await listCampaigns(exampleConfig)) {
        const variants = await variantsOf(exampleConfig, slug, { renderLayout })
        for (const [name, html] of Object.entries(variants)) {
          found[`${name} light`] = await violations(html, 'light')
          found[`${name} dark`] = await violations(html, 'dark')
        }
      }
    })
    expect(Object.keys(found)).toHaveLength(12)
    expect(Object.values(found).flat()).toEqual([])
  })
})

interface Draft {
  markdown: string
  lang?: string
  frontMatter?: string
}

async function mailOf({ markdown, lang = 'fr', frontMatter = '' }: Draft): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailshot-layout-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const head = ['---', 'subject: A subject', 'lists: [weekly]', `lang: ${lang}`, frontMatter, '---']
  await writeFile(join(folder, 'draft.md'), `${head.join('\n')}\n${markdown}`)
  await writeFile(join(folder, 'picture.png'), Buffer.from(pixel, 'base64'))
  const variants = await variantsOf(testConfig({ campaigns: folder }, folder), 'draft')
  return Object.values(variants)[0] ?? ''
}

async function variantsOf(
  config: MailshotConfig,
  slug: string,
  options: ReadOptions = {},
): Promise<Record<string, string>> {
  const { compiled } = await compileCampaign(config, await readCampaign(config, slug, options))
  const composition = {
    id: '1.1',
    envelopeFrom: 'bounce@example.org',
    messageId: '<1@example.org>',
  }
  const mails = Object.keys(compiled.variants).map((lang) => {
    const reader = { ...someone, lang, lists: compiled.lists }
    return [`${slug} ${lang}`, composeMessage(config, compiled, reader, composition).html]
  })
  return Object.fromEntries(mails)
}

const someone = {
  email: 'camille@example.org',
  name: 'Camille',
  status: 'active',
  attributes: { city: 'Die', plan: 'pro' },
  urls: {
    unsubscribe: 'https://example.org/u',
    preferences: 'https://example.org/p',
    view: 'https://example.org/v',
  },
}

/** Pictures are refused, as mail clients do until the reader asks for them. */
async function open(html: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options)
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.route('**', (route) => route.abort())
  await page.setContent(html)
  return page
}

const axeFile = createRequire(import.meta.url).resolve('axe-core')
const rules =
  'color-contrast image-alt link-name link-in-text-block target-size list listitem ' +
  'html-has-lang html-lang-valid heading-order empty-heading'

async function violations(html: string, colorScheme: 'light' | 'dark'): Promise<string[]> {
  const page = await open(html, { colorScheme })
  await page.addScriptTag({ path: axeFile })
  const run = `axe.run({ runOnly: ${JSON.stringify(rules.split(' '))} })`
  const results = await page.evaluate<AxeResults>(run)
  expect(results.passes.map(({ id }) => id)).toContain('color-contrast')
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(' ')}`)
}

function linksOf(page: Page, selector: string): Promise<Record<string, string>> {
  return page.$$eval(selector, (links) =>
    Object.fromEntries(links.map((link) => [link.textContent, link.getAttribute('href') ?? ''])),
  )
}

function coloursOf(page: Page) {
  return page.evaluate(() => {
    const style = (selector: string) => getComputedStyle(document.querySelector(selector)!)
    const parts = (colour: string) => Array.from(colour.matchAll(/\d+/g), Number)
    return {
      page: parts(style('[role="article"]').backgroundColor),
      sheet: parts(style('.sheet').backgroundColor),
      text: parts(style('.content p').color),
    }
  })
}

function sidesOf(page: Page) {
  return page.evaluate(() => {
    const style = (selector: string) => getComputedStyle(document.querySelector(selector)!)
    const quote = style('.content blockquote')
    const list = style('.content ul')
    return {
      direction: style('[role="article"]').direction,
      text: style('.content p').textAlign,
      heading: style('.content h1').textAlign,
      cell: style('.content th').textAlign,
      quote: [quote.borderLeftWidth, quote.borderRightWidth],
      list: [list.paddingLeft, list.paddingRight],
      code: style('.content pre').textAlign,
      footer: style('.footer p').textAlign,
    }
  })
}
