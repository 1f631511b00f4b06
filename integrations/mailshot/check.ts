import {
  type Campaign,
  inspectCampaign,
  listCampaigns,
  type Problem,
  type ReadOptions,
} from './campaign.ts'
import { sortProblems } from './campaign/problem.ts'
import { tryOut } from './check/trial.ts'
import { compileCampaign, type CompiledCampaign, type MediaFile } from './compile.ts'
import type { MailshotConfig } from './config.ts'
import { readLetters } from './letter/files.ts'

/**
 * Checks campaigns and the site's own letters (`letters/confirmation`), all of them unless slugs are given, as far as it can be
 * done without sending: what is wrong stands with its file and line, sorted.
 */
export async function checkCampaigns(
  config: MailshotConfig,
  slugs?: string[],
  options: ReadOptions = {},
): Promise<{ slug: string; problems: Problem[] }[]> {
  const wanted = slugs?.filter((slug) => !isLetter(slug)) ?? (await listCampaigns(config))
  const results = wanted.map((slug): { slug: string; problems: Problem[] } => ({
    slug,
    problems: [],
  }))
  const left = results.values()
  const work = async () => {
    for (const result of left) result.problems = await checkCampaign(config, result.slug, options)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const letters = slugs && !slugs.some(isLetter) ? [] : await checkLetters(config)
  return [...results, ...letters.filter(({ slug }) => slugs?.includes(slug) ?? true)]
}

async function checkLetters(config: MailshotConfig) {
  const letters = await readLetters(config)
  return letters.map(({ kind, problems }) => ({ slug: `letters/${kind}`, problems }))
}

function isLetter(slug: string): boolean {
  return slug.startsWith('letters/')
}

/** While images are encoded in other threads, another campaign is compiled. */
const atOnce = 4

async function checkCampaign(
  config: MailshotConfig,
  slug: string,
  options: ReadOptions,
): Promise<Problem[]> {
  const { campaign, problems } = await inspectCampaign(config, slug, options)
  return campaign ? (await compileAndTry(config, campaign, problems)).problems : problems
}

/**
 * Compiles a campaign and tries it out on invented readers, unless something is wrong already.
 *
 * @param found what is wrong with its files: all problems come back together, sorted
 */
export async function compileAndTry(
  config: MailshotConfig,
  campaign: Campaign,
  found: readonly Problem[],
): Promise<{ compiled: CompiledCampaign; media: MediaFile[]; problems: Problem[] }> {
  const { compiled, media, problems } = await compileCampaign(config, campaign)
  const all = [...found, ...problems]
  const trial = all.some((problem) => problem.severity === 'error')
    ? []
    : Object.values(compiled.variants).flatMap((variant) => {
        const { file = campaign.slug } = campaign.variants[variant.lang] ?? {}
        return tryOut(config, compiled, variant, { file, line: 1 })
      })
  return { compiled, media, problems: sortProblems([...all, ...trial]) }
}
