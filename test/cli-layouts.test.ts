import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openAstroSite } from './astro-site.ts'
import { markdown } from './campaign-folder.ts'

const slug = '2026-06-cards'

describe('a layout that is an Astro component, on the command line', () => {
  test('is checked, and previewed with the site’s components and data in it', async () => {
    const site = openAstroSite()

    const checked = await site.mailshot('check')
    const { code } = await site.mailshot('preview', slug, '--out', 'look')

    expect(checked).toEqual({ code: 0, out: '1 campaign checked: all is well\n', err: '' })
    expect(code).toBe(0)
    const html = readFileSync(join(site.folder, `look/${slug}.fr.html`), 'utf8')
    expect(html).toContain('<h1>Les sorties</h1>')
    expect(html).toContain('season=été&amp;from=2026-06-cards')
    expect(html).toContain('border-top:4px solid #1f5c41')
    expect(html).toContain('src="data:image/png')
  })

  test('tells each mistake where it was made', async () => {
    const { code, out } = await openAstroSite({
      ...campaign('braces', '<mjml><mj-style>.a { color: red }</mj-style></mjml>'),
      ...campaign(
        'throws',
        '---\nconst [first] = []\nconst { name } = first\n---\n<mjml>{name}</mjml>',
      ),
      ...campaign(
        'within',
        "---\nimport Bad from '../../src/components/Bad.astro'\n---\n<mjml><Bad /></mjml>",
      ),
      'src/components/Bad.astro': "---\n\nthrow new Error('no walks\\nat all')\n---\n",
      ...campaign('missing', "---\nimport X from './nowhere.astro'\n---\n<mjml><X /></mjml>"),
      ...campaign('away', "---\nreturn Astro.redirect('/x')\n---\n<mjml></mjml>"),
      ...campaign(
        'styled',
        "---\nimport Styled from '../../src/components/Styled.astro'\n---\n<mjml><Styled /></mjml>",
      ),
      'src/components/Styled.astro': '<p>x</p>\n<style>p { color: red }</style>',
      ...campaign(
        'picture',
        "---\nimport logo from './logo.png'\n---\n<mjml><slot /><mj-image src={logo.src} /></mjml>",
      ),
      ...campaign('lot', '<mjml><slot />{Math.random()}</mjml>'),
    }).mailshot('check', ...'away braces lot missing picture styled throws within'.split(' '))

    expect(code).toBe(1)
    expect(
      out
        .match(/^.*cannot be rendered.*\n.*|^.*(?:is not MJML|<style>|imported|different).*\n.*/gm)
        ?.join('\n'),
    ).toMatchInlineSnapshot(`
      "campaigns/layouts/away.astro:1: error: the layout "away" is not MJML: it outputs nothing
          → let the component output <mjml>…</mjml>, and nothing before it
      campaigns/layouts/braces.astro:1: error: the layout "braces" cannot be rendered: Expected \`}\` but found \`:\`
          → mend it; a { begins an expression, unless its element says is:raw, as in <mj-style is:raw>
      campaigns/layouts/lot.astro:1: error: the layout "lot" comes out different each time: a mail must be the same wherever and whenever it is compiled
          → take out what depends on time or chance: new Date(), Math.random()
      campaigns/layouts/missing.astro:1: error: the layout "missing" cannot be rendered: Failed to load url ./nowhere.astro (resolved id: ./nowhere.astro) in campaigns/layouts/missing.astro. Does the file exist?
          → correct the path of the import, from the file that has it; or install the package
      campaigns/layouts/picture.astro:1: error: the imported picture logo.png: each build gives it another address
          → put the file beside the layout, and write its name: src="logo.png"
      campaigns/layouts/styled.astro:1: error: a component with a <style> in a mail layout: Astro takes it out of the mail, so its <p> would look otherwise
          → style it by attributes, or by an <mj-style is:raw> of the layout
      campaigns/layouts/throws.astro:3: error: the layout "throws" cannot be rendered: Cannot destructure property 'name' of 'first' as it is undefined.
          → open the component at that line; where it expects something, see that the campaign or the data has it
      src/components/Bad.astro:3: error: the layout "within" cannot be rendered: no walks
          → open the component at that line; where it expects something, see that the campaign or the data has it"
    `)
  })

  test('keeps stdout for the result, whatever a component writes', async () => {
    const layout =
      "---\nconsole.log('hello')\n---\n<mjml><mj-body><mj-text><slot /></mj-text></mj-body></mjml>"
    const { out, err } = await openAstroSite(campaign('loud', layout)).mailshot(
      'check',
      'loud',
      '--json',
    )

    expect(JSON.parse(out)).toMatchObject({ campaigns: [{ slug: 'loud' }] })
    expect(err).toContain('hello')
  })

  test('gets the site’s content collections, in a fresh checkout too', async () => {
    const { out, err } = await openAstroSite({
      'src/content.config.ts': [
        "import { defineCollection } from 'astro:content'",
        "import { glob } from 'astro/loaders'",
        "const loader = glob({ pattern: '*.json', base: 'src/shops' })",
        'export const collections = { shops: defineCollection({ loader }) }',
      ].join('\n'),
      'src/shops/die.json': '{ "name": "Chez Inès" }',
      ...campaign(
        'shops',
        "---\nimport { getCollection } from 'astro:content'\nconst [shop] = await getCollection('shops')\n---\n<mjml><mj-body><mj-text><slot />{`{{ ${shop.data.name} }}`}</mj-text></mj-body></mjml>",
      ),
    }).mailshot('check', 'shops')

    expect(err).toBe('')
    expect(out).toContain('{{ Chez Inès }}')
  })

  test('needs a site of Astro’s', async () => {
    const { code, out } = await openAstroSite({ 'astro.config.mjs': undefined }).mailshot('check')

    expect(code).toBe(1)
    expect(out).toMatch(
      /^campaigns\/layouts\/cards\.astro:1: error: the layout "cards" cannot be rendered: it is an Astro component, and .* is no Astro site: it has no astro\.config\.mjs$/m,
    )
  })

  test('says why the site’s Astro does not start', async () => {
    const config = "throw new Error('SITE_URL is missing')"
    const { code, out } = await openAstroSite({ 'astro.config.mjs': config }).mailshot('check')

    expect(code).toBe(1)
    expect(out).toContain("the site's Astro does not start: SITE_URL is missing\n")
  })
})

/** A campaign with a layout of its own name. */
function campaign(name: string, layout: string): Record<string, string> {
  return {
    [`campaigns/${name}.md`]: markdown('Bonjour', `layout: ${name}`),
    [`campaigns/layouts/${name}.astro`]: layout,
  }
}
