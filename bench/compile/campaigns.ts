import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'

/**
 * Writes 50 campaigns as a year of a site has them, the same on every machine: 30 of Markdown in the built-in layout, 5 of
 * them in two languages each, and 15 digests of MJML with 12 sections.
 *
 * @param distinct how many photographs of 1600 × 1067 they share: each letter shows one, each digest four
 */
export async function writeCampaigns(folder: string, distinct: number): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const photos = await Promise.all(Array.from({ length: distinct }, (_, index) => photo(index)))
  const words = wordSource()
  const shown = (index: number) => index % distinct
  const write = (name: string, text: string, images: number[], at = folder) => {
    mkdirSync(at, { recursive: true })
    writeFileSync(join(at, name), text)
    for (const image of images) writeFileSync(join(at, `photo-${image}.jpg`), photos[image] ?? '')
  }
  for (let n = 0; n < 30; n += 1) {
    write(`letter-${pad(n)}.md`, letter(n, shown(n), words), [shown(n)])
  }
  for (let n = 30; n < 35; n += 1) {
    const at = join(folder, `bilingual-${pad(n)}`)
    write('fr.md', letter(n, shown(n), words), [shown(n)], at)
    write('en.md', letter(n, shown(n), words), [shown(n)], at)
  }
  for (let n = 35; n < 50; n += 1) {
    const images = [0, 1, 2, 3].map((step) => shown(n + step * 7))
    write(`digest-${pad(n)}.mjml`, digest(n, images, words), images)
  }
}

type WordSource = (count: number) => string

function letter(n: number, image: number, words: WordSource): string {
  const paragraphs = Array.from({ length: 10 }, () => words(60)).join('\n\n')
  return `---
subject: Lettre n° ${n} : {{ nom | default: "bonjour" }}
preheader: ${words(8)}
lists: [weekly]
---
# ${words(5)}

Bonjour {{ nom | default: "à tous" }},

![${words(4)}](photo-${image}.jpg)

${paragraphs}

## ${words(4)}

{% if plan == "pro" %}
Merci de votre soutien, à {{ city | default: "Toulouse" }} comme ailleurs.
{% else %}
- [${words(3)}](https://news.example.org/${n}/a?utm_source=letter&utm_medium=email)
- **${words(4)}**, ${words(9)}
{% endif %}

| Jour | Lieu | Heure |
| --- | --- | --- |
| ${words(1)} | ${words(2)} | 9 h |
| ${words(1)} | ${words(2)} | 18 h |
`
}

function digest(n: number, images: number[], words: WordSource): string {
  const sections = Array.from({ length: 12 }, (_, index) =>
    section(`${n}/${index}`, index % 3 === 0 ? images[index / 3] : undefined, words),
  )
  return `---
subject: Le digest n° ${n}, {{ nom | default: "et bonjour" }}
preheader: ${words(8)}
lists: [weekly]
---
<mjml lang="fr">
  <mj-head>
    <mj-title>Digest ${n}</mj-title>
    <mj-attributes><mj-all font-family="Helvetica, Arial, sans-serif" /></mj-attributes>
  </mj-head>
  <mj-body background-color="#f4f4f4">
${sections.join('\n')}
    <mj-section><mj-column><mj-text font-size="12px">
      <a href="{{ url_view }}">Voir en ligne</a> · <a href="{{ url_unsubscribe }}">Se désabonner</a><br />
      Les Nouvelles, 1 rue du Port, 31000 Toulouse
    </mj-text></mj-column></mj-section>
  </mj-body>
</mjml>
`
}

function section(path: string, image: number | undefined, words: WordSource): string {
  const shown =
    image === undefined
      ? '<mj-divider border-width="1px" border-color="#cccccc" />'
      : `<mj-image src="photo-${image}.jpg" alt="${words(3)}" />`
  const link = `https://news.example.org/${path}?utm_source=digest&amp;utm_medium=email`
  return `    <mj-section background-color="#ffffff">
      <mj-column width="33%">${shown}</mj-column>
      <mj-column width="67%">
        <mj-text><h2>${words(5)}</h2><p>${words(50)}</p></mj-text>
        <mj-button href="${link}" background-color="#1a4e8a">Lire la suite</mj-button>
      </mj-column>
    </mj-section>`
}

/** Gradients with grain: what costs a JPEG encoder about as much as a photograph. */
async function photo(seed: number): Promise<Buffer> {
  const [width, height] = [1600, 1067]
  const pixels = Buffer.alloc(width * height * 3)
  let chance = seed + 1
  for (let at = 0; at < pixels.length; at += 3) {
    chance = (Math.imul(chance, 1_103_515_245) + 12_345) >>> 0
    const x = (at / 3) % width
    const y = Math.floor(at / 3 / width)
    const grain = (chance >>> 24) / 8
    pixels[at] = 90 + 60 * Math.sin((x + seed * 90) / 130) + grain
    pixels[at + 1] = 110 + 60 * Math.sin((y + x / 2) / 90) + grain
    pixels[at + 2] = 120 + 50 * Math.cos((y - x) / 170) + grain
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer()
}

function wordSource(): WordSource {
  const stock =
    'lisière été forêt chemin où naître sûr montagne œuvre jardin très loin matin clair hiver refuge carte crête'.split(
      ' ',
    )
  let next = 7
  const word = () => {
    next = (Math.imul(next, 1_103_515_245) + 12_345) >>> 0
    return stock[(next >>> 16) % stock.length] ?? ''
  }
  return (count) => Array.from({ length: count }, word).join(' ')
}

function pad(n: number): string {
  return String(n).padStart(2, '0')
}
