import { cp, readFile, writeFile } from 'node:fs/promises'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, onTestFinished, test } from 'vitest'
import { formatProblem, readCampaign } from '../integrations/mailshot/campaign.ts'
import { compileCampaign, type Template } from '../integrations/mailshot/compile.ts'
import type { MailshotConfigInput } from '../integrations/mailshot/config.ts'
import { composeSample, type Reader } from '../integrations/mailshot/message.ts'
import { compileOnly, markdown, mjml, readOnly } from './campaign-folder.ts'
import { testConfig } from './open-test-mailshot.ts'

/** The mail that a body makes for a sample reader. */
async function mailOf(
  files: Record<string, string | Uint8Array>,
  reader: Partial<Reader> = {},
  overrides: Partial<MailshotConfigInput> = {},
) {
  const { config, compiled } = await compileOnly(files, overrides)
  return composeSample(config, compiled, reader)
}

/** A picture as a camera writes it: turned by its EXIF, with a description in it. */
function photo(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: '#c80' } })
    .withExif({ IFD0: { ImageDescription: 'at home' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer()
}

function compiledFrom(files: Record<string, string | Uint8Array>) {
  return readOnly(files).then(({ config, campaign }) => compileCampaign(config, campaign))
}

const kinds = (template: Template | undefined) =>
  template?.filter((part) => typeof part === 'object') ?? []

describe('compileCampaign, from Markdown', () => {
  test('puts Markdown into the layout, with the words of its language', async () => {
    const { html } = await mailOf({ 'a.md': markdown('# Titre\n\nUn **mot**', 'lang: en') })
    expect(html).toMatch(/<h1[^>]*>Titre<\/h1>/)
    expect(html).toMatch(/<strong[^>]*>mot<\/strong>/)
    expect(html).toContain('Unsubscribe')
    expect(html).toContain('The News')
    expect(html).toContain('1 rue du Port, 31000 Toulouse')
    expect(html).toMatch(/<html[^>]* lang="en"[^>]* dir="ltr"/)
  })

  test('turns the mail round for a language written from the right', async () => {
    const { html } = await mailOf({ 'a.md': markdown('x', 'lang: ar') })
    expect(html).toMatch(/<html[^>]* lang="ar"[^>]* dir="rtl"/)
  })

  test('escapes the site’s own texts', async () => {
    const { html } = await mailOf({ 'a.md': markdown('x') }, {}, { title: 'Fish & <Chips>' })
    expect(html).toContain('Fish &amp; &lt;Chips&gt;')
    expect(html).not.toContain('<Chips>')
  })

  test('fills the layout’s parameters, its defaults where the campaign says nothing', async () => {
    const layout = `---\nparams:\n  accent: "#111111"\n  width: 400px\n---\n${plainLayout}`
    const files = {
      'a.md': markdown('x', 'layout: own', 'params: { accent: "#222222" }'),
      'layouts/own.mjml': layout,
    }
    const { html } = await mailOf(files)
    expect(html).toContain('color:#222222')
    expect(html).toContain('max-width:400px')
  })

  test('knows the site and the words in Markdown too', async () => {
    const { html, text } = await mailOf({
      'a.md': markdown(
        '[{{ site.title }}]({{ site.url }}/x) {{ words.unsubscribe }} {{ site.url }}/{{ nom | default: "x" }}',
      ),
    })
    expect(html).toMatch(
      /<a href="https:\/\/example\.org\/x"[^>]*>Les Nouvelles<\/a> Se désinscrire/,
    )
    expect(text).toMatch(
      /^Les Nouvelles \(https:\/\/example\.org\/x\) Se désinscrire https:\/\/example\.org\/Camille%20Martin\n/,
    )
  })

  test('keeps block tags on their own lines apart from paragraphs and lists', async () => {
    const body =
      '- un\n{% if city %}\n- deux {{ city }}\n{% endif %}\n- trois\n\nTexte\n{% unless city %}\nRien\n{% endunless %}\nFin'
    const { html, text } = await mailOf({ 'a.md': markdown(body) }, { attributes: { city: '' } })
    expect(html).not.toMatch(/<p[^>]*>\s*<\/p>|<li[^>]*>\s*<\/li>|deux/)
    expect(text).toMatch(/^\* un\n\n \* trois\n\nTexte\n\nRien\n\nFin\n/)
  })

  test('takes conditions inside a line, a link and a table', async () => {
    const body =
      '| a | b |\n|---|---|\n| {% if city %}{{ city }}{% else %}?{% endif %} | [x](https://a.org/{% if city %}oui{% endif %}) |'
    const { html } = await mailOf({ 'a.md': markdown(body) })
    expect(html).toMatch(/<td[^>]*>city<\/td>/)
    expect(html).toContain('href="https://a.org/oui"')
  })

  test('takes conditions and loops around the rows of a table', async () => {
    const body =
      '| a | b |\n|---|--:|\n{% if city %}\n| {{ city }} | d |\n{% else %}\n| e | f |\n{% endif %}\n{% for l in listes %}\n| L={{ l }} | g |\n{% endfor %}\n'
    const files = { 'a.md': markdown(body) }
    const { html, text } = await mailOf(files, {
      attributes: { city: '' },
      lists: ['weekly', 'product'],
    })
    expect(
      html.match(/<td[^>]*>[^<]*<\/td>/g)?.map((cell) => cell.replace(/<[^>]*>/g, '')),
    ).toEqual(['e', 'f', 'L=weekly', 'g', 'L=product', 'g'])
    expect(html).toMatch(/<tbody[^>]*>\s*<tr/)
    expect(text).toMatchInlineSnapshot(`
      "a b
      e f
      L=weekly g
      L=product g

      -- 
      Voir dans le navigateur (https://example.org/mailshot/view/sample)
      Se désinscrire (https://example.org/mailshot/unsubscribe/sample)
      Les Nouvelles, 1 rue du Port, 31000 Toulouse
      "
    `)
  })

  test('leaves a table whole that a condition stands around', async () => {
    const body = '{% if city %}\n| a | b |\n|---|---|\n| c | d |\n{% endif %}\nFin'
    const { html } = await mailOf({ 'a.md': markdown(body) }, { attributes: { city: '' } })
    expect(html).not.toMatch(/<td[^>]*>[cd]<|<t(?:able|head|body|h)[^>]*>\s*<\/t/)
    expect(html).toMatch(/<p[^>]*>Fin<\/p>/)
    const behind = '| a | b |\n|---|---|\n| c | d |\n{% if city %}\nTexte\n{% endif %}'
    expect((await mailOf({ 'a.md': markdown(behind) })).html).toMatch(/<p[^>]*>Texte<\/p>/)
  })

  test('writes a link with a condition whole for the readers of each branch', async () => {
    const link =
      '[y]({% if plan == "pro" %}https://a.org/{{ nom | default: "x" }}{% else %}{{ url_view }}{% endif %})'
    const mail = (plan: string) => mailOf({ 'a.md': markdown(link) }, { attributes: { plan } })
    for (const [plan, address] of [
      ['pro', 'https://a.org/Camille%20Martin'],
      ['free', 'https://example.org/mailshot/view/sample'],
    ] as const) {
      const { html, text } = await mail(plan)
      expect(html).toContain(`<a href="${address}"`)
      expect(text).toContain(`y (${address})`)
    }
  })

  test('writes the text part as people type it', async () => {
    const body =
      '# Titre\n\nUn [lien](https://a.org/x), https://b.org et\nla suite.\n\n1. un\n2. deux\n\n> cité\n\n![une image](https://a.org/i.png)'
    const { text } = await mailOf({ 'a.md': markdown(body) })
    expect(text).toMatchInlineSnapshot(`
      "Titre

      Un lien (https://a.org/x), https://b.org et la suite.

       1. un
       2. deux

      > cité

      [une image]

      -- 
      Voir dans le navigateur (https://example.org/mailshot/view/sample)
      Se désinscrire (https://example.org/mailshot/unsubscribe/sample)
      Les Nouvelles, 1 rue du Port, 31000 Toulouse
      "
    `)
  })

  test('keeps the foot of the text part apart from a condition that ends it', async () => {
    const files = { 'a.md': markdown('- un\n\n{% if city %}\n- deux\n{% endif %}') }
    expect((await mailOf(files)).text).toMatch(/^\* un\n+ ?\* deux\n\n-- \n/)
    const without = await mailOf(files, { attributes: { city: '' } })
    expect(without.text).toMatch(/^\* un\n{2,3}-- \n/)
    const loop = { 'a.md': markdown('{% for l in listes %}\n- {{ l }}\n{% endfor %}') }
    const { text } = await mailOf(loop, { lists: ['weekly', 'product'] })
    expect(text).toMatch(/^ ?\* weekly\n+ ?\* product\n\n-- \n/)
  })

  test('prefers a text part that the author wrote, and ends it with what is missing', async () => {
    const text =
      'Salut {{ nom | default: "toi" }}\n{% if city %}\nDe {{ city }}\n{% endif %}\n{{ url_unsubscribe }}\n'
    const mail = await mailOf({ 'a/fr.md': markdown('x'), 'a/fr.txt': text })
    expect(mail.text).toMatchInlineSnapshot(`
      "Salut Camille Martin
      De city
      https://example.org/mailshot/unsubscribe/sample

      -- 
      Voir dans le navigateur (https://example.org/mailshot/view/sample)
      Les Nouvelles, 1 rue du Port, 31000 Toulouse
      "
    `)
  })

  test('lets no beginning of the mail follow the preheader', async () => {
    const { html } = await mailOf({
      'a.md': markdown('x', 'preheader: Un <mot> pour {{ nom | default: "vous" }}'),
    })
    expect(html).toMatch(
      /display:none[^>]*>Un &lt;mot&gt; pour Camille Martin(?:&#847;&zwnj;&nbsp;){50}/,
    )
  })

  test('shows the beginning of the mail where there is no preheader', async () => {
    const { html } = await mailOf({ 'a.md': markdown('Le début') })
    expect(html).not.toMatch(/&zwnj;|\u200c/)
    expect(html.indexOf('display:none;font-size:1px')).toBe(-1)
  })

  test('keeps block tags inside a list item and a code block', async () => {
    const body =
      '- un\n\n  {% if city %}\n  oui\n  {% endif %}\n\n- deux\n\n```\n{% if city %}\ncode\n{% endif %}\n```'
    const { html } = await mailOf({ 'a.md': markdown(body) })
    expect(html.match(/<ul/g)).toHaveLength(1)
    expect(html).not.toMatch(/&lt;!--|--&gt;/)
  })

  test('drops comments, with what stands in them', async () => {
    const { html } = await mailOf({
      'a.md': markdown(
        'Un<!-- {{ nope }} {% if %} secret -->\n\n{% comment %}\n{{ secret }}\n{% endcomment %}\nDeux',
      ),
    })
    expect(html).not.toContain('secret')
    expect(html).toContain('Deux')
  })

  test('shows comments that stand in code', async () => {
    const { html, text } = await mailOf({
      'a.md': markdown('`<!-- un -->` <!-- deux --> x\n\n```\n<!-- trois\n```'),
    })
    expect(html).toMatch(/&lt;!-- un --(?:&gt;|>)/)
    expect(html).toContain('&lt;!-- trois')
    expect(text).toMatch(/^<!-- un --> +x\n\n<!-- trois\n/)
    expect(html).not.toMatch(/deux/)
  })

  test('makes the site’s own links absolute', async () => {
    const { html } = await mailOf({ 'a.md': markdown('[x](/a?b=1&c=2) ![y](/i.png)') })
    expect(html).toContain('href="https://example.org/a?b=1&amp;c=2"')
    expect(html).toContain('src="https://example.org/i.png"')
  })

  test('survives words that look like its own tokens', async () => {
    const { text } = await mailOf({ 'a.md': markdown('zq0x zqq1x {{ nom | default: "x" }}') })
    expect(text).toMatch(/^zq0x zqq1x Camille Martin\n/)
  })
})

describe('compileCampaign, from MJML', () => {
  test('keeps conditions around whole sections, columns and elements', async () => {
    const body = `{% if city %}
<mj-section>{% if plan == "pro" %}<mj-column><mj-text>PRO {{ city }}</mj-text></mj-column>{% endif %}
<mj-column>{% for l in listes %}<mj-text>L={{ l }}</mj-text>{% endfor %}</mj-column></mj-section>
{% else %}
<mj-wrapper>{% if nom %}<mj-section><mj-column><mj-text>SANS VILLE</mj-text></mj-column></mj-section>{% endif %}</mj-wrapper>
{% endif %}`
    const mail = (attributes: Record<string, string>) =>
      mailOf({ 'a.mjml': mjml(body) }, { attributes })
    const pro = await mail({ city: 'Paris', plan: 'pro' })
    expect(pro.html).toContain('PRO Paris')
    expect(pro.html).toContain('L=weekly')
    expect(pro.html).not.toContain('SANS VILLE')
    expect((await mail({ city: 'Paris', plan: 'free' })).html).not.toContain('PRO')
    const without = await mail({ city: '', plan: 'pro' })
    expect(without.html).toContain('SANS VILLE')
    expect(without.text).not.toContain('L=')
  })

  test('gives the mail a language, a title and a preheader where it has none', async () => {
    const { html } = await mailOf({
      'a.mjml': mjml('').replace('---\n<mjml>', 'preheader: Un mot\n---\n<mjml>'),
    })
    expect(html).toMatch(/<html lang="fr" dir="ltr"/)
    expect(html).toContain('<title>Bonjour</title>')
    expect(html).toContain('>Un mot&#847;')
  })

  test('leaves the author’s own title and preheader alone', async () => {
    const head = '<mj-head><mj-title>Le titre</mj-title><mj-preview>Le mot</mj-preview></mj-head>'
    const { html } = await mailOf({ 'a.mjml': mjml('', head) })
    expect(html).toContain('<title>Le titre</title>')
    expect(html).toContain('>Le mot&#847;')
    expect(html.match(/display:none;font-size:1px/g)).toHaveLength(1)
  })

  test('leaves compact style sheets as they are written', async () => {
    const css = '@media print{.a{color:red}}.b{width:50%}'
    const { html } = await mailOf({
      'a.mjml': mjml('', `<mj-head><mj-style>${css}</mj-style></mj-head>`),
    })
    expect(html).toContain(css)
  })

  test('writes a parameter into a style sheet as CSS, which it cannot end', async () => {
    const layout = `---\nparams:\n  font: Arial\n---\n${plainLayout.replaceAll('{{ params.width }}', '400px').replaceAll('{{ params.accent }}', 'red')}`
    const styled = layout.replace(
      '<mjml>',
      '<mjml><mj-head><mj-style>p { font-family: {{ params.font }} }</mj-style></mj-head>',
    )
    const mail = (font: string) =>
      mailOf({
        'a.md': markdown('x', 'layout: own', `params: { font: "${font}" }`),
        'layouts/own.mjml': styled,
      })
    expect((await mail("'Foo & Bar', serif")).html).toContain(
      "p { font-family: 'Foo & Bar', serif }",
    )
    expect((await mail('</style><b>')).html).not.toContain('</style><b>')
  })

  test('puts the lawful footer where it is asked for', async () => {
    const { html, text } = await mailOf({ 'a.mjml': mjml('') })
    expect(html).toContain('href="https://example.org/mailshot/unsubscribe/sample"')
    expect(html).toContain('Se désinscrire')
    expect(text).toContain('1 rue du Port, 31000 Toulouse')
    expect(text.match(/unsubscribe/g)).toHaveLength(1)
  })

  test('fetches no fonts', async () => {
    const { html } = await mailOf({
      'a.mjml': mjml(
        '<mj-section><mj-column><mj-text font-family="Roboto, Arial">x</mj-text></mj-column></mj-section>',
      ),
    })
    expect(html).not.toContain('fonts.googleapis')
  })
})

describe('compileCampaign, with images', () => {
  test('serves them upright, at most 1200 px wide, without what the camera wrote', async () => {
    const { media, compiled } = await compiledFrom({
      'a.md': markdown('![Une photo](p.jpg)'),
      'p.jpg': await photo(1000, 2400),
    })
    const [file] = media
    const metadata = await sharp(file?.bytes).metadata()
    expect(metadata).toMatchObject({ width: 1200, height: 500, format: 'jpeg' })
    expect(metadata.exif).toBeUndefined()
    expect(file).toMatchObject({ type: 'image/jpeg', ext: 'jpg' })
    const [before] = compiled.variants['fr']?.html ?? []
    expect(before).toContain(`src="https://example.org/mailshot/media/${file?.hash}.jpg"`)
    expect(before).toMatch(/width="552"[^>]*max-width: 100%/)
  })

  test('turns what Outlook cannot show into PNG', async () => {
    const webp = await sharp(await photo(8, 8))
      .webp()
      .toBuffer()
    const { media } = await compiledFrom({ 'a.md': markdown('![x](p.webp)'), 'p.webp': webp })
    expect(media[0]?.type).toBe('image/png')
    expect((await sharp(media[0]?.bytes).metadata()).format).toBe('png')
  })

  test('serves an image once that several languages and places show', async () => {
    const { media } = await compiledFrom({
      'a/fr.md': markdown('![x](p.jpg) ![y](p.jpg)'),
      'a/en.mjml': mjml(
        '<mj-section background-url="p.jpg"><mj-column><mj-image src="p.jpg" alt="x" /></mj-column></mj-section>',
      ),
      'a/p.jpg': await photo(8, 8),
    })
    expect(media).toHaveLength(1)
  })

  test('names an image by its own bytes, so that another one has another address', async () => {
    const hashOf = async (bytes: Buffer) =>
      (await compiledFrom({ 'a.md': markdown('![x](p.jpg)'), 'p.jpg': bytes })).media[0]?.hash
    expect(await hashOf(await photo(8, 8))).toBe(await hashOf(await photo(8, 8)))
    expect(await hashOf(await photo(8, 8))).not.toBe(await hashOf(await photo(8, 9)))
  })

  test('finds images whose names hold spaces and accents', async () => {
    const { html } = await mailOf({
      'a.md': markdown('![x](<une école.jpg>) ![y](une%20école.jpg)'),
      'une école.jpg': await photo(8, 8),
    })
    expect(html.match(/\/media\/\w+\.jpg/g)).toHaveLength(2)
  })

  test('shows the images of a layout', async () => {
    const layout = `<mjml><mj-body><mj-section><mj-column><mj-image src="logo.jpg" alt="Logo" />
      <mj-text>{{ content }} <a href="{{ url_unsubscribe }}">x</a></mj-text></mj-column></mj-section></mj-body></mjml>`
    const { html } = await mailOf({
      'a.md': markdown('x', 'layout: own'),
      'layouts/own.mjml': layout,
      'layouts/logo.jpg': await photo(8, 8),
    })
    expect(html).toMatch(/src="https:\/\/example\.org\/mailshot\/media\/\w+\.jpg"/)
  })
})

const fixtures = join(import.meta.dirname, 'fixtures/campaigns')
const golden = '2026-05-golden'

async function goldenHash(campaigns: string, overrides: Partial<MailshotConfigInput> = {}) {
  const config = testConfig({ campaigns, ...overrides }, campaigns)
  const { compiled, problems } = await compileCampaign(config, await readCampaign(config, golden))
  expect(problems.map(formatProblem)).toEqual([])
  return compiled.hash
}

/** The same files as a checkout on Windows has them, in another folder. */
async function windowsCheckout(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mailshot-golden-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  await cp(fixtures, folder, { recursive: true })
  for (const name of [`${golden}/fr.md`, `${golden}/en.md`, 'layouts/plain.mjml']) {
    const text = await readFile(join(folder, name), 'utf8')
    await writeFile(join(folder, name), text.replaceAll('\n', '\r\n'))
  }
  return folder
}

describe('compileCampaign', () => {
  test('gives the same hash on every machine', async () => {
    // Changes only with what is mailed: look at the mail before writing a new one here.
    expect(await goldenHash(fixtures)).toBe(
      'cf450c614baca24c78527a48ab90b2ef84bbc97a749929ddfeda231cfc92dd8f',
    )
    expect(await goldenHash(await windowsCheckout())).toBe(await goldenHash(fixtures))
  })

  test('gives another hash when a word, the layout or the site changes, not when a list or a date does', async () => {
    const compiled = async (...head: string[]) =>
      (await compiledFrom({ 'a.md': markdown('x', ...head) })).compiled.hash
    const plain = await compiled()
    expect(await compiled('lists: [product]', 'send: 2026-12-01 09:00', 'archive: false')).toBe(
      plain,
    )
    expect(await compiled('subject: Autre')).not.toBe(plain)
    expect(await compiled('from: a@example.org')).not.toBe(plain)
    expect(await compiled('track: { clicks: true }')).not.toBe(plain)
    expect(await goldenHash(fixtures, { postalAddress: 'elsewhere' })).not.toBe(
      await goldenHash(fixtures),
    )
  })

  test('keeps plain outputs as segments, and block tags among them', async () => {
    const { compiled } = await compileOnly({
      'a.md': markdown(
        '{% if nom %}\n[x]({{ url_view }}) {{ nom }}\n{% endif %}',
        'subject: {{ nom | default: "x" }}',
      ),
    })
    const variant = compiled.variants['fr']
    expect(kinds(variant?.subject)).toEqual([{ output: 'nom | default: "x"', escape: 'header' }])
    expect(kinds(variant?.html)).toContainEqual({ output: 'url_view', escape: 'url' })
    expect(kinds(variant?.html)).toContainEqual({ tag: 'if nom' })
    expect(kinds(variant?.text).at(0)).toEqual({ tag: 'if nom' })
  })

  test('says how large the HTML is', async () => {
    const { compiled } = await compileOnly({ 'a.md': markdown('x'.repeat(50_000)) })
    expect(compiled.variants['fr']?.size).toBeGreaterThan(50_000)
  })

  test('still compiles what has a mistake, for a preview', async () => {
    const { config, campaign } = await readOnly({ 'a.md': markdown('Bonjour {{ nope }}') })
    const { compiled, problems } = await compileCampaign(config, campaign)
    expect(problems.map(({ what }) => what)).toEqual(['unknown merge field "nope"'])
    expect(composeSample(config, compiled).text).toMatch(/^Bonjour \n/)
  })
})

const plainLayout = `<mjml><mj-body width="{{ params.width }}"><mj-section><mj-column>
<mj-text color="{{ params.accent }}">{{ content }} <a href="{{ url_unsubscribe }}">x</a></mj-text>
</mj-column></mj-section></mj-body></mjml>`
