import { describe, expect, it } from 'vitest'
import { readCampaign } from '../../integrations/mailshot/campaign.ts'
import type { LayoutProps, RenderLayout } from '../../integrations/mailshot/campaign/layout.ts'
import { renderComponent } from '../../integrations/mailshot/campaign/layout/render.ts'
import { compileCampaign } from '../../integrations/mailshot/compile.ts'
import { renderSiteLayout } from '../../integrations/mailshot/site-layouts.ts'
import exampleConfig from '../../src/mailshot.config.ts'
import { openAstroSite } from '../astro-site.ts'
import fixtureConfig from '../fixtures/astro-site/mailshot.config.ts'

const props: LayoutProps = {
  lang: 'fr',
  dir: 'ltr',
  slug: 'a-slug',
  subject: '{{ subject }}',
  preheader: '{{ preheader }}',
  site: { title: 'Les <Nouvelles>', url: 'https://news.example', address: '1 rue du Port' },
  params: { season: 'hiver' },
}
const loadCards = () => import('../fixtures/astro-site/campaigns/layouts/cards.astro')

describe('renderComponent', () => {
  it('renders the component and those in it, its slot holding the campaign’s place', async () => {
    const mjml = await mjmlOf(loadCards)
    expect(mjml).toContain('<mjml lang="fr" dir="ltr">')
    expect(mjml).toContain('<mj-text>{{ content }}</mj-text>')
    expect(mjml).toMatch(/<mj-text css-class="card">.*Tour &lt;du&gt; plateau.*420 m/s)
    expect(mjml).toContain('.card { color: {{ params.accent }} }')
  })

  it('gives it the campaign’s parameters, else its own', async () => {
    const mjml = await mjmlOf(loadCards)
    expect(mjml).toContain('border-top="4px solid #1f5c41"')
    expect(mjml).toContain('season=hiver&amp;from=a-slug')
  })

  it('lets it know the site', async () => {
    expect(await mjmlOf(loadCards)).toMatch(/Les &lt;Nouvelles&gt;\s*news\.example/)
  })

  it('tells of what its file exports', async () => {
    expect(await renderComponent(loadCards, props)).toMatchObject({
      title: 'Walks on cards',
      params: { accent: '#1f5c41', season: 'summer' },
    })
  })

  it('tells what failed while the file was loaded', async () => {
    const failing = () => Promise.reject(new Error('no such module\nin two lines'))
    expect(await renderComponent(failing, props)).toMatchObject({ why: 'no such module' })
  })

  it('gives the same mail as the command line', async () => {
    const campaigns = 'test/fixtures/astro-site/campaigns'
    const renderLayout: RenderLayout = (_file, given) => renderComponent(loadCards, given)
    const config = { ...fixtureConfig, campaigns }
    const campaign = await readCampaign(config, '2026-06-cards', { renderLayout })
    const { compiled } = await compileCampaign(config, campaign)

    const site = openAstroSite()
    await site.mailshot('init')
    await site.mailshot('subscribers', 'add', 'a@example.org', '--list', 'weekly')
    const { out } = await site.mailshot('send', '2026-06-cards', '--yes', '--json')

    expect(JSON.parse(out)).toMatchObject({ send: { contentHash: compiled.hash } })
  })
})

describe('renderSiteLayout', () => {
  it('renders a layout of the site’s campaigns', async () => {
    const campaign = await readCampaign(exampleConfig, '2027-01-voeux', {
      renderLayout: renderSiteLayout,
    })
    const { body, title } = campaign.variants['fr']?.layout ?? {}
    expect(title).toBe('Lisière')
    expect(body).toContain('samedi 16 janvier</time>, gare de Die')
  })

  it('says that the site was built without a file', async () => {
    expect(await renderSiteLayout('campaigns/layouts/later.astro', props)).toMatchObject({
      why: 'the site was built before this file was there',
    })
  })
})

async function mjmlOf(load: () => Promise<unknown>): Promise<string> {
  const rendered = await renderComponent(load, props)
  return 'mjml' in rendered ? rendered.mjml : rendered.why
}
