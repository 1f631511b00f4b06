import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type BuiltSite, startBuiltSite } from '../built-site.ts'
import { openBrowser } from '../open-browser.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())

describe('the preview of a built site', () => {
  it('has nothing for axe to find and fits every screen, for the list, every campaign and a letter', async () => {
    const { url } = await startBuiltSite()
    const found: Record<string, string[]> = {}
    for (const path of await pagesOf(url)) {
      const page = await open(url + path)
      await page.evaluate(axe)
      for (const width of [320, 390, 1280, 1600]) {
        await page.setViewportSize({ width, height: 900 })
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme })
          found[`${path} ${colorScheme} ${width}`] = await faultsOf(page)
        }
      }
      await page.close()
    }
    expect(Object.keys(found).length).toBeGreaterThanOrEqual(7 * 8)
    expect(Object.entries(found).filter(([, faults]) => faults.length > 0)).toEqual([])
  })

  it('keeps everything within its card, however wide the screen', async () => {
    const { url } = await startBuiltSite()
    const page = await open(`${url}/mailshot/preview/2026-12-atlas?field.plan=gold&as=nobody`)
    const outside: Record<number, string[]> = {}
    const widths = [360, 600, 768, 1024, 1280, 1440]
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 })
      outside[width] = await outsideOf(page)
    }
    expect(outside).toEqual(Object.fromEntries(widths.map((width) => [width, []])))
  })

  it('speaks the language of the browser', async () => {
    const { url } = await startBuiltSite()
    const titleIn = async (lang: string) => {
      const headers = { 'accept-language': lang }
      return (await fetch(`${url}/mailshot/preview`, { headers })).text()
    }
    expect(await titleIn('en-GB')).toMatch(/>Campaigns<\/h1>/)
    expect(await titleIn('ja')).toMatch(/>Campagnes<\/h1>/)
  })

  it('marks what it can say in English only', async () => {
    const { url } = await startBuiltSite()
    const page = await open(`${url}/mailshot/preview/2026-12-atlas?field.plan=gold&email=no`)
    const notes = page.locator('.notes li')
    expect(await notes.evaluateAll((all) => all.map((one) => one.getAttribute('lang')))).toEqual([
      'en',
      null,
    ])
  })

  it('shows a mail at the widths of a phone and a desktop, in the colours asked for', async () => {
    const { url } = await startBuiltSite()
    const page = await open(`${url}/mailshot/preview/2026-10-automne?scheme=dark`)
    const seen = await framesOf(page)
    expect(seen).toEqual([
      { width: 390, background: 'rgb(28, 30, 34)', pictures: [true] },
      { width: 700, background: 'rgb(28, 30, 34)', pictures: [true] },
    ])
    await page.getByRole('link', { name: 'Clair' }).click()
    const [light] = await framesOf(page)
    expect(light?.background).toBe('rgb(255, 255, 255)')
  })

  it('fills the mail in for the reader that its form describes', async () => {
    const { url } = await startBuiltSite()
    const page = await open(`${url}/mailshot/preview/2026-12-atlas`)
    await page.getByLabel('Nom').fill('Zoé <b>')
    await page.getByLabel('Formule de l’Atlas').selectOption('pro')
    await page.getByRole('button', { name: 'Montrer' }).click()
    await page.waitForURL(/name=Zo/)
    const mail = await frame(page, 0)
    expect(await mail.innerText('body')).toMatch(/Bonjour Zoé <b>,.*Avec Atlas Pro/s)
    expect(await page.getByRole('region', { name: 'Dans la boîte' }).innerText()).toContain(
      'Zoé <b>, l’Atlas marche',
    )
  })

  it('never shows a subscriber', async () => {
    const { url } = await startBuiltSite({ prepare: addReader })
    const page = await open(`${url}/mailshot/preview/2026-09-rentree?as=zoe@example.org`)
    const text = await page.innerText('main')
    expect(text).toContain('Les vraies personnes ne se montrent qu’en développement')
    expect(text).not.toContain('zoe')
    expect(await page.getByLabel('Une personne abonnée').count()).toBe(0)
  })

  it('answers what is not there with a page that leads on', async () => {
    const { url } = await startBuiltSite()
    const answer = await fetch(`${url}/mailshot/preview/2026-9-rentree`)
    expect(answer.status).toBe(404)
    expect(await answer.text()).toContain('href="/mailshot/preview/2026-09-rentree"')
    expect((await fetch(`${url}/mailshot/preview/2026-09-rentree/none`)).status).toBe(404)
  })
})

async function addReader({ mailshot }: Pick<BuiltSite, 'mailshot'>) {
  await mailshot('subscribers', 'add', 'zoe@example.org', '--list', 'weekly', '--confirmed')
}

async function pagesOf(url: string): Promise<string[]> {
  const page = await open(`${url}/mailshot/preview`)
  const links = await page.$$eval('h2 a', (found) => found.map((one) => one.getAttribute('href')))
  await page.close()
  const [first, ...paths] = links.filter((link) => link !== null)
  const noted = `${first}?scheme=dark&as=nobody@example.org`
  return ['/mailshot/preview', noted, ...paths, '/mailshot/preview/letters/confirmation?lang=ar']
}

/** What axe says of the page itself, and whether it is wider than its screen. */
async function faultsOf(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate<AxeResults>(
    'axe.run(document, { iframes: false, runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] })',
  )
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  )
  const faults = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
  return overflow ? [...faults, 'wider than its screen'] : faults
}

/** What stands out of the card that it is in, or of the screen. */
async function outsideOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const within = Array.from(document.querySelectorAll('.card *'), (one) => {
      const card = one.closest('.card')?.getBoundingClientRect()
      const { left, right, width } = one.getBoundingClientRect()
      // A line that is cut off by its own box is so on purpose.
      const box = one.parentElement
      const isCut = box !== null && getComputedStyle(box).overflowX !== 'visible'
      if (!card || width === 0 || isCut) return []
      const isInside = left >= card.left - 0.5 && right <= card.right + 0.5
      return isInside ? [] : [one.outerHTML.slice(0, 80)]
    }).flat()
    const { scrollWidth, clientWidth } = document.documentElement
    return scrollWidth > clientWidth ? [...within, 'the page scrolls sideways'] : within
  })
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** How wide each mail is shown, the colour of its sheet, and which of its pictures are there. */
async function framesOf(page: Page) {
  const frames = [await frame(page, 0), await frame(page, 1)]
  return Promise.all(
    frames.map((one) =>
      one.evaluate(() => {
        const sheet = document.querySelector('.sheet')
        return {
          width: window.innerWidth,
          background: sheet ? getComputedStyle(sheet).backgroundColor : '',
          pictures: Array.from(document.images, (image) => image.naturalWidth > 0),
        }
      }),
    ),
  )
}

async function frame(page: Page, index: number) {
  const element = await page.locator('iframe').nth(index).elementHandle()
  const found = await element?.contentFrame()
  if (!found) throw new Error(`no frame ${index}`)
  await found.waitForLoadState()
  return found
}

async function open(url: string): Promise<Page> {
  const context = await browser.newContext({
    locale: 'fr-FR',
    viewport: { width: 1280, height: 900 },
  })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(url, { waitUntil: 'load' })
  return page
}
