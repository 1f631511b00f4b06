import { experimental_AstroContainer as AstroContainer } from 'astro/container'
import { describe, expect, it } from 'vitest'
import type { Letter } from '../../src/archive.ts'
import LetterList from '../../src/components/LetterList.astro'

const letter: Letter = {
  slug: '2026-10-automne',
  lang: 'fr',
  title: 'La forêt <change>',
  preheader: 'Six jours & pas un de plus',
  month: { iso: '2026-10', name: 'octobre 2026' },
  langs: ['fr', 'en'],
  body: { kind: 'content', html: '' },
}

describe('LetterList', () => {
  it('links each letter under a heading of the level asked for', async () => {
    const html = await render([letter], 'h3')
    expect(html).toMatch(/<h3[^>]*>\s*<a href="\/newsletters\/2026-10-automne"/)
    expect(html).toContain('datetime="2026-10"')
  })

  it('escapes what an author wrote', async () => {
    const html = await render([letter], 'h2')
    expect(html).toContain('La forêt &lt;change&gt;')
    expect(html).toContain('Six jours &amp; pas un de plus')
  })
})

async function render(letters: Letter[], heading: 'h2' | 'h3'): Promise<string> {
  const container = await AstroContainer.create()
  return container.renderToString(LetterList, { props: { letters, heading } })
}
