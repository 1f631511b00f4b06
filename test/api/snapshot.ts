import sharp from 'sharp'
import type { StartRequest } from '../../integrations/mailshot/api/start-request.ts'
import { readCampaign } from '../../integrations/mailshot/campaign.ts'
import { compileCampaign } from '../../integrations/mailshot/compile.ts'
import type { MailshotConfigInput } from '../../integrations/mailshot/config.ts'
import { campaignFolder, markdown } from '../campaign-folder.ts'

/** The body that starts a campaign of these files, as a job posts it. */
export async function snapshotOf(
  files: Record<string, string | Uint8Array> = {
    'june.md': markdown('# Bonjour {{ nom | default: "toi" }}'),
  },
  overrides: Partial<MailshotConfigInput> = {},
): Promise<StartRequest> {
  const config = campaignFolder(files, overrides)
  const slug = (Object.keys(files)[0] ?? '').replace(/(?:\/.*|\.\w+)$/, '')
  const { compiled, media } = await compileCampaign(config, await readCampaign(config, slug))
  return {
    site: config.site,
    // As it comes out of a body: a copy that a test may spoil.
    campaign: structuredClone(compiled),
    media: media.map((file) => ({ ...file, bytes: Buffer.from(file.bytes).toString('base64') })),
  }
}

/** A campaign with one small image, ready to be posted. */
export async function snapshotWithImage(): Promise<StartRequest> {
  const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'teal' } })
    .png()
    .toBuffer()
  return snapshotOf({ 'june.md': markdown('![Un port](port.png)'), 'port.png': picture })
}
