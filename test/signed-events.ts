import { createHmac } from 'node:crypto'
import type { Mailshot } from '../integrations/mailshot/mailshot.ts'
import { handleWebhook } from '../integrations/mailshot/webhook.ts'
import { webhookKey, webhookUrl } from '../integrations/mailshot/webhook/address.ts'

/** What follows `webhooks/` in the address of a transport. */
export function pathOf({ config }: Mailshot, transport: string): string {
  return webhookUrl(config, transport).split('/webhooks/')[1] ?? ''
}

/** A request to `webhooks/generic`, signed as a relay's script would, by default with the site's key. */
export function signedRequest(
  { config }: Mailshot,
  body: string,
  { seconds, key = webhookKey(config) }: { seconds: number; key?: string },
): Request {
  const headers = signatureHeaders(key, body, { id: `msg_${seconds}_${body.length}`, seconds })
  return new Request(webhookUrl(config, 'generic'), { method: 'POST', body, headers })
}

/** The headers of a body that is signed as Standard Webhooks has it, by default now. */
export function signatureHeaders(
  key: string,
  body: string,
  { id, seconds = Math.floor(Date.now() / 1000) }: { id: string; seconds?: number },
): Record<string, string> {
  const bytes = Buffer.from(key.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', bytes).update(`${id}.${seconds}.${body}`).digest('base64')
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': `${seconds}`,
    'webhook-signature': `v1,${signature}`,
  }
}

/** Posts events to `webhooks/generic`, signed now. */
export function postSigned(mailshot: Mailshot, events: unknown): Promise<Response> {
  const seconds = Math.floor(mailshot.now() / 1000)
  const request = signedRequest(mailshot, JSON.stringify(events), { seconds })
  return handleWebhook(mailshot, request, pathOf(mailshot, 'generic'))
}
