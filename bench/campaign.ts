import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The campaign of the benches. */
export const slug = '2026-11-lettre'

/**
 * Writes a French campaign of a usual shape, the same on every machine: 40 KB of HTML and 5 KB of text, with ten merge
 * fields in twenty places; 54 KB on the wire once quoted-printable has made three to nine bytes of each accent.
 */
export function writeCampaign(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const words = wordSource()
  const articles = Array.from({ length: 24 }, (_, index) => article(index + 1, words))
  writeFileSync(join(folder, `${slug}.mjml`), whole(articles))
  writeFileSync(join(folder, `${slug}.txt`), textPart(words))
}

type WordSource = (count: number) => string

function whole(articles: string[]): string {
  return `---
subject: "{{ firstname | default: 'lecteur' }}, votre lettre n° 42 : l’été s’invite"
preheader: Les nouvelles de la semaine
lists: [weekly]
---
<mjml lang="fr">
  <mj-head>
    <mj-title>Lettre n° 42 — {{ list_title }}</mj-title>
  </mj-head>
  <mj-body background-color="#f4f4f4">
    <mj-section><mj-column><mj-text>
      <a href="{{ url_view }}">Voir en ligne</a>
      <h1>Bonjour {{ firstname | default: "lecteur" }} {{ lastname | default: "chers lecteurs" }},</h1>
      <p>À {{ city | default: "Toulouse" }} comme ailleurs…</p>
    </mj-text></mj-column></mj-section>
    <mj-raw><table role="presentation" width="600" align="center" style="background:#ffffff;">
${articles.join('\n')}
    </table></mj-raw>
    <mj-section><mj-column><mj-text font-size="12px" color="#888888">
      Vous recevez cette lettre à l’adresse {{ email }}, de {{ list_title }}, depuis {{ since | default: "toujours" }}, avec la formule {{ plan | default: "libre" }}.
      <a href="{{ url_unsubscribe }}">Se désabonner</a> · <a href="{{ url_preferences }}">Préférences</a>
      Les Nouvelles, 1 rue du Port, 31000 Toulouse
    </mj-text></mj-column></mj-section>
  </mj-body>
</mjml>
`
}

function article(n: number, words: WordSource): string {
  const link = `https://news.example.org/articles/2026/11/article-${n}?utm_source=newsletter&amp;utm_medium=email`
  return `<tr><td style="padding:24px 32px 0 32px;font-family:Helvetica,Arial,sans-serif;font-size:16px;line-height:24px;color:#333333;">
 <table role="presentation" border="0" cellpadding="0" cellspacing="0" width="100%"><tr>
  <td width="180" valign="top" style="width:180px;"><a href="${link}" target="_blank"><img src="https://cdn.example.org/img/2026/11/vignette-${n}.jpg" width="180" height="120" alt="Illustration n° ${n}" style="display:block;border:0;outline:none;text-decoration:none;" /></a></td>
  <td valign="top" style="padding-left:20px;"><h2 style="margin:0 0 8px 0;font-size:20px;line-height:26px;color:#1a4e8a;">${words(6)}</h2><p style="margin:0 0 12px 0;">${words(45)}</p><a href="${link}" style="display:inline-block;padding:10px 18px;background:#1a4e8a;color:#ffffff;text-decoration:none;border-radius:4px;">Lire la suite →</a></td>
 </tr></table></td></tr>`
}

function textPart(words: WordSource): string {
  const paragraphs = Array.from(
    { length: 14 },
    (_, index) => `${words(40)}\nhttps://news.example.org/articles/2026/11/article-${index + 1}\n`,
  )
  return `Bonjour {{ firstname | default: "lecteur" }} {{ lastname | default: "chers lecteurs" }},

${paragraphs.join('\n')}
Se désabonner : {{ url_unsubscribe }}
Préférences : {{ url_preferences }}
En ligne : {{ url_view }}
{{ email }} {{ city | default: "Toulouse" }} {{ list_title }} {{ since | default: "toujours" }} {{ plan | default: "libre" }}
Les Nouvelles, 1 rue du Port, 31000 Toulouse
`
}

const vocabulary =
  'Bonjour à toutes et à tous, voici les nouvelles de la semaine : l’équipe a préparé une sélection d’articles où l’été ' +
  's’invite déjà dans nos pages. Découvrez nos événements près de chez vous, réservez vos places à prix réduit et n’hésitez ' +
  'pas à transférer cette lettre à vos proches. Les ateliers reprennent dès septembre, avec des créneaux élargis le mercredi ' +
  'après-midi et le samedi matin.'

/** Words in an order that is always the same. */
function wordSource(): WordSource {
  const words = vocabulary.split(' ')
  let state = 12_345
  const next = () => {
    state = (state * 75 + 74) % 65_537
    return words[Math.floor((state / 65_537) * words.length)] ?? ''
  }
  return (count) => Array.from({ length: count }, next).join(' ')
}
