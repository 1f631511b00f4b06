import { listCampaigns, readCampaign } from '../integrations/mailshot/campaign.ts'
import { compileCampaign } from '../integrations/mailshot/compile.ts'
import { deliver } from '../integrations/mailshot/deliver.ts'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'
import { type Send, startSend, type StartOptions } from '../integrations/mailshot/send.ts'
import { campaignFolder } from './campaign-folder.ts'

/** Starts the one campaign that these files make. */
export async function startCampaign(
  mailshot: Mailshot,
  files: Record<string, string | Uint8Array>,
  options: Partial<StartOptions> = {},
): Promise<Send> {
  const config = { ...mailshot.config, campaigns: campaignFolder(files).campaigns }
  const [slug = ''] = await listCampaigns(config)
  const { compiled, media } = await compileCampaign(config, await readCampaign(config, slug))
  const { send } = await startSend(mailshot, compiled, media, { actor: 'test', ...options })
  return send
}

/** The same, and every mail of it delivered. */
export async function sendCampaign(
  mailshot: Mailshot,
  files: Record<string, string | Uint8Array>,
  options: Partial<StartOptions> = {},
): Promise<Send> {
  const send = await startCampaign(mailshot, files, options)
  await deliver(mailshot, { untilDone: true })
  return send
}
