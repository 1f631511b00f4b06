import { experimental_AstroContainer as AstroContainer } from 'astro/container'
import { DomUtils, parseDocument } from 'htmlparser2'
import { describe, expect, it } from 'vitest'
import LinksPage from '../../integrations/mailshot/components/pages/LinksPage.astro'
import InvitePage from '../../integrations/mailshot/components/pages/InvitePage.astro'
import NoticePage from '../../integrations/mailshot/components/pages/NoticePage.astro'
import PreferencesPage from '../../integrations/mailshot/components/pages/PreferencesPage.astro'
import StopPage from '../../integrations/mailshot/components/pages/StopPage.astro'
import SubscribePage from '../../integrations/mailshot/components/pages/SubscribePage.astro'
import UnsubscribePage from '../../integrations/mailshot/components/pages/UnsubscribePage.astro'
import Page from '../../integrations/mailshot/components/Page.astro'
import { linksPage } from '../../integrations/mailshot/pages/links.ts'
import { invitePage } from '../../integrations/mailshot/pages/invite.ts'
import { lostPage } from '../../integrations/mailshot/pages/notice.ts'
import { preferencesPage } from '../../integrations/mailshot/pages/preferences.ts'
import { stopPage } from '../../integrations/mailshot/pages/stop.ts'
import { subscribePage } from '../../integrations/mailshot/pages/subscribe.ts'
import { unsubscribePage } from '../../integrations/mailshot/pages/unsubscribe.ts'
import { sendIdNumbers } from '../../integrations/mailshot/send/id.ts'
import { freshLink } from '../../integrations/mailshot/subscriber/own-link.ts'
import { subscribe } from '../../integrations/mailshot/subscriber.ts'
import { signToken, type TokenPurpose } from '../../integrations/mailshot/token.ts'
import { openTestMailshot, type TestMailshot, testSecret } from '../open-test-mailshot.ts'
import { get, pageOf, post } from '../pages/visit.ts'
import { addReaders } from '../people.ts'
import { startFixture } from '../start-fixture.ts'

const hostile = '"><script>alert(1)</script>'
const ownScript = [{ type: 'module', src: expect.stringContaining('SignUpForm.astro') }]

describe('NoticePage', () => {
  it('is a whole page in the reader’s language, with one heading and where to go', async () => {
    const { mailshot } = await open()
    const request = get('confirm/x', { 'accept-language': 'en' })
    const html = await render(NoticePage, { page: lostPage(mailshot.config, request) })
    expect(html).toMatch(/<html lang="en"/)
    expect(html).toMatch(/<title>This link does not work/)
    expect(html.match(/<h1/g)).toHaveLength(1)
    expect(html).toContain('<a href="mailto:redac@example.org">Write to us</a>')
    expect(html).toContain('<a href="/mailshot/subscribe?lang=en">Subscribe</a>')
  })
})

