import type { Browser, Page, Response } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startBuiltSite } from '../built-site.ts'
import { look, lookAtWords, onPhone, openPage } from '../look.ts'
import { openBrowser } from '../open-browser.ts'
import { tabThrough } from '../tab-through.ts'
import { type ReaderPage, seedReaderPages } from './reader-pages.ts'

const langs = ['fr', 'ar', 'ja']

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())

it('every page that readers meet is in their language, can be used by the keyboard, and axe finds nothing', async () => {
  let pages = new Map<string, ReaderPage[]>()
  const site = await startBuiltSite({
    prepare: async (prepared) => {
      pages = await seedReaderPages(prepared, langs)
    },
  })
  await Promise.all(
    Array.from(pages, async ([lang, all]) => {
      expect(all.length).toBeGreaterThan(60)
      const page = await openPage(browser, { lang, isForAxe: lang !== 'ja' })
      for (const one of all) await seePage(page, one, { lang, site: site.url })
    }),
  )
})

async function seePage(
  page: Page,
  one: ReaderPage,
  { lang, site }: { lang: string; site: string },
): Promise<void> {
  const { name } = one
  const answer = await visit(page, site, one)
  const html = page.locator('html')
  const said = {
    name,
    isAnswered: answer !== null && answer.status() < 500,
    lang: await html.getAttribute('lang'),
    dir: await html.getAttribute('dir'),
    headings: await page.locator('h1').count(),
  }
  const dir = lang === 'ar' ? 'rtl' : 'ltr'
  expect(said).toEqual({ name, isAnswered: true, lang, dir, headings: 1 })
  const shown = `${name}-${lang}`
  if (lang === 'ja') return lookAtWords(page, shown)
  // What can be seen of a page differs by its direction; how it is used does not.
  if (lang === 'ar') return look(page, shown, onPhone)
  await look(page, shown)
  await tabThrough(page, name)
}

/** Comes to a page as a reader does, by its link or by its form. */
async function visit(
  page: Page,
  site: string,
  { path, fields, headers = {} }: ReaderPage,
): Promise<Response | null> {
  const url = path.startsWith('/') ? site + path : `${site}/mailshot/${path}`
  if (!fields) return page.goto(url)
  // A browser lets nobody choose the Origin of a form.
  await page.route(url, async (route) => {
    const response = await route.fetch({
      method: 'POST',
      postData: new URLSearchParams(fields).toString(),
      headers: {
        ...route.request().headers(),
        'content-type': 'application/x-www-form-urlencoded',
        origin: site,
        ...headers,
      },
    })
    await route.fulfill({ response })
  })
  const answer = await page.goto(url)
  await page.unroute(url)
  return answer
}
