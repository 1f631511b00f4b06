import { inspectCampaign, listCampaigns, type Problem } from './campaign.ts'
import { errorAt, sortProblems, warningAt } from './campaign/problem.ts'
import { compileCampaign, type CompiledCampaign } from './compile.ts'
import type { MailshotConfig } from './config.ts'
import { composeSample } from './message.ts'

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
    : tryOut(config, compiled, campaign.variants)
  return sortProblems([...all, ...trial])
}

/** Gmail hides what comes after 102 KB, the unsubscribe link included. */
const clippedAt = 100 * 1024

function tryOut(
  config: MailshotConfig,
  compiled: CompiledCampaign,
  variants: Record<string, { file: string }>,
): Problem[] {
  return Object.values(compiled.variants).flatMap((variant) => {
    const place = { file: variants[variant.lang]?.file ?? compiled.slug, line: 1 }
    try {
      const { html } = composeSample(config, compiled, { lang: variant.lang })
      const size = Buffer.byteLength(html)
      if (size <= clippedAt) return []
      const what = `${Math.ceil(size / 1024)} KB of HTML`
      return [
        warningAt(
          place,
          what,
          'Gmail shows the first 102 KB only',
          'make it shorter, and link to the rest',
        ),
      ]
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      return [errorAt(place, 'the mail cannot be composed', why, 'mend the merge fields')]
    }
  })
}