describe('SubscribePage', () => {
  it('runs from right to left in Arabic, with the site’s own words in their own direction', async () => {
    const { mailshot } = await open()
    const request = get('subscribe', { 'accept-language': 'ar-EG, fr;q=0.5' })
    const html = await render(SubscribePage, {
      page: pageOf(await subscribePage(mailshot, request)),
    })
    expect(html).toMatch(/<html lang="ar" dir="rtl"/)
    expect(html).toMatch(/<bdi lang="fr">Hebdo<\/bdi>/)
    expect(elements(html, 'a', { hreflang: 'pt-BR' })).toMatchObject([{ lang: 'pt-BR' }])
  })

  it('leads from the list of mistakes, which has the focus, to each field, and says there what is wrong', async () => {
    const { mailshot } = await open()
    const page = pageOf(await subscribePage(mailshot, post('subscribe', { email: hostile })))
    const html = await render(SubscribePage, { page })
    expect(html).toMatch(/<title>À corriger – Recevez nos nouvelles/)
    expect(html).toMatch(/<section class="mailshot-mistakes"[^>]* tabindex="-1" autofocus/)
    expect(html).toContain('<a href="#mailshot-email">')
    expect(elements(html, 'input', { name: 'email' })).toMatchObject([
      {
        id: 'mailshot-email',
        'aria-invalid': 'true',
        // Its name is its label alone: what is wrong would be read twice.
        'aria-labelledby': 'mailshot-email-label',
        'aria-describedby': 'mailshot-email-error',
      },
    ])
    expect(html).toMatch(/id="mailshot-email-label">\s*Adresse e-mail\s*</)
    expect(html).toMatch(/id="mailshot-email-error">\s*Nous ne pouvons pas écrire à cette adresse/)
    expect(html).toContain('<a href="#mailshot-lists">')
    expect(elements(html, 'input', { id: 'mailshot-lists' })).toMatchObject([{ name: 'list' }])
    expect(elements(html, 'fieldset')).toMatchObject([
      { 'aria-describedby': 'mailshot-lists-error' },
    ])
  })

  it('shows the site’s own fields by their kinds, each with what is wrong beside it', async () => {
    const mailshot = await openTestMailshot({
      fields: {
        city: { form: 'required' },
        plan: { type: 'choice', choices: { pro: hostile }, form: 'required' },
        born: { type: 'date', form: 'optional' },
        terms: { type: 'consent', label: 'Oui', form: 'required' },
      },
    })
    const form = { email: 'zoe@', 'field-city': ' ', 'field-born': hostile }
    const page = pageOf(await subscribePage(mailshot, post('subscribe', form)))
    const html = await render(SubscribePage, { page })
    expect(elements(html, 'script')).toEqual(ownScript)
    expect(elements(html, 'input', { name: 'field-born' })).toMatchObject([
      { type: 'date', value: hostile, id: 'mailshot-field-born' },
    ])
    expect(elements(html, 'option')).toMatchObject([{}, { value: 'pro' }])
    expect(elements(html, 'select', { name: 'field-plan' })).toMatchObject([
      { required: '', 'aria-invalid': 'true', 'aria-describedby': 'mailshot-field-plan-error' },
    ])
    expect(elements(html, 'input', { name: 'field-terms' })).toMatchObject([
      { type: 'checkbox', value: 'yes', 'aria-describedby': 'mailshot-field-terms-error' },
    ])
    const links = elements(html, 'a').flatMap(({ href = '' }) => /^#(.*)/.exec(href)?.[1] ?? [])
    const ids = links.map((id) => html.split(` id="${id}"`).length - 1)
    expect(links).toContain('mailshot-field-city')
    expect(ids).toEqual(links.map(() => 1))
  })

  it('gives back what was typed as text, whatever it is', async () => {
    const { mailshot } = await open()
    const fields = { email: hostile, name: hostile, form: hostile, lang: hostile, list: hostile }
    const page = pageOf(await subscribePage(mailshot, post('subscribe', fields)))
    const html = await render(SubscribePage, { page })
    expect(elements(html, 'script')).toEqual(ownScript)
    for (const name of ['email', 'name', 'form']) {
      expect(elements(html, 'input', { name })).toMatchObject([{ value: hostile }])
    }
  })
})

describe('InvitePage', () => {
  it('leads from the list of mistakes to each address, and gives back what was typed as text', async () => {
    const mailshot = await openTestMailshot({ signUp: { invitations: true } })
    await subscribe(mailshot, zoe)
    const token = signToken([testSecret], 'invite', [1])
    const request = post('invite/x', { email: ['ann@example.org', hostile], list: 'weekly' })
    const html = await render(InvitePage, {
      page: pageOf(await invitePage(mailshot, request, token)),
    })
    expect(elements(html, 'script')).toEqual([])
    expect(html).toContain('<a href="#mailshot-guest-2">')
    expect(elements(html, 'input', { name: 'email' })).toMatchObject([
      { value: 'ann@example.org' },
      {
        value: hostile,
        id: 'mailshot-guest-2',
        'aria-invalid': 'true',
        'aria-describedby': 'mailshot-guest-2-error',
      },
    ])
  })
})

describe('UnsubscribePage', () => {
  it('asks with the lists as choices, and posts to its own address', async () => {
    const { html } = await unsubscribing()
    expect(html).toMatch(/<legend[^>]*>Que souhaitez-vous ne plus recevoir à l’adresse/)
    expect(html.match(/<form[^>]*>/g)).toEqual([
      '<form class="mailshot-form" method="post">',
      '<form class="mailshot-form" method="post">',
    ])
    expect(html).toContain('name="leave" value="chosen"')
    expect(html).toContain('name="leave" value="everything"')
  })

  it('shows a hostile title as text', async () => {
    const { html } = await unsubscribing()
    expect(html).toContain('Produits &lt;b&gt;')
  })
})

describe('PreferencesPage', () => {
  it('shows what the person gets, and a hostile name as text', async () => {
    const { mailshot, sign } = await open()
    await subscribe(mailshot, { ...zoe, name: hostile })
    const request = get('preferences/x?saved=1')
    const page = await preferencesPage(mailshot, request, sign('preferences', [1]))
    const html = await render(PreferencesPage, { page: pageOf(page) })
    expect(elements(html, 'script')).toEqual([])
    expect(elements(html, 'input', { name: 'name' })).toMatchObject([{ value: hostile }])
    expect(html).toMatch(
      /<p class="mailshot-done" role="status"[^>]* autofocus[^>]*>\s*C’est enregistré/,
    )
    expect(elements(html, 'input', { checked: '' })).toMatchObject([
      { value: 'weekly' },
      { value: 'product' },
    ])
    expect(elements(html, 'option', { selected: '' })).toMatchObject([{ value: 'fr', lang: 'fr' }])
  })

  it('says beside a field what is wrong, leads there, and names each button’s deed', async () => {
    const { mailshot } = await open()
    await subscribe(mailshot, zoe)
    const person = { id: 1, email: 'zoe@example.org' }
    const fresh = freshLink(mailshot.config, person, mailshot.now()).url.split('/').at(-1)
    const request = post('preferences/x', { do: 'change-address', email: hostile })
    const page = await preferencesPage(mailshot, request, fresh)
    const html = await render(PreferencesPage, { page: pageOf(page) })
    expect(elements(html, 'script')).toEqual([])
    expect(html).toContain('<a href="#mailshot-email">')
    expect(elements(html, 'input', { id: 'mailshot-email' })).toMatchObject([
      { value: hostile, 'aria-invalid': 'true', 'aria-describedby': 'mailshot-email-error' },
    ])
    const deeds = elements(html, 'button', { name: 'do' }).map(({ value }) => value)
    expect(deeds).toEqual([
      'save',
      'pause',
      'leave-everything',
      'change-address',
      'export-html',
      'export-json',
    ])
    const slip = post('preferences/x', { do: 'change-address', email: 'new@gmial.com' })
    const asked = pageOf(await preferencesPage(mailshot, slip, fresh))
    const asking = await render(PreferencesPage, { page: asked })
    expect(elements(asking, 'button', { name: 'email-choice' })).toMatchObject([
      { value: 'new@gmail.com' },
      { value: 'new@gmial.com' },
    ])
    expect(elements(asking, 'input', { type: 'hidden', name: 'do' })).toMatchObject([
      { value: 'change-address' },
    ])
  })
})

describe('LinksPage', () => {
  it('asks for one address, and gives back a hostile one as text', async () => {
    const { mailshot } = await open()
    const page = await linksPage(mailshot, post('links', { email: hostile }))
    const html = await render(LinksPage, { page: pageOf(page) })
    expect(elements(html, 'script')).toEqual([])
    expect(elements(html, 'input', { name: 'email' })).toMatchObject([
      { value: hostile, 'aria-invalid': 'true' },
    ])
  })
})

describe('StopPage', () => {
  it('shows figures by name, and a button for what can be done', async () => {
    const { mailshot, sign } = await open()
    await addReaders(mailshot, 2)
    const { send } = await startFixture(mailshot, 'hello')
    const token = sign('stop', sendIdNumbers(send.id) ?? [])
    const page = pageOf(await stopPage(mailshot, get('stop/x'), token))
    const html = await render(StopPage, { page })
    expect(html).toMatch(/<dt[^>]*>Destinataires<\/dt>\s*<dd[^>]*>0<\/dd>/)
    expect(html).toMatch(/<progress max="1" value="0" aria-label="Programmé"/)
    expect(html).toContain('<button class="mailshot-button" name="do" value="pause"')
    expect(html).toContain(`<a href="/mailshot/stop/${token}?cancel=1"`)
  })

  it('shows by its colour the button that cannot be undone, in the middle of the site’s page', async () => {
    const { mailshot, sign } = await open()
    await addReaders(mailshot, 1)
    const { send } = await startFixture(mailshot, 'hello')
    const token = sign('stop', sendIdNumbers(send.id) ?? [])
    const page = pageOf(await stopPage(mailshot, get('stop/x?cancel=1'), token))
    const html = await render(StopPage, { page })
    expect(html).toMatch(/<button class="mailshot-button mailshot-button-final">\s*Arrêter/)
    expect(html).toContain('<div class="mailshot mailshot-page"')
  })
})

describe('Page', () => {
  it('is a document in the language and direction given, with the way home and the postal address', async () => {
    const html = await render(Page, { title: 'Titre', lang: 'ar', dir: 'rtl' })
    expect(html).toMatch(/<html lang="ar" dir="rtl"/)
    expect(html).toContain('<title>Titre · Lisière</title>')
    expect(html).toMatch(/<header[^>]*>\s*<a href="\/"[^>]*>Lisière<\/a>/)
    expect(html).toContain('12, rue des Tanneurs, 38000 Grenoble, France')
    expect(html).not.toMatch(/<script|https?:/)
  })
})

const zoe = {
  email: 'zoe@example.org',
  lang: 'fr',
  lists: ['weekly', 'product'],
  consent: { source: 'command' as const },
  confirmed: true,
}

async function open() {
  const mailshot: TestMailshot = await openTestMailshot({
    lists: { weekly: { title: 'Hebdo' }, product: { title: 'Produits <b>' } },
  })
  const sign = (purpose: TokenPurpose, ids: number[]) => signToken([testSecret], purpose, ids)
  return { mailshot, sign }
}

async function unsubscribing() {
  const { mailshot, sign } = await open()
  await subscribe(mailshot, zoe)
  const token = sign('unsubscribe', [1, 0])
  const page = pageOf(await unsubscribePage(mailshot, get(`unsubscribe/${token}`), token))
  return { html: await render(UnsubscribePage, { page }) }
}

/** The attributes of every element of that name which has these. */
function elements(html: string, name: string, having: Record<string, string> = {}) {
  return DomUtils.getElementsByTagName(name, parseDocument(html))
    .map(({ attribs }) => attribs)
    .filter((attribs) => Object.entries(having).every(([key, value]) => attribs[key] === value))
}

type Component = Parameters<AstroContainer['renderToString']>[0]

async function render(component: Component, props: Record<string, unknown>): Promise<string> {
  const container = await AstroContainer.create()
  return container.renderToString(component, { props })
}
