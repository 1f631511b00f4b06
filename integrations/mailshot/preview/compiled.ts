import { createHash, type Hash } from 'node:crypto'
import {
  type Campaign,
  type CampaignVariant,
  inspectCampaign,
  type Problem,
  type ReadOptions,
} from '../campaign.ts'
import type { CampaignImages } from '../campaign/image-files.ts'
import { compileAndTry } from '../check.ts'
import type { CompiledCampaign, MediaFile } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'

/** A campaign as far as it could be read and compiled, with all that is wrong with it. */
export interface Inspected {
  /** Undefined when there is no file to read. */
  campaign: Campaign | undefined
  /** With an error among the problems it is for looking at only. */
  compiled: CompiledCampaign | undefined
  media: MediaFile[]
  problems: Problem[]
  /** What was thrown where reading or compiling broke off. */
  failure: string | undefined
}

/**
 * Reads a campaign as it stands in its files, and compiles it unless they say what they said before: one look at a page
 * asks for the same mail several times. Whatever is wrong is told, nothing is thrown.
 */
export async function inspectForPreview(
  config: MailshotConfig,
  slug: string,
  options: ReadOptions,
): Promise<Inspected> {
  let inspected: Inspected = {
    campaign: undefined,
    compiled: undefined,
    media: [],
    problems: [],
    failure: undefined,
  }
  try {
    const { campaign, problems } = await inspectCampaign(config, slug, options)
    inspected = { ...inspected, campaign, problems }
    return campaign
      ? { ...inspected, ...(await compileOnce(config, campaign, problems)) }
      : inspected
  } catch (error) {
    return { ...inspected, failure: error instanceof Error ? error.message : String(error) }
  }
}

type Compiled = ReturnType<typeof compileAndTry>

interface Kept {
  digest: string
  compiled: Compiled
}

/** Some pages of campaigns; what was looked at longest ago goes first. */
const mostKept = 50
const kept = new WeakMap<MailshotConfig, Map<string, Kept>>()

function compileOnce(config: MailshotConfig, campaign: Campaign, problems: Problem[]): Compiled {
  const bySlug = kept.get(config) ?? new Map<string, Kept>()
  kept.set(config, bySlug)
  const digest = digestOf(campaign, problems)
  const known = bySlug.get(campaign.slug)
  const compiled =
    known?.digest === digest ? known.compiled : compileAndTry(config, campaign, problems)
  bySlug.delete(campaign.slug)
  bySlug.set(campaign.slug, { digest, compiled })
  for (const slug of bySlug.keys()) {
    if (bySlug.size <= mostKept) break
    bySlug.delete(slug)
  }
  return compiled
}

/** Of everything that compiling reads. */
function digestOf({ variants, ...settings }: Campaign, problems: Problem[]): string {
  const hash = createHash('sha256').update(JSON.stringify([settings, problems]))
  for (const variant of Object.values(variants)) addVariant(hash, variant)
  return hash.digest('base64')
}

function addVariant(hash: Hash, { images, layout, ...written }: CampaignVariant): void {
  const { images: layoutImages = {}, ...layoutWritten } = layout ?? {}
  hash.update(JSON.stringify([written, layoutWritten]))
  addImages(hash, images)
  addImages(hash, layoutImages)
}

function addImages(hash: Hash, images: CampaignImages): void {
  for (const [reference, bytes] of Object.entries(images)) {
    hash.update(JSON.stringify([reference, bytes.length])).update(bytes)
  }
}
