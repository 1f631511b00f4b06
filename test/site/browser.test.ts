import type { Browser, BrowserContextOptions, Locator, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import en from '../../integrations/mailshot/texts/en.json' with { type: 'json' }
import fr from '../../integrations/mailshot/texts/fr.json' with { type: 'json' }
import { type BuiltSite, startBuiltSite } from '../built-site.ts'
import { farApart, look, onPhone } from '../look.ts'
import { openBrowser } from '../open-browser.ts'
import type { ReadMail } from '../smtp-server.ts'
import { tabThrough } from '../tab-through.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())

describe('in a browser', () => {
  it('a French reader signs up, is helped with mistakes, confirms, and chooses', async () => {
    const site = await startBuiltSite()
    const words = fr.pages
    const page = await open('fr-FR')
    await page.goto(`${site.url}/mailshot/subscribe`)

    // As a browser that checks nothing by itself.
    await page.locator('form').evaluateAll((forms) => {
      for (const form of forms) form.setAttribute('novalidate', '')
    })
    await page.getByRole('button', { name: words.form.button }).click()
    await page.getByText(words.form.noEmail).first().waitFor()
    expect(await page.title()).toContain(words.mistake)

    await page.getByLabel(words.form.email).fill('zoe@example.org')
    await page.getByLabel(words.form.name).fill('Zoé')
    await page.getByLabel('Ville').fill('Lyon')
    await page.getByLabel('La lettre du vendredi').check()
    await page.getByRole('button', { name: words.form.button }).click()
    await page.getByRole('heading', { level: 1, name: words.subscribe.asked.heading }).waitFor()

    const [confirmation] = await mails(site, 'zoe@example.org', 1)
    await page.goto(linkIn(confirmation, '/confirm/'))
    await page.getByRole('button', { name: words.confirm.button }).click()
    await page.getByRole('heading', { level: 1, name: words.confirm.confirmed.heading }).waitFor()

    await page.getByRole('link', { name: words.links.preferences }).click()
    expect(await page.getByLabel('Ville').inputValue()).toBe('Lyon')
    await page.getByRole('button', { name: words.preferences.save, exact: true }).click()
    await page.getByText(words.preferences.saved).waitFor()

    const { pause } = words.preferences
    const inAWeek = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10)
    await page.getByLabel(pause.until).fill(inAWeek)
    await page.getByRole('button', { name: pause.button, exact: true }).click()
    await page.getByRole('button', { name: pause.end }).click()
    await page.getByText(pause.ended).waitFor()
    // The confirmation and the welcome, then the link that opens the rest.
    await mails(site, 'zoe@example.org', 2)
    await page.getByRole('button', { name: words.preferences.fresh.button }).click()
    const ownLink = (await mails(site, 'zoe@example.org', 3)).at(-1)
    await page.goto(linkIn(ownLink, '/preferences/'))
    await page.getByRole('link', { name: words.data.erase }).click()
    await page.getByRole('link', { name: words.erase.back }).click()

    await page.getByRole('link', { name: words.links.invite }).click()
    await page.getByLabel('Adresse e-mail 2').fill('ami@example.org')
    await page.getByLabel('Adresse e-mail 1').fill('amie@example.org')
    await page.getByRole('button', { name: words.invite.button }).click()
    await page.getByRole('heading', { level: 1, name: words.invite.done.heading }).waitFor()
    const [invitation] = await mails(site, 'ami@example.org', 1)
    expect(invitation?.text).toContain('zoe@example.org')
    await page.goto(linkIn(invitation, '/confirm/'))
    await page.getByRole('button', { name: words.confirm.button }).waitFor()
  })

  it('a visitor signs up on a page of the site, where the form stands', async () => {
    const site = await startBuiltSite()
    const { form: words, abuse, subscribe, refusals } = fr.pages
    const page = await open('fr-FR')
    await page.goto(site.url)
    const [first, second] = await twoForms(page)
    await second.getByRole('button', { name: words.button }).click()
    await second.getByRole('link', { name: words.noEmail }).waitFor()
    expect(await isFocused(page, '#second .mailshot-mistakes')).toBe(true)

    await first.getByLabel('Ville').evaluate((city: HTMLInputElement) => {
      city.value = 'x'.repeat(70_000)
    })
    await first.getByRole('button', { name: words.button }).click()
    await first.getByRole('heading', { name: refusals.tooLarge.heading }).waitFor()
    await first.getByLabel('Ville').fill('Lyon')
    await first.getByRole('button', { name: words.button }).click()
    await first.getByRole('link', { name: words.noEmail }).click()
    expect(await isFocused(page, '#first [name=email]')).toBe(true)
    await first.getByRole('textbox', { name: words.email }).waitFor()
    await look(page, 'sign-up-in-place-fr', onPhone)

    await page.route(`${site.url}/`, withStrictPolicy)
    await page.goto(site.url)
    const form = page.locator('.mailshot:has(form)')
    await signUpAtHome(form, 'ana@example.org')
    await page.getByRole('heading', { level: 2, name: subscribe.asked.heading }).waitFor()
    expect(await isFocused(page, '.mailshot > h2')).toBe(true)
    expect(page.url()).toBe(`${site.url}/`)

    await page.goto(site.url)
    await signUpAtHome(form, 'zoe@gmial.com')
    const yes = abuse.use.replace('{suggestion}', 'zoe@gmail.com')
    await form.getByRole('button', { name: yes }).waitFor()
    await page.route('**/mailshot/subscribe', withoutFetch)
    await form.getByRole('button', { name: yes }).click()
    await page.getByRole('heading', { level: 1, name: subscribe.asked.heading }).waitFor()
    expect(page.url()).toBe(`${site.url}/mailshot/subscribe?asked=1&lang=fr`)

    const plain = await open('fr-FR', { javaScriptEnabled: false })
    await plain.goto(site.url)
    await signUpAtHome(plain.locator('form'), 'leo@example.org')
    await plain.getByRole('heading', { level: 1, name: subscribe.asked.heading }).waitFor()
    const readers = ['zoe@gmail.com', 'ana@example.org', 'leo@example.org']
    await Promise.all(readers.map((reader) => mails(site, reader, 1)))
  })

  it('an English reader looks at the mail, leaves, takes it back, and leaves everything', async () => {
    const site = await startBuiltSite({ prepare: addReader })
    const words = en.pages.unsubscribe
    const page = await open('en-GB')
    const [newsletter] = await send(site)

    await page.goto(linkIn(newsletter, '/view/'))
    await page.getByRole('heading', { name: /golden beeches/ }).waitFor()
    await page.goto(linkIn(newsletter, '/unsubscribe/'))
    await page.getByRole('button', { name: words.button }).click()
    await page.getByRole('heading', { level: 1, name: words.left.heading }).waitFor()
    expect(await statusOf(site)).toEqual(['unsubscribed'])

    await page.getByRole('button', { name: words.undoButton }).click()
    await page.getByRole('heading', { level: 1, name: words.undone.heading }).waitFor()
    expect(await statusOf(site)).toEqual(['active'])

    await page.goto(linkIn(newsletter, '/unsubscribe/'))
    await page.getByRole('button', { name: words.everything }).click()
    await page.getByRole('heading', { level: 1, name: words.leftEverything.heading }).waitFor()
    expect(await statusOf(site)).toEqual(['unsubscribed'])
  })

  it('a visitor reads the archive, in the language of the letter', async () => {
    const site = await startBuiltSite({ prepare: addReader })
    const page = await open('fr-FR')
    await send(site)

    await page.goto(`${site.url}/newsletters`)
    await look(page, 'archive-fr')
    await page.getByRole('link', { name: /la forêt change de couleur/ }).click()
    await page.waitForURL('**/newsletters/2026-10-automne**')
    expect(await page.title()).toContain('la forêt change de couleur')
    await look(page, 'letter-fr')
    await page.goto(site.url)
    await look(page, 'home-fr')
    await readInTheirs(site, 'ar')
    await readInTheirs(site, 'ja')
  })

  it('the operator stops a send by the link in a mail, asked once more before the end', async () => {
    const site = await startBuiltSite({ prepare: addReader, env: { MAILSHOT_PACE: '1/hour' } })
    const words = fr.pages.stop
    await site.mailshot('subscribers', 'add', 'two@example.org', '--list', 'weekly', '--confirmed')
    await site.mailshot('send', '2026-10-automne', '--yes')
    const [alarm] = await mails(site, 'lettre@lisiere.example', 1)
    const page = await open('fr-FR')
    await page.goto(linkIn(alarm, '/stop/'))
    await look(page, 'stop-fr')
    await tabThrough(page, 'stop')
    await page.getByRole('button', { name: words.pause }).click()
    await page.getByRole('button', { name: words.resume }).waitFor()
    await page.getByRole('link', { name: words.cancel }).click()
    await look(page, 'stop-sure-fr')
  })

  it('an editor sees what will look how, and whose link is cut what to do', async () => {
    const site = await startBuiltSite()
    await seePreviews(site)
    const page = await open('en-GB')
    for (const path of ['unsubscribe', 'confirm', 'preferences', 'view', 'stop']) {
      const answer = await page.goto(`${site.url}/mailshot/${path}/cut`)
      expect(answer?.status()).toBe(404)
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(en.pages.lost.heading)
    }
    await page.getByRole('link', { name: en.pages.links.sendLinks }).click()
    await page.getByLabel(en.pages.form.email).fill('ann@example.org')
    await page.getByRole('button', { name: en.pages.sendLinks.button }).click()
    const heading = en.pages.sendLinks.asked.heading
    const asked = page.getByRole('heading', { level: 1, name: heading })
    // Whoever fills it in within two seconds is asked to press again.
    const doubted = page.getByText(en.pages.abuse.press)
    await asked.or(doubted).waitFor()
    if (await doubted.isVisible()) {
      await page.getByRole('button', { name: en.pages.sendLinks.button }).click()
    }
    await asked.waitFor()
    expect((await page.goto(`${site.url}/newsletters/none`))?.status()).toBe(404)
  })
})

