import type { CompiledCampaign } from '../compile.ts'
import { oneLine } from '../compile/escape.ts'
import { localize, type MailshotConfig } from '../config.ts'
import type { Reader } from '../message.ts'

/** The headers that make a campaign's mail a newsletter, to mail services and to the people who leave it. */
export function campaignHeaders(
  config: MailshotConfig,
  campaign: CompiledCampaign,
  reader: Reader,
  sendId: string,
): Record<string, string> {
  const host = hostOf(config)
  const list = reader.lists[0]
  const headers: Record<string, string> = {
    // RFC 2369 §3.2 and RFC 8058 §3.1: a POST to this address leaves at once.
    'List-Unsubscribe': `<${reader.urls.unsubscribe}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    Precedence: 'bulk',
    // Gmail counts complaints by these; nothing in them is about the reader.
    'Feedback-ID': `${campaign.slug}:${list ?? 'none'}:${sendId}:${host}`,
  }
  if (list !== undefined) headers['List-Id'] = `${listTitle(config, reader)} <${list}.${host}>`
  return headers
}

const hosts = new WeakMap<MailshotConfig, string>()

function hostOf(config: MailshotConfig): string {
  const known = hosts.get(config)
  if (known !== undefined) return known
  const host = new URL(config.site).hostname
  hosts.set(config, host)
  return host
}

/** The public title of the list that brings the mail, in the reader's language; without a list, the site's. */
export function listTitle(config: MailshotConfig, reader: Reader): string {
  const title = config.lists[reader.lists[0] ?? '']?.title ?? config.title
  return oneLine(localize(title, reader.lang, config.lang)).replace(/[<>]/g, '')
}
