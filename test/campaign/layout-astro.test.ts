import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatProblem, listCampaigns, readCampaign } from '../../integrations/mailshot/campaign.ts'
import type { LayoutProps, RenderLayout } from '../../integrations/mailshot/campaign/layout.ts'
import { checkCampaigns } from '../../integrations/mailshot/check.ts'
import { compileCampaign } from '../../integrations/mailshot/compile.ts'
import { composeSample } from '../../integrations/mailshot/message.ts'
import { campaignFolder, markdown } from '../campaign-folder.ts'

const leave = '<a href="{{ url_unsubscribe }}">x</a>'

describe('a layout that is an Astro component', () => {
  test('is rendered for each language, with what its author needs', async () => {
    const { asked, renderLayout } = rendererOf(mail('{{ content }}'), {
      params: { accent: 'red', place: 'Die' },
    })
    const config = campaignFolder({
      'launch/fr.md': markdown('Bonjour', 'layout: own', 'params: { accent: blue }'),
      'launch/ar.md': markdown('مرحبا', 'layout: own'),
      'layouts/own.astro': '',
    })

    const campaign = await readCampaign(config, 'launch', { renderLayout })

    const site = {
      title: 'Les Nouvelles',
      url: 'https://example.org',
      address: '1 rue du Port, 31000 Toulouse',
    }
    const words = { subject: '{{ subject }}', preheader: '{{ preheader }}', slug: 'launch', site }
    expect(asked).toContainEqual({ ...words, lang: 'ar', dir: 'rtl', params: {} })
    expect(asked).toContainEqual({ ...words, lang: 'fr', dir: 'ltr', params: { accent: 'blue' } })
    const paramsOf = (lang: string) => campaign.variants[lang]?.layout?.params
    expect(paramsOf('fr')).toEqual({ accent: 'blue', place: 'Die' })
    expect(paramsOf('ar')).toEqual({ accent: 'red', place: 'Die' })
  })

  test('takes the same placeholders as one in MJML, also as Astro escapes them', async () => {
    const output = mail(
      '{{ content }} {{ params.place }} {{ words.unsubscribe }} ' +
        '{{ nom | default: &quot;l&#39;ami &amp; toi&quot; }} {% if listes.size &gt; 0 %}oui{% endif %}',
    )
    const html = await htmlOf(output, { params: { place: 'L’Isle' } })
    expect(html).toContain('L’Isle Se désinscrire Camille Martin oui')
  })

  test('finds the pictures beside it', async () => {
    const picture = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    const html = await htmlOf(mail('{{ content }}<img src="logo.png" alt="" />'), {
      files: { 'layouts/logo.png': picture },
    })
    expect(html).toMatch(/src="https:\/\/example\.org\/mailshot\/media\/\w+\.png"/)
  })

  test('gives the same mail from a development server and from a checkout with CRLF', async () => {
    const output = mail('{{ content }}\n<p>a\n</p>')
    const annotated = output
      .replace(
        '<mj-body>',
        '<mj-body data-astro-source-file="/x/a.astro" data-astro-source-loc="3:1">',
      )
      .replaceAll('\n', '\r\n')
    expect(await htmlOf(annotated)).toBe(await htmlOf(output))
  })

  test('is no campaign', async () => {
    const config = campaignFolder({ 'layouts/own.astro': '', 'card.astro': '', 'a.md': '' })
    expect(await listCampaigns(config)).toEqual(['a'])
  })
})

