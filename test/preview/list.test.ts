import { describe, expect, it } from 'vitest'
import { withAstroLayouts } from '../../integrations/mailshot/astro-layouts.ts'
import type { ReadOptions } from '../../integrations/mailshot/campaign.ts'
import type { MailshotConfig } from '../../integrations/mailshot/config.ts'
import { previewList } from '../../integrations/mailshot/preview/list.ts'
import exampleConfig from '../../src/mailshot.config.ts'
import { campaignFolder, markdown } from '../campaign-folder.ts'
import { breaking, breakingCampaign } from './look-at.ts'

describe('previewList', () => {
  it('lists the example campaigns, newest first, as an inbox shows them', async () => {
    const { campaigns, total, newer, older, example } = await withAstroLayouts((renderLayout) =>
      listOf(exampleConfig, { renderLayout }),
    )
    expect(campaigns.map(({ slug, facts }) => [slug, facts.format, facts.langs.length])).toEqual([
      ['2027-01-voeux', 'Markdown · Lisière', 1],
      ['2026-12-atlas', 'MJML', 1],
      ['2026-11-agenda', 'MJML', 1],
      ['2026-10-automne', 'Markdown · Default letter', 2],
      ['2026-09-rentree', 'Markdown · Default letter', 1],
    ])
    expect(campaigns[4]).toMatchObject({
      href: '/mailshot/preview/2026-09-rentree',
      inbox: {
        from: 'Lisière',
        subject: 'Camille Martin, les sentiers vous attendent',
        snippet: expect.stringMatching(/^Deux jours sous les Picos/),
      },
      facts: {
        source: 'campaigns/2026-09-rentree.md',
        lists: ['La lettre du vendredi'],
        errors: 0,
      },
      isTooLarge: false,
      wrong: undefined,
      thumbnail: '/mailshot/preview/2026-09-rentree/mail.html',
    })
    expect([total, newer, older, example]).toEqual([5, undefined, undefined, undefined])
  })

  it('lists a campaign that is wrong, or cannot be read, with what is wrong first', async () => {
    const config = campaignFolder({
      ...breakingCampaign('1-breaking'),
      '2-broken.mjml': markdown('<mjml><mj-body><mj-colum></mj-body></mjml>'),
      '3-wrong.md': markdown('Hello', 'send: tomorrow'),
    })
    const request = new Request('http://localhost/mailshot/preview')
    const { campaigns } = await previewList(config, { ...breaking, request })
    expect(campaigns).toMatchObject([
      { slug: '3-wrong', wrong: expect.stringContaining('3-wrong.md:4: ') },
      { slug: '2-broken', facts: { errors: expect.any(Number) }, thumbnail: undefined },
      { slug: '1-breaking', facts: { errors: 1 }, wrong: 'it broke off' },
    ])
    expect(campaigns[1]?.facts.errors).toBeGreaterThan(0)
  })

  it('says when each is sent, in the zone of the site', async () => {
    const config = campaignFolder({
      '1.md': markdown('Hello', 'send: 2026-12-01 09:00'),
      '2.md': markdown('Hello', 'send: on-merge'),
    })
    const { campaigns } = await listOf(config)
    expect(campaigns.map(({ facts }) => facts.send)).toEqual([
      'quand son fichier arrive dans la branche principale',
      '1 décembre 2026 à 09:00',
    ])
  })

  it('warns of what Gmail cuts off', async () => {
    const long = 'Many words of a long letter. '.repeat(4000)
    const { campaigns } = await listOf(campaignFolder({ 'long.md': markdown(long) }))
    expect(campaigns).toMatchObject([{ isTooLarge: true, facts: { errors: 0, warnings: 1 } }])
  })

  it('shows many campaigns page by page', async () => {
    const numbers = Array.from({ length: 21 }, (_, index) => String(index + 10))
    const files = numbers.map((number) => [`${number}.mjml`, 'nothing'])
    const config = campaignFolder(Object.fromEntries(files))
    const first = await listOf(config)
    expect(first).toMatchObject({ total: 21, newer: undefined, older: '/mailshot/preview?page=2' })
    expect(first.campaigns).toHaveLength(20)
    const second = await listOf(config, { query: '?page=2' })
    expect(second.campaigns.map(({ slug }) => slug)).toEqual(['10'])
    expect(second).toMatchObject({ newer: '/mailshot/preview?page=1', older: undefined })
    expect((await listOf(config, { query: '?page=99' })).campaigns).toEqual(second.campaigns)
    expect((await listOf(config, { query: '?page=x' })).campaigns).toHaveLength(20)
  })

  it('gives a first campaign to begin with, which is right', async () => {
    const { example, total } = await listOf(campaignFolder({}))
    expect(total).toBe(0)
    const config = campaignFolder({ '2026-11-hello.md': example?.content ?? '' })
    expect((await listOf(config)).campaigns).toMatchObject([
      { slug: '2026-11-hello', facts: { errors: 0, warnings: 0, lists: ['Hebdo'] } },
    ])
    expect(example?.file).toMatch(/\/2026-11-hello\.md$/)
  })

  it('ends its addresses with a slash where the site does', async () => {
    const config = campaignFolder({ 'hello.md': markdown('Hello') }, { trailingSlash: true })
    const { campaigns } = await listOf(config)
    expect(campaigns).toMatchObject([
      {
        href: '/mailshot/preview/hello/',
        thumbnail: '/mailshot/preview/hello/mail.html/',
      },
    ])
  })
})

function listOf(
  config: MailshotConfig,
  { query = '', renderLayout }: ReadOptions & { query?: string } = {},
) {
  const request = new Request(`http://localhost/mailshot/preview${query}`)
  return previewList(config, { request, renderLayout })
}
