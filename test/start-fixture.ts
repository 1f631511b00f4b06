import { compileCampaign } from '../integrations/mailshot/compile.ts'
import { readCampaign } from '../integrations/mailshot/campaign.ts'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'
import { type Send, startSend, type StartOptions } from '../integrations/mailshot/send.ts'

/** Where the campaigns of these tests are: `hello` in one language, `bilingual` in two. */
export const sendingCampaigns = 'test/fixtures/sending/campaigns'

/** Compiles a campaign of the fixture folder, changed as a test likes, and starts it. */
export async function startFixture(
  mailshot: Mailshot,
  slug: 'hello' | 'bilingual',
  options: Partial<StartOptions> & { as?: string; edition?: string } = {},
): Promise<{ send: Send; created: boolean }> {
  const { as = slug, edition, ...start } = options
  const config = { ...mailshot.config, campaigns: sendingCampaigns }
  const { compiled } = await compileCampaign(config, await readCampaign(config, slug))
  const hash = edition === undefined ? compiled.hash : `${compiled.hash}-${edition}`
  return startSend(mailshot, { ...compiled, slug: as, hash }, [], { actor: 'test', ...start })
}