describe('problems of a layout that is an Astro component', () => {
  test('nothing can render it', async () => {
    expect(await told(undefined)).toMatchInlineSnapshot(
      `"a.md:4: the layout "own" cannot be rendered here: it is an Astro component, and nothing that renders one was given; call it with renderLayout, as the site and the command line do"`,
    )
  })

  test('there is an MJML layout of the same name', async () => {
    const files = { 'layouts/own.mjml': mail('{{ content }}') }
    expect(await told(mail('{{ content }}'), { files })).toMatchInlineSnapshot(
      `"a.md:4: two layouts "own": it may be layouts/own.mjml or layouts/own.astro; keep one of them, or rename one"`,
    )
  })

  test('its name is misspelt', async () => {
    const config = campaignFolder({
      'a.md': markdown('x', 'layout: onw'),
      'layouts/own.astro': '',
    })
    await expect(readCampaign(config, 'a')).rejects.toThrow('did you mean "own"?')
  })

  test('it throws', async () => {
    const place = { file: 'src/components/Card.astro', line: 7 }
    const renderLayout: RenderLayout = async () => ({ why: 'no card', cure: 'mend it', place })
    expect(await told(renderLayout)).toMatchInlineSnapshot(
      `"src/components/Card.astro:7: the layout "own" cannot be rendered: no card; mend it"`,
    )
  })

  test('its parameters are no texts', async () => {
    const component = '---\n\nexport const params = { columns: 3 }\n---\n<mjml />'
    const output = mail('{{ content }}')
    expect(await told(output, { params: { columns: 3 }, component })).toMatchInlineSnapshot(
      `"layouts/own.astro:3: wrong params of a layout: "columns" is not a text; write texts: export const params = { accent: '#1f5c41' }"`,
    )
  })

  test('the campaign sets a parameter that it does not export', async () => {
    const output = mail('{{ content }}')
    const head = 'params: { acent: red }'
    expect(await told(output, { params: { accent: '' }, head })).toMatchInlineSnapshot(
      `"a.md:5: unknown parameter "acent": the layout does not declare it; did you mean "accent"?"`,
    )
  })

  test('it outputs a page, or nothing', async () => {
    expect(await told('<!doctype html>\n<html></html>')).toMatchInlineSnapshot(
      `"layouts/own.astro:1: the layout "own" is not MJML: it outputs <!doctype html>…; let the component output <mjml>…</mjml>, and nothing before it"`,
    )
    expect(await told(' ')).toMatchInlineSnapshot(
      `"layouts/own.astro:1: the layout "own" is not MJML: it outputs nothing; let the component output <mjml>…</mjml>, and nothing before it"`,
    )
  })

  test('it comes out different each time', async () => {
    let count = 0
    const renderLayout: RenderLayout = async () => ({
      mjml: mail(`{{ content }}${(count += 1)}`),
      title: undefined,
      params: undefined,
    })
    expect(await told(renderLayout)).toMatchInlineSnapshot(
      `"layouts/own.astro:1: the layout "own" comes out different each time: a mail must be the same wherever and whenever it is compiled; take out what depends on time or chance: new Date(), Math.random()"`,
    )
  })

  test('it has a <style>, which Astro would take out', async () => {
    const component =
      '<mjml>\n<style is:inline>a { color: red }</style>\n</mjml>\n<style>\n</style>'
    expect(await told(mail('{{ content }}'), { component })).toMatchInlineSnapshot(
      `"layouts/own.astro:4: a <style> in a mail layout: Astro takes it out of the mail; write <mj-style is:raw>, or <style is:inline> in an <mj-raw>"`,
    )
  })

  test('a component in it has a <style>', async () => {
    const byAttribute = mail('{{ content }}<h2 data-astro-cid-yk4hkwyg>x</h2>')
    expect(await told(byAttribute)).toMatchInlineSnapshot(
      `"layouts/own.astro:1: a component with a <style> in a mail layout: Astro takes it out of the mail, so its <h2> would look otherwise; style it by attributes, or by an <mj-style is:raw> of the layout"`,
    )
    const byClass = mail('{{ content }}<h2 class="big astro-yk4hkwyg">x</h2>')
    expect(await told(byClass)).toEqual(await told(byAttribute))
  })

  test('a picture is imported, in development and in a build', async () => {
    const output = mail(
      '{{ content }}<img src="/@fs/home/x/a.png?origWidth=4&amp;origHeight=2" alt="" />' +
        '<img src="/_image?href=%2Fsrc%2Fb.jpg%3ForigWidth%3D4&amp;w=9" alt="" />' +
        '<img src="/_astro/c.D9aYq.webp" alt="" />',
    )
    expect(await told(output)).toMatchInlineSnapshot(`
      "layouts/own.astro:1: the imported picture a.png: each build gives it another address; put the file beside the layout, and write its name: src="logo.png"
      layouts/own.astro:1: the imported picture b.jpg: each build gives it another address; put the file beside the layout, and write its name: src="logo.png"
      layouts/own.astro:1: the imported picture c.D9aYq.webp: each build gives it another address; put the file beside the layout, and write its name: src="logo.png""
    `)
  })

  test('it has no slot', async () => {
    expect(await told(mail(''))).toMatchInlineSnapshot(
      `"layouts/own.astro:1: the layout has no {{ content }}: the campaign would not be in the mail; put <slot /> in an <mj-text>"`,
    )
  })

  test('what it says is wrong: told at its own line', async () => {
    const component = [
      '---',
      '---',
      '<mjml><mj-text><slot /></mj-text>',
      "{'{{ nmo }}'}",
      '<mj-text><script is:inline></script>',
      '<img src="gone.png" alt="" />',
    ].join('\n')
    const output = mail('{{ content }}\n{{ nmo }}\n<script></script><img src="gone.png" alt="" />')
    expect(await told(output, { component })).toMatchInlineSnapshot(`
      "layouts/own.astro:4: unknown merge field "nmo": it is neither built in nor among the fields of mailshot.config.ts; did you mean "nom"?
      layouts/own.astro:5: <script> in a mail: mail clients remove it, and some refuse the mail; link to a page of the site instead
      layouts/own.astro:6: the image gone.png is missing: there is no such file beside the campaign; add the file, or correct its name"
    `)
  })
})

