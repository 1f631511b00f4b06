import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const folder = fileURLToPath(new URL('../test-results/screenshots/', import.meta.url))
const axeFile = createRequire(import.meta.url).resolve('axe-core')
const looks = [
  { size: 'phone', width: 320, height: 640, colorScheme: 'light' },
  { size: 'phone', width: 320, height: 640, colorScheme: 'dark' },
  { size: 'desktop', width: 1280, height: 800, colorScheme: 'light' },
  { size: 'desktop', width: 1280, height: 800, colorScheme: 'dark' },
] as const

/** Enough for a page that is looked at wholly in another language: words run over on a phone first. */
export const onPhone = [looks[0]] as const

/**
 * Looks at a page on a narrow phone and on a desktop, in light and in dark, or as asked: axe finds nothing, nothing is
 * wider than the screen, and a screenshot of each is kept in `test-results/screenshots/`.
 */
export async function look(
  page: Page,
  name: string,
  asked: readonly (typeof looks)[number][] = looks,
): Promise<void> {
  mkdirSync(folder, { recursive: true })
  for (const { size, width, height, colorScheme } of asked) {
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme })
    const where = `${name} (${size}, ${colorScheme})`
    const found = { where, isTooWide: (await widthOf(page)) > width, axe: await violations(page) }
    expect(found).toEqual({ where, isTooWide: false, axe: [] })
    const path = `${folder}${name}-${size}-${colorScheme}.png`
    await page.screenshot({ path, fullPage: true })
  }
}

/** What axe finds wrong on a page as it stands. */
async function violations(page: Page): Promise<string[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') {
    await page.addScriptTag({ path: axeFile })
  }
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const run = `axe.run({ runOnly: ${JSON.stringify(tags)}, resultTypes: ['violations'] })`
  const results = await page.evaluate<AxeResults>(run)
  expect(results.passes.length).toBeGreaterThan(5)
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(' ')}`)
}

function widthOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth)
}
