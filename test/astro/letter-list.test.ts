import { experimental_AstroContainer as AstroContainer } from 'astro/container'
import { describe, expect, it } from 'vitest'
import type { Letter } from '../../integrations/mailshot/archive.ts'
import LetterList from '../../integrations/mailshot/components/LetterList.astro'

const letter: Letter = {
  slug: '2026-10-automne',
  url: 'https://example.org/newsletters/2026-10-automne/fr',
  lang: 'fr',
  dir: 'ltr',
  langs: ['en', 'fr'],
  title: 'La forêt <change>',
  preheader: 'Six jours & pas un de plus',
  sentAt: Date.UTC(2026, 9, 31, 23, 30),
  body: { kind: 'content', html: '' },
}

describe('LetterList', () => {
  it('links each letter under a heading of the level asked for', async () => {
    const html = await render({ heading: 'h3' })
    expect(html).toMatch(/<h3[^>]*>\s*<a href="\/newsletters\/2026-10-automne\/fr" hreflang="fr"/)
    expect(html.match(/<li/g)).toHaveLength(1)
  })

  it('writes the day as the site’s zone and the page’s language have it', async () => {
    // The example site is in Paris, where it is November already.
    expect(await render({ lang: 'fr' })).toMatch(
      /<time datetime="2026-10-31T23:30:00.000Z"[^>]*>1 novembre 2026</,
    )
    expect(await render({ lang: 'en' })).toContain('>November 1, 2026<')
  })

  it('says the language of what an author wrote, and escapes it', async () => {
    const html = await render({ lang: 'en' })
    expect(html).toMatch(/<div lang="fr" dir="ltr"/)
    expect(html).toContain('La forêt &lt;change&gt;')
    expect(html).toContain('Six jours &amp; pas un de plus')
  })
})

async function render(props: { lang?: string; heading?: 'h2' | 'h3' }): Promise<string> {
  const container = await AstroContainer.create()
  return container.renderToString(LetterList, {
    props: { lang: 'fr', letters: [letter], ...props },
  })
}