interface Draft {
  /** The source of the component. */
  component?: string
  params?: Record<string, unknown>
  /** A line of the campaign's front matter. */
  head?: string
  files?: Record<string, string | Uint8Array>
}

function mail(body: string): string {
  const text = `<mj-text>${body}${leave}</mj-text>`
  return `<mjml>\n<mj-body><mj-section><mj-column>${text}</mj-column></mj-section></mj-body>\n</mjml>`
}

/** A renderer that outputs a text; what it was asked for is kept. */
function rendererOf(mjml: string, { params }: Draft = {}) {
  const asked: LayoutProps[] = []
  const renderLayout: RenderLayout = async (_file, props) => {
    asked.push(props)
    return { mjml, title: undefined, params }
  }
  return { asked, renderLayout }
}

function folderOf({ component = '', head, files = {} }: Draft) {
  const campaign = markdown('Bonjour', 'layout: own', ...(head === undefined ? [] : [head]))
  return campaignFolder({ 'a.md': campaign, 'layouts/own.astro': component, ...files })
}

async function htmlOf(output: string, draft: Draft = {}): Promise<string> {
  const config = folderOf(draft)
  const { renderLayout } = rendererOf(output, draft)
  const campaign = await readCampaign(config, 'a', { renderLayout })
  const { compiled, problems } = await compileCampaign(config, campaign)
  expect(problems).toEqual([])
  return composeSample(config, compiled).html
}

/** What `check` says when the layout outputs a text, or is rendered so. */
async function told(output: string | RenderLayout | undefined, draft: Draft = {}): Promise<string> {
  const config = folderOf(draft)
  const renderLayout = typeof output === 'string' ? rendererOf(output, draft).renderLayout : output
  const [checked] = await checkCampaigns(config, undefined, { renderLayout })
  const text = checked?.problems.map(formatProblem).join('\n') ?? ''
  return text.replaceAll(join(config.campaigns, '/'), '')
}
