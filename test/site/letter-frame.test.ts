import { describe, expect, it, onTestFinished } from 'vitest'
import { startBuiltSite } from '../built-site.ts'
import { openBrowser } from '../open-browser.ts'

describe('a mail with a design of its own, in the archive', () => {
  it('is as tall as its text, and its links lead out of its frame', async () => {
    const { page, url } = await readAtlas()
    await page.goto(url)
    const mail = page.frameLocator('iframe')
    await mail.getByRole('heading', { name: 'Et aussi' }).waitFor()
    const frame = page.locator('iframe')
    await expect.poll(() => frame.evaluate(hiddenHeight)).toBe(0)

    await page.context().route('https://lisiere.example/**', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: '<script>document.title = "runs"</script>',
      }),
    )
    const opened = page.waitForEvent('popup')
    await mail.getByRole('link', { name: 'Choisir mes trois cartes' }).click()
    const popup = await opened
    await popup.waitForLoadState()
    // What a mail links to is free of the mail's sandbox.
    expect(await popup.title()).toBe('runs')
    await mail.getByRole('link', { name: 'vos préférences' }).click()
    await page.waitForURL('**/mailshot/subscribe')
  })

  it('scrolls in its frame where no script runs, and can be opened alone', async () => {
    const { page, url } = await readAtlas({ javaScriptEnabled: false })
    await page.goto(url)
    await page.frameLocator('iframe').getByText('Et aussi').waitFor()
    await page.getByRole('link', { name: 'Ouvrir la lettre en pleine page' }).click()
    await page.waitForURL('**?mail')
    await page.getByText('Et aussi').waitFor()
    expect(await page.getByText('désinscrire').count()).toBe(0)
  })
})

function hiddenHeight(frame: Element): number {
  const root = frame instanceof HTMLIFrameElement && frame.contentDocument?.documentElement
  return root ? Math.max(0, root.scrollHeight - frame.clientHeight) : -1
}

/** A browser, and where the letter is on a site that has sent it. */
async function readAtlas(options: { javaScriptEnabled?: boolean } = {}) {
  const prepare: NonNullable<Parameters<typeof startBuiltSite>[0]>['prepare'] = async (site) => {
    await site.mailshot('subscribers', 'add', 'zoe@example.org', '--list', 'product', '--confirmed')
    await site.mailshot('send', '2026-12-atlas', '--yes')
    // It has no images that a site would have to serve before.
    await site.mailshot('deliver', '--until-done')
  }
  const site = await startBuiltSite({ prepare })
  const browser = await openBrowser()
  onTestFinished(() => browser.close())
  const context = await browser.newContext({ locale: 'fr-FR', ...options })
  return { page: await context.newPage(), url: `${site.url}/newsletters/2026-12-atlas` }
}
