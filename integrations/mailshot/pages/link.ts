import type { MailshotConfig } from '../config.ts'
import type { Texts } from '../texts.ts'
import { pageUrl, signToken } from '../token.ts'

export interface PageLink {
  label: string
  href: string
}

/** The path of one of our pages on its own site: pages lead to each other wherever they are looked at. */
export function pagePath(config: MailshotConfig, page: string): string {
  return new URL(pageUrl(config, page)).pathname
}

/** The sign-up page in the reader's language, with lists chosen. */
export function subscribeLink(
  config: MailshotConfig,
  { lang, pages }: Texts,
  { label = pages.links.subscribe, lists = [] }: { label?: string; lists?: string[] } = {},
): PageLink {
  const query = new URLSearchParams({ lang })
  for (const list of lists) query.append('list', list)
  return { label, href: `${pagePath(config, 'subscribe')}?${query}` }
}

/** Where somebody without a mail of ours gets the links to their own pages. */
export function sendLinksLink(config: MailshotConfig, { lang, pages }: Texts): PageLink {
  const query = new URLSearchParams({ lang })
  return { label: pages.links.sendLinks, href: `${pagePath(config, 'links')}?${query}` }
}

/** A person's own page: only for a page that they alone have the link to. */
export function preferencesLink(
  config: MailshotConfig,
  { pages }: Texts,
  subscriberId: number,
): PageLink {
  const token = signToken(config.secrets, 'preferences', [subscriberId])
  return { label: pages.links.preferences, href: pagePath(config, `preferences/${token}`) }
}

/** Where a reader invites others: for a page that they alone have the link to, where the site lets them. */
export function inviteLinks(
  config: MailshotConfig,
  { pages }: Texts,
  subscriberId: number,
): PageLink[] {
  if (config.signUp.invitations === 0) return []
  const token = signToken(config.secrets, 'invite', [subscriberId])
  return [{ label: pages.links.invite, href: pagePath(config, `invite/${token}`) }]
}

/** Where a reader finds a person to talk to. */
export function writeLink(config: MailshotConfig, { pages }: Texts): PageLink {
  const { address } = config.replyTo ?? config.from
  return { label: pages.links.write, href: `mailto:${address}` }
}
