import { mkdir, writeFile } from 'node:fs/promises'
import type { AstroIntegrationLogger } from 'astro'
import { withAstroLayouts } from '../astro-layouts.ts'
import { listCampaigns, readCampaign, type ReadOptions } from '../campaign.ts'
import { compileCampaign, type MediaFile } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import { readLetters } from '../letter/files.ts'

/**
 * Puts the images of all campaigns and letters beside the built pages, at the addresses that mails have for them, so that a deployed site
 * serves them before its first mail is read.
 */
export async function emitMedia(
  config: MailshotConfig,
  { target, logger }: { target: URL; logger: Pick<AstroIntegrationLogger, 'info' | 'warn'> },
): Promise<void> {
  let count = 0
  const emit = async (files: readonly MediaFile[]) => {
    for (const { hash, ext, bytes } of files) {
      await mkdir(target, { recursive: true })
      await writeFile(new URL(`${hash}.${ext}`, target), bytes)
      count += 1
    }
  }
  for (const { media } of await readLetters(config)) await emit(media)
  await withAstroLayouts(async (renderLayout) => {
    for (const slug of await listCampaigns(config)) {
      await emit(await mediaOf(config, slug, { renderLayout, logger }))
    }
  })
  if (count > 0) logger.info(`${count} images of campaigns`)
}

/** A campaign with mistakes is no reason for a site not to be built: `mailshot check` tells them. */
async function mediaOf(
  config: MailshotConfig,
  slug: string,
  { renderLayout, logger }: ReadOptions & { logger: Pick<AstroIntegrationLogger, 'warn'> },
) {
  try {
    return (await compileCampaign(config, await readCampaign(config, slug, { renderLayout }))).media
  } catch (error) {
    if (!(error instanceof MailshotError)) throw error
    logger.warn(`campaign ${slug} has mistakes, see: mailshot check ${slug}`)
    return []
  }
}
