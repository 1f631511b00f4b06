import { type Campaign, listCampaigns, readCampaign } from '../integrations/mailshot/campaign.ts'
import { compileCampaign, type MediaFile } from '../integrations/mailshot/compile.ts'
import { composeMessage } from '../integrations/mailshot/message.ts'
import config from './mailshot.config.ts'

/** A campaign as the site's archive shows it, in one language, with neutral fields. */
export interface Letter {
  slug: string
  /** The language shown: the one asked for, or the campaign's fallback. */
  lang: string
  langs: string[]
  title: string
  preheader: string
  month: { iso: string; name: string } | undefined
  /** `content` belongs in the site's own design; `mail` is a whole mail with a design of its own. */
  body: { kind: 'content' | 'mail'; html: string }
}

/** Every letter that the archive shows, newest first. */
export async function listLetters(lang: string): Promise<Letter[]> {
  const campaigns = await readArchive()
  return Promise.all(campaigns.toReversed().map((campaign) => toLetter(campaign, lang)))
}

/** The pictures of all letters, under the names that the letters link to. */
export async function listMedia(): Promise<MediaFile[]> {
  const compiled = await Promise.all(
    (await readArchive()).map((campaign) => compileCampaign(config, campaign)),
  )
  return compiled.flatMap(({ media }) => media)
}

/** The one place that decides what is shown: only what everybody may read, and its author lets them. */
async function readArchive(): Promise<Campaign[]> {
  const slugs = await listCampaigns(config)
  const campaigns = await Promise.all(slugs.map((slug) => readCampaign(config, slug)))
  return campaigns.filter(
    ({ archive, lists }) => archive && lists.every((list) => config.lists[list]?.public),
  )
}

async function toLetter(campaign: Campaign, wanted: string): Promise<Letter> {
  const lang = campaign.variants[wanted] ? wanted : campaign.fallback
  const { compiled } = await compileCampaign(config, forEveryone(campaign))
  const { subject, html } = composeMessage(config, compiled, nobody(campaign, lang), nowhere)
  const local = html.replaceAll(`${config.site}${config.base}/media/`, '/newsletters/media/')
  const content = /<article>([^]*)<\/article>/.exec(local)?.[1]
  return {
    slug: campaign.slug,
    lang,
    langs: Object.keys(campaign.variants),
    title: subject,
    preheader: campaign.variants[lang]?.preheader.text ?? '',
    month: monthOf(campaign.slug),
    body: content ? { kind: 'content', html: content } : { kind: 'mail', html: local },
  }
}

/** Without what is for its reader's mail alone: Markdown comes out bare, for the page to dress; MJML loses its foot. */
function forEveryone(campaign: Campaign): Campaign {
  const variants = Object.entries(campaign.variants).map(([lang, variant]) => [
    lang,
    variant.layout
      ? { ...variant, layout: { ...variant.layout, body: bare } }
      : { ...variant, body: variant.body.replace(foot, '') },
  ])
  return { ...campaign, variants: Object.fromEntries(variants) }
}

const bare = '<mjml><mj-body><mj-raw><article>{{ content }}</article></mj-raw></mj-body></mjml>'
const foot =
  /<mj-section\b(?:(?!<\/mj-section>)[^])*url_unsubscribe[^]*?<\/mj-section>|\{\{\s*footer\s*\}\}/g

/** A reader about whom nothing is known, and whose links lead to the site itself. */
function nobody({ lists }: Campaign, lang: string) {
  const urls = { unsubscribe: config.site, preferences: config.site, view: config.site }
  return { email: config.from.address, name: '', lang, status: '', lists, attributes: {}, urls }
}

const nowhere = { id: 'archive', envelopeFrom: '', messageId: '' }

function monthOf(slug: string): Letter['month'] {
  const iso = /^\d{4}-\d{2}/.exec(slug)?.[0]
  if (!iso) return undefined
  const name = new Intl.DateTimeFormat('fr', { month: 'long', year: 'numeric', timeZone: 'UTC' })
  return { iso, name: name.format(new Date(`${iso}-01T00:00:00Z`)) }
}
