import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'

const folder = fileURLToPath(new URL('../test-results/screenshots/', import.meta.url))
const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const looks = [
  { size: 'phone', width: 320, height: 640, colorScheme: 'light' },
  { size: 'phone', width: 320, height: 640, colorScheme: 'dark' },
  { size: 'desktop', width: 1280, height: 800, colorScheme: 'light' },
  { size: 'desktop', width: 1280, height: 800, colorScheme: 'dark' },
] as const

/** Enough for a page that is looked at wholly in another language: words run over on a phone first. */
export const onPhone = [looks[0]] as const

/** Both sizes and both colours: what depends on the one does not on the other. */
export const farApart = [looks[0], looks[3]] as const

/** A page of a browser in this language, with axe in all that it opens, if asked. It is closed when the test ends. */
export async function openPage(
  browser: Browser,
  { lang, isForAxe }: { lang: string; isForAxe: boolean },
): Promise<Page> {
  const context = await browser.newContext({ locale: lang })
  onTestFinished(() => context.close())
  if (isForAxe) await context.addInitScript({ path: axeFile })
  return context.newPage()
}

/**
 * Looks at a page on a narrow phone and on a desktop, in light and in dark, or as asked: axe finds nothing, nothing is
 * wider than the screen. A screenshot is kept of the first and of the last in `test-results/screenshots/`.
 */
export async function look(page: Page, name: string, asked: readonly Look[] = looks) {
  for (const [index, one] of asked.entries()) {
    const isShown = index === 0 || index === asked.length - 1
    const where = await see(page, name, one)
    const axe = await violations(page, index === 0 ? everything : whatLooksDiffer)
    expect({ where, axe }).toEqual({ where, axe: [] })
    if (isShown) await keep(page, where)
  }
}

/** Looks at the words of a page that axe has seen in another language: they are no wider than a narrow phone. */
export async function lookAtWords(page: Page, name: string): Promise<void> {
  await keep(page, await see(page, name, looks[0]))
}

type Look = (typeof looks)[number]

async function see(
  page: Page,
  name: string,
  { size, width, height, colorScheme }: Look,
): Promise<string> {
  await page.setViewportSize({ width, height })
  await page.emulateMedia({ colorScheme })
  const where = `${name}-${size}-${colorScheme}`
  const wide = await page.evaluate(() => document.documentElement.scrollWidth)
  expect({ where, isTooWide: wide > width }).toEqual({ where, isTooWide: false })
  return where
}

async function keep(page: Page, where: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: `${folder}${where}.png`, fullPage: true })
}

const everything: RunOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
}
/** The other rules read the document, which is the same in any size and colour. */
const whatLooksDiffer: RunOptions = {
  runOnly: {
    type: 'rule',
    values: ['color-contrast', 'link-in-text-block', 'scrollable-region-focusable', 'target-size'],
  },
}

/** What axe finds wrong on a page as it stands. */
async function violations(page: Page, options: RunOptions): Promise<string[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined')
    await page.addScriptTag({ path: axeFile })
  // All style sheets of the pages are their own, so that none has to be loaded once more.
  const run = JSON.stringify({ preload: false, resultTypes: ['violations'], ...options })
  const results = await page.evaluate<AxeResults>(`axe.run(${run})`)
  expect(results.passes.length + results.incomplete.length).toBeGreaterThan(0)
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(' ')}`)
}
