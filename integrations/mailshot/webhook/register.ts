import type { MailshotConfig } from '../config.ts'
import { MailshotError } from '../error.ts'
import type { RegisteredWebhook, Transport } from '../transport.ts'
import { isWebhookUrl, webhookUrl } from './address.ts'

/**
 * Has a transport's provider report to this site. What is registered there by others stays as it is.
 *
 * @returns its address, secret and all, and what is left to do by hand, a line each
 * @throws MailshotError when the settings switch webhooks off, or the provider refuses
 */
export async function installWebhook(
  config: MailshotConfig,
  transport: Transport,
): Promise<{ url: string; left: readonly string[] }> {
  if (config.webhooks === false) {
    throw new MailshotError(
      'webhooks: false in the settings, so none is registered; take it out, or give providers another way with ' +
        `webhooks: { base: 'https://…' }`,
    )
  }
  const url = webhookUrl(config, transport.name)
  const left = (await transport.webhooks?.install(url)) ?? []
  return { url, left }
}

/** What the provider has registered; ours is what reports to this site. */
export async function listWebhooks(
  config: MailshotConfig,
  transport: Transport,
): Promise<RegisteredWebhook[]> {
  const all = (await transport.webhooks?.list()) ?? []
  return all.map((one) => ({ ...one, isOurs: isOurs(config, transport, one) }))
}

/** Takes ours away, also those of former secrets. Answers their addresses. */
export async function removeWebhooks(
  config: MailshotConfig,
  transport: Transport,
): Promise<string[]> {
  const all = await listWebhooks(config, transport)
  const urls = new Set(all.filter((one) => one.isOurs).map(({ url }) => url))
  for (const url of urls) await transport.webhooks?.remove(url)
  return [...urls]
}

/** The transport knows the form of our addresses, and the settings know the site: both must say so. */
function isOurs(
  config: MailshotConfig,
  { name }: Transport,
  { url, isOurs: seemsOurs }: RegisteredWebhook,
): boolean {
  return seemsOurs && isWebhookUrl(config, name, url)
}

/** An address without its secret, to be shown. */
export function withoutSecret(url: string): string {
  return url.replace(/[^/]+(\/?)$/, '…$1')
}

/** The host of an address of others, who may have secrets anywhere in it. */
export function withoutPath(url: string): string {
  return URL.canParse(url) ? `${new URL(url).origin}/…` : '…'
}
