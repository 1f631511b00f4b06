import type { Campaign } from './campaign.ts'
import { type Problem, sortProblems } from './campaign/problem.ts'
import type { SendTime } from './campaign/settings.ts'
import { type ArchivePage, archivePage } from './compile/archive-page.ts'
import { contentHash } from './compile/content-hash.ts'
import { fieldsOf } from './compile/fields.ts'
import { imagePreparer, type MediaFile } from './compile/images.ts'
import { trackedLinks } from './compile/links.ts'
import { mediaUrl } from './compile/media-url.ts'
import type { Template } from './compile/template.ts'
import { utmFor } from './compile/utm.ts'
import { compileVariant, type Purpose } from './compile/variant.ts'
import type { MailshotConfig } from './config.ts'
import type { Mailbox } from './transport.ts'

export type { ArchivePage } from './compile/archive-page.ts'
export type { MediaFile } from './compile/images.ts'
export type { Template } from './compile/template.ts'

/** A campaign rendered once, its placeholders still open. Plain JSON, so that a send can keep it. */
export interface CompiledCampaign {
  slug: string
  /** SHA-256 over everything that is mailed: variants, from, replyTo, track; not lists, not dates. */
  hash: string
  lists: string[]
  /** Whom of its lists it goes to, and who is left out: conditions as `readCondition` answers them. */
  segment?: string | undefined
  exclude?: string[] | undefined
  send: SendTime
  /** After this nobody is mailed any more (milliseconds since 1970). */
  until?: number | undefined
  archive: boolean
  track: { opens: boolean; clicks: boolean }
  /** Where clicks are counted: the addresses that its links lead to, each once. A link is known by its place here. */
  links?: string[] | undefined
  /** Null where the first list, or else the site, says it. */
  from: Mailbox | null
  replyTo: Mailbox | null
  /** The transport that it asks for; absent where its lists or its sender say it. */
  transport?: string | undefined
  /** The language of readers whose own is missing. */
  fallback: string
  /** The public addresses of its images, which must answer before it is sent. */
  images: string[]
  variants: Record<string, CompiledVariant>
  /** What everybody may read, by language; whether the public archive shows it is said by `archive`. */
  pages: Record<string, ArchivePage>
}

export interface CompiledVariant {
  lang: string
  dir: 'ltr' | 'rtl'
  subject: Template
  preheader: Template
  html: Template
  text: Template
  /** Bytes of HTML, before merging. */
  size: number
}

/** Compiles each language of a mail; the images of all of them come once each, by their hash. */
export async function compileVariants(
  config: MailshotConfig,
  variants: Campaign['variants'],
  purpose: Purpose,
): Promise<{ results: Awaited<ReturnType<typeof compileVariant>>[]; media: MediaFile[] }> {
  const prepare = imagePreparer(config)
  const media = new Map<string, MediaFile>()
  const results = await Promise.all(
    Object.values(variants).map(async (variant) => {
      const images = {
        own: await prepare(variant.images),
        layout: await prepare(variant.layout?.images ?? {}),
      }
      for (const image of [...images.own.values(), ...images.layout.values()]) {
        if (typeof image === 'object') media.set(image.media.hash, image.media)
      }
      return compileVariant(config, variant, images, purpose)
    }),
  )
  return { results, media: [...media.values()].toSorted((a, b) => (a.hash < b.hash ? -1 : 1)) }
}

/**
 * Compiles a campaign: Markdown and MJML rendered, images made fit for mail, placeholders placed. It reads nothing, and
 * gives the same result and hash for the same campaign and config on any machine. With an error among the problems
 * the result is for looking at only.
 */
export async function compileCampaign(
  config: MailshotConfig,
  campaign: Campaign,
): Promise<{ compiled: CompiledCampaign; media: MediaFile[]; problems: Problem[] }> {
  const purpose = {
    fields: fieldsOf(config),
    link: 'url_unsubscribe',
    utm: utmFor(config, campaign),
  }
  const { results, media: files } = await compileVariants(config, campaign.variants, purpose)
  const { slug, lists, segment, exclude, send, until, archive, track, fallback, transport } =
    campaign
  const variants = Object.fromEntries(results.map(({ compiled }) => [compiled.lang, compiled]))
  const mailed = { variants, from: campaign.from ?? null, replyTo: campaign.replyTo ?? null, track }
  const pages = results.map(({ compiled, rendered }) => [compiled.lang, archivePage(rendered)])
  return {
    compiled: {
      slug,
      hash: contentHash(mailed),
      lists,
      ...(segment !== undefined && { segment }),
      ...(exclude && exclude.length > 0 && { exclude }),
      send,
      ...(until !== undefined && { until }),
      ...(transport !== undefined && { transport }),
      archive,
      fallback,
      ...(track.clicks && { links: trackedLinks(config, variants) }),
      images: files.map((file) => mediaUrl(config, file)),
      ...mailed,
      pages: Object.fromEntries(pages),
    },
    media: files,
    problems: sortProblems(results.flatMap((result) => result.problems)),
  }
}