/** As a server may set it, which knows nothing of Astro's own scripts. */
async function withStrictPolicy(route: Route): Promise<void> {
  const response = await route.fetch()
  const headers = { ...response.headers(), 'content-security-policy': "script-src 'self'" }
  await route.fulfill({ response, headers })
}

async function withoutFetch(route: Route): Promise<void> {
  if (route.request().resourceType() === 'fetch') await route.abort()
  else await route.continue()
}

/** The form of a page, and another one below, as a footer may have it. */
async function twoForms(page: Page): Promise<[Locator, Locator]> {
  await page.locator('.mailshot:has(form)').evaluate((frame) => {
    frame.id = 'first'
    const copy = frame.cloneNode(true)
    frame.after(copy)
    if (copy instanceof HTMLElement) copy.id = 'second'
  })
  return [page.locator('#first'), page.locator('#second')]
}

async function isFocused(page: Page, selector: string): Promise<boolean> {
  return page.locator(selector).evaluate((element) => element === document.activeElement)
}

async function signUpAtHome(form: Locator, email: string): Promise<void> {
  await form.getByLabel(fr.pages.form.email).fill(email)
  await form.getByLabel('La lettre du vendredi').check()
  await form.getByRole('button', { name: fr.pages.form.button }).click()
}

/** The archive and a letter, whose words around it are in the reader's language. */
async function readInTheirs({ url }: BuiltSite, lang: string): Promise<void> {
  const page = await open(lang)
  await page.goto(`${url}/newsletters`)
  await look(page, `archive-${lang}`, onPhone)
  await page.getByRole('link', { name: /la forêt change de couleur/ }).click()
  await page.waitForURL('**/newsletters/2026-10-automne**')
  await look(page, `letter-${lang}`, onPhone)
}

