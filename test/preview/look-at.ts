import type { MailshotConfig } from '../../integrations/mailshot/config.ts'
import {
  type CampaignPreview,
  previewCampaign,
  type ShownCampaign,
} from '../../integrations/mailshot/preview.ts'
import type { PreviewOptions } from '../../integrations/mailshot/preview/look.ts'
import { previewPart } from '../../integrations/mailshot/preview/part.ts'
import { markdown } from '../campaign-folder.ts'

type Allowed = Omit<PreviewOptions, 'request'>

/** The page of a campaign, as `<slug>?<query>`. */
export async function pageOf(
  config: MailshotConfig,
  address: string,
  options: Allowed = {},
): Promise<CampaignPreview> {
  const url = new URL(address, 'http://localhost/mailshot/preview/')
  const slug = url.pathname.split('/').at(-1) ?? ''
  const request = new Request(url)
  const preview = await previewCampaign(config, slug, { ...options, request })
  if ('unknown' in preview) throw new Error(`no campaign ${slug}`)
  return preview.campaign
}

/** The mail on a campaign's page. */
export async function shownOf(
  config: MailshotConfig,
  address: string,
  options: Allowed = {},
): Promise<ShownCampaign> {
  const { shown, failure } = await pageOf(config, address, options)
  if (!shown) throw new Error(`no mail: ${failure}`)
  return shown
}

/** A part of a campaign, as `<slug>/<part>?<query>`. */
export function partOf(
  config: MailshotConfig,
  address: string,
  options: Allowed = {},
): Promise<Response> {
  const url = new URL(address, 'http://localhost/mailshot/preview/')
  const [part = '', slug = ''] = url.pathname.split('/').toReversed()
  return previewPart(config, { slug, part }, { ...options, request: new Request(url) })
}

/** The files of a campaign whose layout breaks off, with `breaking`, in a way that nobody foresaw. */
export function breakingCampaign(slug: string): Record<string, string> {
  return { [`${slug}.md`]: markdown('Hello', 'layout: own'), 'layouts/own.astro': '<mjml></mjml>' }
}

export const breaking: Allowed = { renderLayout: () => Promise.reject(new Error('it broke off')) }
