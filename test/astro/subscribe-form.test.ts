import { experimental_AstroContainer as AstroContainer } from 'astro/container'
import { describe, expect, it, onTestFinished } from 'vitest'
import { notePeer } from '../../integrations/mailshot/client-address.ts'
import SubscribeBox from '../../integrations/mailshot/components/SubscribeBox.astro'
import SubscribeForm from '../../integrations/mailshot/components/SubscribeForm.astro'
import { boxNames, readBoxes } from '../../integrations/mailshot/pages/box.ts'
import { subscribeTicked } from '../../integrations/mailshot/site-sign-up.ts'
import config from '../../src/mailshot.config.ts'
import { openTestMailshot } from '../open-test-mailshot.ts'
import { recordOf } from '../subscriber/zoe.ts'

// The lists are those of the example site: weekly and product, both public.
describe('SubscribeForm', () => {
  it('posts to the sign-up page, and says where it stands, in which words, and what it offers', async () => {
    const html = await render({}, '/about')
    expect(html).toMatch(/<form[^>]* method="post" action="\/mailshot\/subscribe"/)
    expect(html).toContain('<input type="hidden" name="form" value="/about">')
    expect(html).toContain('<input type="hidden" name="lang" value="fr">')
    expect(html).toContain('<input type="hidden" name="offered" value="weekly">')
    expect(html).toContain('<input type="hidden" name="offered" value="product">')
  })

  it('labels every field by what stands around it, and gives none an id that another form has', async () => {
    const html = await render({ name: true })
    const labels = html.match(/<label[\s\S]*?<\/label>/g) ?? []
    expect(labels.map((label) => /name="([\w-]+)"/.exec(label)?.[1])).toEqual([
      'list',
      'list',
      'name',
      'email',
      'field-city',
      'comments',
    ])
    expect(html).not.toMatch(/ id="/)
    expect(html).toContain('<legend class="mailshot-label">Je souhaite recevoir</legend>')
  })

  it('has a field for robots that no person sees, hears or comes to, and no time where it is built beforehand', async () => {
    const html = await render({})
    expect(html).toMatch(
      /<label class="mailshot-trap" aria-hidden="true">[^<]+<input name="comments" tabindex="-1"/,
    )
    expect(html).not.toContain('name="since"')
  })

  it('asks for the name only where it is told to', async () => {
    expect(await render({})).not.toContain('name="name"')
  })

  it('leaves no choice where it offers one list, and says which', async () => {
    const html = await render({ lists: ['product'] })
    expect(html).not.toContain('checkbox')
    expect(html).toContain('<input type="hidden" name="list" value="product">')
    expect(html).toContain('Je souhaite recevoir «\u00a0Les nouvelles de l’Atlas\u00a0».')
    expect(html).not.toContain('La lettre du vendredi')
  })

  it('speaks the language it is given, or the site’s where we have no texts in that', async () => {
    expect(await render({ lang: 'en-GB' })).toMatch(/<div class="mailshot" lang="en" dir="ltr"/)
    expect(await render({ lang: 'xx' })).toMatch(/<div class="mailshot" lang="fr" dir="ltr"/)
  })

  it('asks the site’s own fields that readers may fill in, or those it is told to', async () => {
    const html = await render({})
    expect(html).toContain('<input type="hidden" name="asked" value="city">')
    expect(html).toMatch(/Ville[\s\S]*<input type="text" maxlength="500" value name="field-city"/)
    expect(html).not.toContain('field-plan')
    expect(await render({ fields: [] })).not.toContain('field-')
    await expect(render({ fields: ['plan'] })).rejects.toThrow('which readers may not fill in')
  })

  it('says so where there is no list to sign up to', async () => {
    const html = await render({ lists: [] })
    expect(html).not.toContain('<form')
    expect(html).toContain('Aucune de nos lettres n’est ouverte aux inscriptions')
  })

  it('takes a class of the site’s', async () => {
    expect(await render({ class: 'aside' })).toContain('<div class="mailshot aside"')
  })

  it('tells the developer of a list that nobody may sign up to', async () => {
    await expect(render({ lists: ['weeky'] }, '/about')).rejects.toThrow(
      'the sign-up form at /about offers "weeky", which is no public list in mailshot.config.ts (public: weekly, product)',
    )
  })

  it('writes no script into the page, and takes nothing from another server', async () => {
    const html = await render({ name: true })
    expect(html.match(/<script[^>]*>[^<]*/g)).toEqual([
      expect.stringMatching(/^<script type="module" src="[^":]+SignUpForm\.astro[^":]*">$/),
    ])
    expect(html).not.toMatch(/https?:/)
  })
})

describe('SubscribeBox', () => {
  it('asks for a list within another form, unticked, and can be read from what that posts', async () => {
    const html = await render({ list: 'weekly', lang: 'en' }, '/', SubscribeBox)
    expect(html).not.toMatch(/<form|checked/)
    expect(html).toMatch(/I would also like to get “The Friday letter” by email\./)
    const [list = '', lang = ''] = ['checkbox', 'hidden'].map(
      (type) => new RegExp(`type="${type}" name="([\\w-]+)"`).exec(html)?.[1],
    )
    const form = formOf([list, 'weekly'], [list, 'hidden'], [lang, 'en'])
    expect(readBoxes(config, form)).toEqual({ lists: ['weekly'], lang: 'en' })
  })

  it('is asked for by one call, which counts from where', async () => {
    const mailshot = await openTestMailshot({
      abuse: { limits: { client: '1/hour' } },
      proxies: [],
    })
    const { secrets, abuse, proxies } = mailshot.config
    const open = { ...mailshot, config: { ...config, secrets, abuse, proxies } }
    globalThis.astroMailshot = { config, mailshot: Promise.resolve(open) }
    onTestFinished(() => void (globalThis.astroMailshot = undefined))
    const request = new Request('https://example.org/register', { method: 'POST' })
    notePeer(request, '203.0.113.7')
    const by = { email: 'zoe@example.org', form: 'registration', request }
    const ticked = formOf([boxNames.list, 'weekly'], [boxNames.lang, 'en'])

    expect(await subscribeTicked(new FormData(), by)).toEqual({ status: 'not-ticked' })
    expect(await subscribeTicked(ticked, { ...by, email: 'zoe@' })).toMatchObject({
      status: 'invalid',
      problems: [{ field: 'email' }],
    })
    expect(await subscribeTicked(ticked, by)).toEqual({ status: 'asked' })
    expect(await recordOf(mailshot)).toMatchObject({
      lang: 'en',
      consents: [{ list: 'weekly', source: 'api', form: 'registration', ip: '203.0.113.0' }],
    })
    expect(await subscribeTicked(ticked, { ...by, email: 'ana@example.org' })).toEqual({
      status: 'too-many',
      againAt: expect.any(Number),
    })
  })

  it('tells the developer of a list that nobody may sign up to', async () => {
    await expect(render({ list: 'weeky' }, '/', SubscribeBox)).rejects.toThrow(
      'a sign-up box is for "weeky", which is no public list in mailshot.config.ts',
    )
  })
})

function formOf(...fields: [string, string][]): FormData {
  const form = new FormData()
  for (const [name, value] of fields) form.append(name, value)
  return form
}

type Component = Parameters<AstroContainer['renderToString']>[0]

async function render(
  props: Record<string, unknown>,
  path = '/',
  component: Component = SubscribeForm,
): Promise<string> {
  const container = await AstroContainer.create()
  const request = new Request(`https://example.org${path}`)
  return container.renderToString(component, { props, request })
}
