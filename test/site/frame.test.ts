import { readFileSync } from 'node:fs'
import type { Locator } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { openBrowser } from '../open-browser.ts'

const frame = new URL('../../integrations/mailshot/components/frame.css', import.meta.url)
const styles = readFileSync(frame, 'utf8')

test('a link that looks like a button is underlined only under the pointer, other links always', async () => {
  const browser = await openBrowser()
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  // As a site's layout may style bare links.
  await page.setContent(`<style>${styles} a { text-decoration: none }</style>
    <div class="mailshot"><p><a href="#">Toutes les lettres</a></p>
    <a class="mailshot-button" href="#">S’abonner</a></div>`)
  const button = page.getByText('S’abonner')

  expect(await lineOf(page.getByText('Toutes les lettres'))).toBe('underline')
  expect(await lineOf(button)).toBe('none')
  await button.hover()
  expect(await lineOf(button)).toBe('underline')
})

async function lineOf(link: Locator): Promise<string> {
  return link.evaluate((element) => getComputedStyle(element).textDecorationLine)
}
