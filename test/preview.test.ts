import { describe, expect, it } from 'vitest'
import { previewCampaign } from '../integrations/mailshot/preview.ts'
import exampleConfig from '../src/mailshot.config.ts'
import { campaignFolder, markdown, mjml } from './campaign-folder.ts'
import { openTestMailshot } from './open-test-mailshot.ts'
import { addReaders } from './people.ts'
import { breaking, breakingCampaign, pageOf, shownOf } from './preview/look-at.ts'

describe('previewCampaign', () => {
  it('shows a mail with its settings, its headers, its parts and what it weighs', async () => {
    const { facts, problems, failure, shown } = await pageOf(exampleConfig, '2026-10-automne')
    expect([problems, failure]).toEqual([[], undefined])
    expect(facts).toMatchObject({
      source: 'campaigns/2026-10-automne/ en.md, fr.md',
      lists: ['La lettre du vendredi'],
      send: 'à la main',
    })
    expect(shown).toMatchObject({
      isVisible: true,
      failure: undefined,
      lang: 'fr',
      weight: { html: expect.any(Number), images: { count: 1 } },
      links: { html: '/mailshot/preview/2026-10-automne/mail.html' },
    })
    expect(Object.fromEntries(shown?.headers ?? [])).toMatchObject({
      From: 'Lisière <lettre@lisiere.example>',
      To: 'Camille Martin <camille@example.org>',
      Subject: 'Camille Martin, la forêt change de couleur',
      'Message-ID': expect.stringMatching(/^<sample\./),
      'List-Unsubscribe': expect.stringMatching(/\/mailshot\/unsubscribe\/sample>$/),
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      Precedence: 'bulk',
    })
    expect(shown?.weight.html).toBeGreaterThan(10_000)
    expect(shown?.weight.eml).toBeGreaterThan(shown?.weight.html ?? Infinity)
  })

  it('says whom of its lists a campaign goes to, and how many that are', async () => {
    const mailshot = await openTestMailshot()
    await addReaders(mailshot, 2)
    await addReaders(mailshot, 1, { from: 3, lang: 'en' })
    const front = 'lists: [weekly]\nsegment: lang = fr\nexclude: [product]'
    const config = campaignFolder({ 'hello.md': `---\nsubject: Hello\n${front}\n---\nHello` })
    const seen = await previewCampaign(config, 'hello', {
      request: new Request('https://example.org/mailshot/preview/hello'),
      openSubscribers: () => Promise.resolve(mailshot),
    })
    expect(seen).toMatchObject({
      campaign: {
        facts: { readers: ['lang = fr', 'sans : list = product', '2 lecteurs sur 3'] },
      },
    })
  })

  it('keeps what the address says in every link', async () => {
    const shown = await shownOf(exampleConfig, '2026-10-automne?name=Zo%C3%A9&scheme=dark')
    const page = '/mailshot/preview/2026-10-automne'
    expect(shown.links.html).toBe(`${page}/mail.html?name=Zo%C3%A9&scheme=dark`)
    expect(shown.scheme).toMatchObject({
      current: 'dark',
      light: `${page}?name=Zo%C3%A9&scheme=light`,
      isOwn: true,
    })
    expect(shown.langs).toMatchObject([
      { value: 'en', href: `${page}?name=Zo%C3%A9&scheme=dark&lang=en`, isCurrent: false },
      { value: 'fr', isCurrent: true },
    ])
  })

  it('shows what is wrong, errors first, and the mail as far as it goes', async () => {
    const long = 'Many words of a long letter. '.repeat(4000)
    const config = campaignFolder({
      'wrong.md': markdown(`Hello {{ nme }}\n\n![](none.png)`, 'lists: [wekly]'),
      'long.md': markdown(long),
    })
    const { problems, facts, shown } = await pageOf(config, 'wrong')
    expect(problems.map(({ line, severity }) => [line, severity])).toEqual(
      expect.arrayContaining([
        [3, 'error'],
        [5, 'error'],
        [7, 'error'],
      ]),
    )
    expect(facts.errors).toBe(problems.length)
    expect(shown?.text).toContain('Hello')
    expect((await pageOf(config, 'long')).facts).toMatchObject({ errors: 0, warnings: 1 })
  })

  it('leaves the fields open where a mail cannot be composed', async () => {
    const config = campaignFolder({
      'broken.md': markdown(
        'Hello {{ nom | nope }} <https://example.org/{{ city }}>',
        'from: a@b.example',
      ),
    })
    const { problems, shown } = await pageOf(config, 'broken')
    expect(problems.length).toBeGreaterThan(0)
    expect(shown?.failure).toContain('nope')
    expect(shown?.text).toContain('Hello {{ nom | nope }}')
    expect(shown).toMatchObject({ headers: [], inbox: { from: 'a@b.example' }, isVisible: true })
  })

  it('says that there is nothing to see where MJML is broken', async () => {
    const config = campaignFolder({ 'broken.mjml': mjml('<mj-section><mj-colum>') })
    expect((await shownOf(config, 'broken')).isVisible).toBe(false)
  })

  it('says why where a campaign cannot even be read', async () => {
    const config = campaignFolder(breakingCampaign('hello'))
    const { failure, shown, facts } = await pageOf(config, 'hello', breaking)
    expect([failure, shown, facts.errors]).toEqual(['it broke off', undefined, 1])
  })

  it('tells a mail that has no colours for dark', async () => {
    const body = '<mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section>'
    const config = campaignFolder({ 'plain.mjml': mjml(body) })
    expect((await shownOf(config, 'plain?scheme=dark')).scheme.isOwn).toBe(false)
  })

  it('leads from a name that is none to those that may be meant', async () => {
    const names = ['2026-05-launch', '2026-06-lunch', '2026-07-other']
    const config = campaignFolder(
      Object.fromEntries(names.map((name) => [`${name}.md`, markdown('Hello')])),
    )
    const near = async (slug: string) => {
      const request = new Request('http://localhost/mailshot/preview/x')
      const preview = await previewCampaign(config, slug, { request })
      return 'unknown' in preview ? preview.unknown.near.map((one) => one.slug) : []
    }
    expect(await near('2026-6-lunch')).toEqual(['2026-06-lunch', '2026-07-other', '2026-05-launch'])
    expect((await near('launch'))[0]).toBe('2026-05-launch')
    expect(await near('../../etc/passwd')).toHaveLength(3)
  })
})
