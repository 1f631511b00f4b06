import { sql } from 'drizzle-orm/sql'
import sharp from 'sharp'
import type { CompiledCampaign, MediaFile, Template } from '../../compile.ts'
import type { Mailshot } from '../../mailshot.ts'
import { invalid } from './invalid.ts'

/**
 * Checks that a campaign's images are images and are this site's, and that each one it names or shows is there, or comes
 * with it.
 */
export async function checkImages(
  mailshot: Mailshot,
  campaign: CompiledCampaign,
  media: MediaFile[],
): Promise<void> {
  for (const file of media) await checkImage(file)
  const { slug, images, variants, pages } = campaign
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
  const shown = templates.flatMap((one) => namesIn(one, prefix))
  await requirePresent(mailshot, [...new Set([...names, ...shown])], media)
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
