import { findFiles, listSlugs } from './campaign/files.ts'
import type { CampaignImages } from './campaign/image-files.ts'
import type { Layout, RenderLayout } from './campaign/layout.ts'
import {
  errorAt,
  formatProblem,
  type Place,
  type Problem,
  sortProblems,
} from './campaign/problem.ts'
import type { SendTime } from './campaign/settings.ts'
import { type ReadVariant, readVariants } from './campaign/variant.ts'
import type { MailshotConfig } from './config.ts'
import { MailshotError } from './error.ts'
import type { UtmSetting } from './tracking/options.ts'
import type { Mailbox } from './transport.ts'

export { formatProblem, type Problem } from './campaign/problem.ts'
export type { SendTime } from './campaign/settings.ts'

/** What reading campaigns may need beyond the files themselves. */
export interface ReadOptions {
  /** Renders layouts that are Astro components. Without it a campaign that uses one is a problem. */
  renderLayout?: RenderLayout | undefined
}

/** One authored mail with everything that compiling it needs: nothing is read from disk after this. */
export interface Campaign {
  slug: string
  lists: string[]
  /** Whom of them it goes to, and who is left out: conditions. */
  segment: string | undefined
  exclude: string[] | undefined
  send: SendTime
  until: number | undefined
  archive: boolean
  track: { opens: boolean; clicks: boolean }
  /** Its own UTM tags; `false` for none, undefined for the config's. */
  utm: UtmSetting | undefined
  from: Mailbox | undefined
  replyTo: Mailbox | undefined
  /** Which of the config's transports it goes by; undefined where its lists or its sender say it. */
  transport: string | undefined
  /** The language of readers whose own is missing: the config's, else the first there is. */
  fallback: string
  /** By language. */
  variants: Record<string, CampaignVariant>
}

export interface CampaignVariant {
  lang: string
  format: 'md' | 'mjml'
  file: string
  /** A template of one line, and where it stands. */
  subject: { text: string; place: Place }
  preheader: { text: string; place: Place }
  body: string
  /** The line of the file that the body begins at. */
  bodyLine: number
  /** Markdown is put in a layout; MJML is the whole mail. */
  layout: Layout | undefined
  images: CampaignImages
  /** The text part, where the author wrote one of their own. */
  text: { file: string; body: string } | undefined
}

/** The slugs of all campaigns, sorted, whether they are right or not. */
export async function listCampaigns(config: MailshotConfig): Promise<string[]> {
  return listSlugs(config.campaigns)
}

/**
 * Reads a campaign: its file or its folder of languages, its layout, its images.
 *
 * @throws MailshotError that lists every problem when it cannot be read
 */
export async function readCampaign(
  config: MailshotConfig,
  slug: string,
  options: ReadOptions = {},
): Promise<Campaign> {
  const { campaign, problems } = await inspectCampaign(config, slug, options)
  const errors = problems.filter((problem) => problem.severity === 'error')
  if (errors.length > 0 || !campaign) throw new MailshotError(errors.map(formatProblem).join('\n'))
  return campaign
}

/** Reads a campaign as well as it can be, with all that is wrong in its files. `mailshot check` goes on from there. */
export async function inspectCampaign(
  config: MailshotConfig,
  slug: string,
  { renderLayout }: ReadOptions = {},
): Promise<{ campaign: Campaign | undefined; problems: Problem[] }> {
  const files = await findFiles(config.campaigns, slug)
  const read = await readVariants(config, files, { slug, usual: 'default', renderLayout })
  const problems = [
    ...files.problems,
    ...read.flatMap((one) => one.problems),
    ...disagreements(read),
    ...noLists(read),
  ]
  if (read.length === 0) return { campaign: undefined, problems }
  const variants = Object.fromEntries(read.map(({ variant }) => [variant.lang, variant]))
  return {
    campaign: { slug, ...sharedSettings(read), fallback: fallbackOf(config, variants), variants },
    problems: sortProblems(problems),
  }
}

/** What a campaign says once for all its languages, and nothing but a campaign says. */
export const sharedKeys = [
  'lists',
  'segment',
  'exclude',
  'send',
  'until',
  'from',
  'replyTo',
  'transport',
  'archive',
  'track',
  'utm',
] as const

/** Each setting may stand in any of the languages; where it stands in several, they must say the same. */
function disagreements(read: ReadVariant[]): Problem[] {
  return sharedKeys.flatMap((key) => {
    const [first, ...others] = read.filter((one) => one.settings[key] !== undefined)
    if (!first) return []
    const differing = others.filter(
      (one) => JSON.stringify(one.settings[key]) !== JSON.stringify(first.settings[key]),
    )
    const why = `one campaign has one value, and ${first.variant.file} has another`
    return differing.map((one) =>
      errorAt(
        one.placeOf(key),
        `"${key}" differs between languages`,
        why,
        'write it in one of the files only',
      ),
    )
  })
}

function sharedSettings(read: ReadVariant[]) {
  const stated = <Key extends (typeof sharedKeys)[number]>(key: Key) =>
    read.map((one) => one.settings[key]).find((value) => value !== undefined)
  return {
    lists: stated('lists') ?? [],
    segment: stated('segment'),
    exclude: stated('exclude'),
    send: stated('send') ?? 'manual',
    until: stated('until'),
    archive: stated('archive') ?? true,
    track: stated('track') ?? { opens: false, clicks: false },
    utm: stated('utm'),
    from: stated('from'),
    replyTo: stated('replyTo'),
    transport: stated('transport'),
  }
}

/** The language of readers whose own is missing: the config's, else one near to it, else the first there is. */
export function fallbackOf(
  config: MailshotConfig,
  variants: Readonly<Record<string, { lang: string }>>,
): string {
  const langs = Object.keys(variants).toSorted()
  const primary = (lang: string) => lang.split('-')[0]
  const near = langs.find((lang) => primary(lang) === primary(config.lang))
  return variants[config.lang]?.lang ?? near ?? langs[0] ?? config.lang
}

function noLists(read: ReadVariant[]): Problem[] {
  const [first] = read
  if (!first || read.some(({ settings, isReadable }) => settings.lists?.length || !isReadable))
    return []
  const cure = 'add a line lists: [name] to the front matter, with a list of mailshot.config.ts'
  return [errorAt(first.placeOf('lists'), 'no lists', 'nobody would get it', cure)]
}
