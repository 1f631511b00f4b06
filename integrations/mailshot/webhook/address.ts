import { createHmac, timingSafeEqual } from 'node:crypto'
import type { MailshotConfig } from '../config.ts'
import { requireSecret } from '../mailshot.ts'
import { pageUrl } from '../token.ts'

/** What takes signed events that are normalised already, from any relay; no transport may have this name. */
export const genericName = 'generic'

type Addressed = Pick<MailshotConfig, 'site' | 'base' | 'trailingSlash' | 'webhooks'>

/** Where providers reach our pages. */
function reachable({ site, base, trailingSlash, webhooks }: Addressed) {
  return { site: webhooks ? webhooks.base : site, base: webhooks ? '' : base, trailingSlash }
}

/**
 * The public address where a transport's provider reports to: it ends with a secret of its own.
 *
 * @throws MailshotError when there is no secret to make it of
 */
export function webhookUrl(config: MailshotConfig, transport: string): string {
  requireSecret(config)
  const secret = secretOf(config.secrets[0] ?? '', transport)
  return pageUrl(reachable(config), `webhooks/${transport}/${secret}`)
}

/** The address that a provider was given for what it posts here, whatever a proxy makes of it: some sign it. */
export function publicWebhookUrl(config: Addressed, request: Request): string {
  const { pathname, search } = new URL(request.url)
  const { site, base } = reachable(config)
  const path = config.webhooks ? pathname.slice(config.base.length) : pathname
  return (config.webhooks ? site + base : new URL(site).origin) + path + search
}

/** Whether an address is a webhook of this site, whatever secret it ends with, and also where it was before `webhooks.base`. */
export function isWebhookUrl(config: Addressed, transport: string, url: string): boolean {
  return [reachable(config), config].some((place) => {
    const own = pageUrl({ ...place, trailingSlash: true }, `webhooks/${transport}`)
    return url.startsWith(own) || url === own.slice(0, -1)
  })
}

/** Whether it is the secret of this transport's address, made of any of the config's secrets. Takes as long whatever is given. */
export function hasWebhookSecret(
  { secrets }: Pick<MailshotConfig, 'secrets'>,
  transport: string,
  given: string,
): boolean {
  return secrets.filter((secret) => isSame(secretOf(secret, transport), given)).length > 0
}

/**
 * The key that events for `webhooks/generic` are signed with, as Standard Webhooks writes it: `whsec_` and base64.
 *
 * @throws MailshotError when there is no secret to make it of
 */
export function webhookKey(config: MailshotConfig): string {
  requireSecret(config)
  return `whsec_${keyOf(config.secrets[0] ?? '').toString('base64')}`
}

/** Whether a text was signed (HMAC-SHA-256, base64) with the key of any of the config's secrets. */
export function isSignedByKey(
  { secrets }: Pick<MailshotConfig, 'secrets'>,
  parts: readonly (string | Uint8Array)[],
  signatures: readonly string[],
): boolean {
  const expected = secrets.map((secret) => {
    const hmac = createHmac('sha256', keyOf(secret))
    for (const part of parts) hmac.update(part)
    return hmac.digest('base64')
  })
  return expected.some((one) => signatures.some((given) => isSame(one, given)))
}

/** 128 bits. */
function secretOf(secret: string, transport: string): string {
  const mac = createHmac('sha256', secret).update(`webhook:${transport}`).digest()
  return mac.subarray(0, 16).toString('base64url')
}

function keyOf(secret: string): Buffer {
  return createHmac('sha256', secret).update('webhook-key:generic').digest()
}

function isSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}
