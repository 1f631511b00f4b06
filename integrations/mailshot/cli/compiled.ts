import { readCampaign } from '../campaign.ts'
import { checkCampaigns } from '../check.ts'
import { compileCampaign } from '../compile.ts'
import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import { reportProblems } from './check.ts'
import { count } from './format.ts'
import type { Terminal } from './terminal.ts'

/**
 * Reads, checks and compiles a campaign. What is wrong is shown.
 *
 * @throws MailshotError when it may not be mailed
 */
export async function compileChecked(config: MailshotConfig, slug: string, terminal: Terminal) {
  const problems = (await checkCampaigns(config, [slug])).flatMap((result) => result.problems)
  if (!reportProblems(terminal, problems)) {
    const errors = problems.filter(({ severity }) => severity === 'error').length
    throw new MailshotError(`${slug}: ${count(errors, 'error')}, so it is not mailed`)
  }
  const campaign = await readCampaign(config, slug)
  const { compiled, media } = await compileCampaign(config, campaign)
  return { campaign, compiled, media }
}
