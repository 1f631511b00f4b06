import { sql } from 'drizzle-orm/sql'
import sharp from 'sharp'
import { tryOut } from '../check/trial.ts'
import type { CompiledCampaign, MediaFile, Template } from '../compile.ts'
import { contentHash } from '../compile/content-hash.ts'
import { type ErrorCode, MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { prepareMerge } from '../message/merge.ts'

interface Snapshot {
  site: string
  campaign: CompiledCampaign
  media: MediaFile[]
}

/**
 * Checks what a caller has compiled as if it came from a stranger: it was made for this site, its hash is that of its
 * content, its images are there and are images, and it can be merged for every kind of reader.
 *
 * @throws MailshotError that says what is wrong with it
 */
export async function checkStart(mailshot: Mailshot, snapshot: Snapshot): Promise<void> {
  const { campaign, media } = snapshot
  checkSite(mailshot, snapshot.site)
  const { variants, from, replyTo, track } = campaign
  if (contentHash({ variants, from, replyTo, track }) !== campaign.hash) {
    throw invalid(
      `campaign ${campaign.slug}: its content has not the hash that it claims; ` +
        'post it as it was compiled, by the same version of mailshot as the site runs',
    )
  }
  checkTemplates(mailshot, campaign)
  for (const file of media) await checkImage(file)
  await checkImages(mailshot, campaign, media)
}

function checkSite({ config }: Mailshot, site: string): void {
  if (site === config.site) return
  throw invalid(
    `it was compiled for ${site}, and this is ${config.site}: its links would lead elsewhere; ` +
      `let the job's mailshot.config.ts say site: '${config.site}' (in the example site: set SITE_URL in the job)`,
    'wrong-site',
  )
}

function checkTemplates({ config }: Mailshot, campaign: CompiledCampaign): void {
  for (const [lang, variant] of Object.entries(campaign.variants)) {
    const place = `campaign.variants.${lang}`
    const { subject, preheader, html, text } = variant
    const templates: [string, Template][] = Object.entries({ subject, preheader, html, text })
    for (const [name, template] of templates) checkTemplate(`${place}.${name}`, template, lang)
    const [problem] = tryOut(config, campaign, variant, { file: place, line: 1 }).filter(
      ({ severity }) => severity === 'error',
    )
    if (problem) throw invalid(`${place}: ${problem.what}: ${problem.why}; ${problem.cure}`)
  }
  for (const [lang, { html }] of Object.entries(campaign.pages)) {
    checkTemplate(`campaign.pages.${lang}.html`, html, lang)
  }
}

function checkTemplate(place: string, template: Template, lang: string): void {
  try {
    prepareMerge(template, lang)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw invalid(`${place}: cannot be merged: ${why}`)
  }
}

/** An image is served to everybody, so it must not be a page in disguise. */
async function checkImage({ hash, type, ext, bytes }: MediaFile): Promise<void> {
  const format = await formatOf(bytes)
  if (`image/${format}` === type) return
  const is = format === undefined ? 'is no image' : `is a ${format}`
  throw invalid(`media ${hash}.${ext}: it says that it is ${type}, but ${is}; post the real type`)
}

async function formatOf(bytes: Uint8Array): Promise<string | undefined> {
  try {
    return (await sharp(bytes).metadata()).format
  } catch {
    return undefined
  }
}

async function checkImages(
  mailshot: Mailshot,
  { slug, images, variants, pages }: CompiledCampaign,
  media: MediaFile[],
): Promise<void> {
  const prefix = `${mailshot.config.site}${mailshot.config.base}/media/`
  const names = images.map((url) => imageName(slug, url, prefix))
  const surplus = media.find(({ hash, ext }) => !names.includes(`${hash}.${ext}`))
  if (surplus) {
    throw invalid(
      `media ${surplus.hash}.${surplus.ext}: the campaign has no such image; leave it out`,
    )
  }
  const templates = [
    ...Object.values(variants).flatMap(({ html, text }) => [html, text]),
    ...Object.values(pages).map(({ html }) => html),
  ]
  const unnamed = templates
    .flatMap((one) => namesIn(one, prefix))
    .find((name) => !names.includes(name))
  if (unnamed !== undefined) {
    throw invalid(
      `campaign ${slug}: it shows ${prefix}${unnamed}, which is not among its images; post it as it was compiled`,
    )
  }
  await requirePresent(mailshot, names, media)
}

function imageName(slug: string, url: string, prefix: string): string {
  const name = url.startsWith(prefix) ? url.slice(prefix.length) : ''
  if (/^[0-9a-f]{32}\.(?:jpg|png|gif)$/.test(name)) return name
  throw invalid(
    `campaign ${slug}: its image ${url} is none of this site, whose images are at ${prefix}<hash>.<jpg, png or gif>; ` +
      'the job and the site must have the same site and base in mailshot.config.ts',
  )
}

function namesIn(template: Template, prefix: string): string[] {
  return template
    .filter((part) => typeof part === 'string')
    .flatMap((text) => text.split(prefix).slice(1))
    .map((rest) => /^[\w.-]*/.exec(rest)?.[0] ?? '')
}

async function requirePresent(
  { db }: Mailshot,
  names: readonly string[],
  media: readonly MediaFile[],
): Promise<void> {
  const posted = new Set(media.map(({ hash, ext }) => `${hash}.${ext}`))
  const others = names.filter((name) => !posted.has(name))
  if (others.length === 0) return
  const rows = await db.all<{ name: string }>(
    sql`SELECT hash || CASE type WHEN 'image/jpeg' THEN '.jpg' WHEN 'image/png' THEN '.png' ELSE '.gif' END AS name
        FROM media WHERE hash IN (SELECT substr(value, 1, 32) FROM json_each(${JSON.stringify(others)}))`,
  )
  const missing = others.find((name) => !rows.some((row) => row.name === name))
  if (missing === undefined) return
  throw invalid(`image ${missing} is neither posted nor known to the site; post it in media`)
}

function invalid(message: string, code: ErrorCode = 'invalid'): MailshotError {
  return new MailshotError(message, { code })
}
