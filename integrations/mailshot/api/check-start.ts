import type { CompiledCampaign, MediaFile } from '../compile.ts'
import { contentHash } from '../compile/content-hash.ts'
import { trackedLinks } from '../compile/links.ts'
import { MailshotError } from '../error.ts'
import type { Mailshot } from '../mailshot.ts'
import { checkImages } from './check-start/images.ts'
import { invalid } from './check-start/invalid.ts'
import { checkTemplates } from './check-start/templates.ts'

interface Snapshot {
  site: string
  campaign: CompiledCampaign
  media: MediaFile[]
}

/**
 * Checks what a caller has compiled as if it came from a stranger: it was made for this site, its hash is that of its
 * content, its images are there and are images, and it can be merged for every kind of reader.
 *
 * @throws MailshotError that says what is wrong with it
 */
export async function checkStart(mailshot: Mailshot, snapshot: Snapshot): Promise<void> {
  const { campaign, media } = snapshot
  checkSite(mailshot, snapshot.site)
  const { variants, from, replyTo, track } = campaign
  if (contentHash({ variants, from, replyTo, track }) !== campaign.hash) {
    throw invalid(
      `campaign ${campaign.slug}: its content has not the hash that it claims; ` +
        'post it as it was compiled, by the same version of mailshot as the site runs',
    )
  }
  checkLinks(mailshot, campaign)
  checkTemplates(mailshot, campaign)
  await checkImages(mailshot, campaign, media)
}

/** What clicks are led to is what its mails link to, and nothing else. */
function checkLinks(
  { config }: Mailshot,
  { slug, track, variants, links }: CompiledCampaign,
): void {
  const expected = track.clicks ? trackedLinks(config, variants) : undefined
  if (JSON.stringify(links) === JSON.stringify(expected)) return
  throw invalid(
    `campaign ${slug}: "links" are not those of its mails; ` +
      'post it as it was compiled, by the same version of mailshot as the site runs',
  )
}

function checkSite({ config }: Mailshot, site: string): void {
  if (site === config.site) return
  throw new MailshotError(
    `it was compiled for ${site}, and this is ${config.site}: its links would lead elsewhere; ` +
      `let the job's mailshot.config.ts say site: '${config.site}' (in the example site: set SITE_URL in the job)`,
    { code: 'wrong-site' },
  )
}
