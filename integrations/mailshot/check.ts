import { inspectCampaign, listCampaigns, type Problem } from './campaign.ts'
import { sortProblems } from './campaign/problem.ts'
import { tryOut } from './check/trial.ts'
import { compileCampaign } from './compile.ts'
import type { MailshotConfig } from './config.ts'

/**
 * Checks campaigns, all of them unless slugs are given, as far as it can be done without sending: what is wrong stands
 * with its file and line, sorted.
 */
export async function checkCampaigns(
  config: MailshotConfig,
  slugs?: string[],
): Promise<{ slug: string; problems: Problem[] }[]> {
  const results: { slug: string; problems: Problem[] }[] = []
  for (const slug of slugs ?? (await listCampaigns(config))) {
    results.push({ slug, problems: await checkCampaign(config, slug) })
  }
  return results
}

async function checkCampaign(config: MailshotConfig, slug: string): Promise<Problem[]> {
  const { campaign, problems } = await inspectCampaign(config, slug)
  if (!campaign) return problems
  const { compiled, problems: found } = await compileCampaign(config, campaign)
  const all = [...problems, ...found]
  const trial = all.some((problem) => problem.severity === 'error')
    ? []
    : Object.values(compiled.variants).flatMap((variant) => {
        const { file = slug } = campaign.variants[variant.lang] ?? {}
        return tryOut(config, compiled, variant, { file, line: 1 })
      })
  return sortProblems([...all, ...trial])
}
