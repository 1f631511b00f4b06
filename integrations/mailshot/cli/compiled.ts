import { withAstroLayouts } from '../astro-layouts.ts'
import { listCampaigns, readCampaign } from '../campaign.ts'
import { isLanguageTag } from '../campaign/language-tag.ts'
import { closest, didYouMean } from '../closest.ts'
import type { CompiledCampaign } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import { variantFor } from '../message.ts'
import { reportProblems } from './problems.ts'
import { count } from './format.ts'
import type { Terminal } from './terminal.ts'

/**
 * Reads, checks and compiles a campaign. What is wrong is shown.
 *
 * @throws MailshotError when it may not be mailed
 */
export async function compileChecked(config: MailshotConfig, slug: string, terminal: Terminal) {
  await requireCampaigns(config, [slug])
  const { checkCampaigns, compileCampaign } = await loadCompiler()
  return withAstroLayouts(async (renderLayout) => {
    const checked = await checkCampaigns(config, [slug], { renderLayout })
    const problems = checked.flatMap((result) => result.problems)
    if (!reportProblems(terminal, problems)) {
      const errors = problems.filter(({ severity }) => severity === 'error').length
      throw new MailshotError(`${slug}: ${count(errors, 'error')}, so it is not mailed`)
    }
    const campaign = await readCampaign(config, slug, { renderLayout })
    const { compiled, media } = await compileCampaign(config, campaign)
    return { campaign, compiled, media }
  })
}

/** @throws MailshotError when there is no campaign of one of these names */
export async function requireCampaigns(
  config: MailshotConfig,
  slugs: readonly string[],
): Promise<void> {
  const known = await listCampaigns(config)
  const unknown = slugs.find((slug) => !known.includes(slug))
  if (unknown === undefined) return
  const near = closest(unknown, known)
  // Slugs mostly begin with a date: the last ones are the latest.
  const latest = `the latest are: ${known.slice(-8).join(', ')}`
  const some = known.length > 0 ? latest : `there is none in ${config.campaigns}/`
  const hint = near === undefined ? some : `did you mean ${near}?`
  throw new MailshotError(`there is no campaign "${unknown}"; ${hint}`)
}

/**
 * The language that `--lang` asks for.
 *
 * @throws MailshotError when its readers get a variant in another language
 */
export function parseLang(compiled: CompiledCampaign, lang: string): string {
  const variant = variantFor(compiled, lang).lang
  if (isLanguageTag(lang) && primary(variant) === primary(lang)) return lang
  const known = Object.keys(compiled.variants).toSorted()
  throw new MailshotError(
    `--lang ${lang}: ${compiled.slug} is not written in that language; ${didYouMean(lang, known)}`,
  )
}

function primary(lang: string): string | undefined {
  return lang.split('-')[0]
}

/** Loaded when a campaign is compiled: MJML takes half a second, which help and mistakes must not wait for. */
export async function loadCompiler() {
  const [{ checkCampaigns }, { compileCampaign }] = await Promise.all([
    import('../check.ts'),
    import('../compile.ts'),
  ])
  return { checkCampaigns, compileCampaign }
}