async function seePreviews(site: BuiltSite): Promise<void> {
  const page = await open('fr-FR')
  await page.goto(`${site.url}/mailshot/preview/2026-10-automne`)
  await look(page, 'preview-fr')
  await page.goto(`${site.url}/mailshot/preview`)
  await look(page, 'preview-list-fr', farApart)
  await page
    .getByRole('link', { name: /welcome|bienvenue/i })
    .first()
    .click()
  await page.waitForURL('**/preview/**')
  await look(page, 'preview-letter-fr', farApart)
}

async function open(locale: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ locale, ...options })
  onTestFinished(() => context.close())
  return context.newPage()
}

async function addReader({ mailshot }: Pick<BuiltSite, 'mailshot'>) {
  await mailshot(
    'subscribers',
    'add',
    'ann@example.org',
    '--list',
    'weekly',
    '--lang',
    'en',
    '--confirmed',
  )
}

async function send(site: BuiltSite): Promise<ReadMail[]> {
  await site.mailshot('send', '2026-10-automne', '--yes')
  const found = await mails(site, 'ann@example.org', 1)
  await site.mailshot('status', '2026-10-automne', '--watch')
  return found
}

async function mails({ smtp }: BuiltSite, address: string, count: number): Promise<ReadMail[]> {
  const found = () => smtp.messages.filter((mail) => mail.envelope.to.includes(address))
  while (found().length < count) await smtp.waitForMessages(smtp.messages.length + 1)
  return Promise.all(found().map((mail) => mail.read()))
}

const shown = z.tuple([z.object({ subscriptions: z.array(z.object({ status: z.string() })) })])

async function statusOf({ json }: BuiltSite, address = 'ann@example.org'): Promise<unknown[]> {
  const [{ subscriptions }] = shown.parse(await json('subscribers', 'show', address))
  return subscriptions.map(({ status }) => status)
}

function linkIn(mail: ReadMail | undefined, part: string): string {
  const link = mail?.text.split(/[\s<>()]+/).find((word) => word.includes(part))
  if (link === undefined) throw new Error(`no link to ${part} in:\n${mail?.text}`)
  return link
}
