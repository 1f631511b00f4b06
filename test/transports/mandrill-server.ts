import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { ArrivedMail } from '../transport-contract.ts'
import {
  type Books,
  type Call,
  type MandrillServerOptions,
  ok,
  refuse,
  render,
  search,
  send,
  type SentMessage,
} from './mandrill-mail.ts'
import {
  type ProviderAnswer,
  type ProviderRequest,
  type ProviderServer,
  startProviderServer,
} from './provider-server.ts'

export interface MandrillServer extends ProviderServer {
  /** What was taken, oldest first. */
  sent: SentMessage[]
  /** What would arrive, after Mandrill's merge language. */
  arrived(): ArrivedMail[]
  webhooks: z.output<typeof webhook>[]
  domains: Map<string, Record<string, unknown>>
}

/**
 * Mandrill's API as its documentation has it: wrong types, keys, tags and subaccounts are refused with its error bodies.
 *
 * @see https://mailchimp.com/developer/transactional/api/
 */
export async function startMandrillServer(
  options: MandrillServerOptions = {},
): Promise<MandrillServer> {
  const { key = 'md-correct-horse-battery' } = options
  const books: Books = { sent: [], rejected: [] }
  const webhooks: MandrillServer['webhooks'] = []
  const domains: MandrillServer['domains'] = new Map()

  function answer({
    method,
    path,
    text,
  }: ProviderRequest): ProviderAnswer | Promise<ProviderAnswer> {
    const call = /^\/api\/1\.\d\/([\w/-]+?)(?:\.json)?$/.exec(path)?.[1]
    if (method !== 'POST' || call === undefined) return refuse(-1, 'UnknownMethod', `No ${path}`)
    const body = parsed(text)
    if (typeof body['key'] !== 'string') {
      return refuse(-2, 'ValidationError', 'You must specify a key value')
    }
    if (body['key'] !== key) return refuse(-1, 'Invalid_Key', 'Invalid API key', 401)
    return answerCall(call, body)
  }

  function answerCall(call: string, body: Call): ProviderAnswer | Promise<ProviderAnswer> {
    switch (call) {
      case 'users/ping2':
        return ok({ PING: 'PONG!' })
      case 'messages/send':
        return send(body, books, options)
      case 'messages/search':
        return search(body, books)
      case 'webhooks/list':
        return ok(webhooks)
      case 'webhooks/add':
      case 'webhooks/update':
        return saveWebhook(webhooks, body)
      case 'webhooks/delete':
        return deleteWebhook(webhooks, body)
      case 'senders/domains':
        return ok([...domains.values()])
      case 'senders/add-domain':
      case 'senders/check-domain':
        return ok(addDomain(domains, String(body['domain'])))
      default:
        return refuse(-1, 'UnknownMethod', `Unknown method "${call}"`)
    }
  }

  const server = await startProviderServer(answer)
  const { sent } = books
  return { ...server, sent, webhooks, domains, arrived: () => sent.map(render) }
}

function parsed(text: string): Call {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text))
  } catch {
    return {}
  }
}

const webhook = z.object({
  id: z.number(),
  url: z.string(),
  description: z.string().default(''),
  events: z.array(z.string()),
  auth_key: z.string(),
})

/** Mandrill tries the address first: HEAD, else a POST of an empty list that it signs with `test-webhook`. */
async function saveWebhook(
  webhooks: MandrillServer['webhooks'],
  body: Call,
): Promise<ProviderAnswer> {
  const known = webhooks.find(({ id }) => id === body['id'])
  const id = known?.id ?? webhooks.length + 1
  const read = webhook.safeParse({ auth_key: `webhook-key-${id}`, ...known, ...body, id })
  if (!read.success) return refuse(-2, 'ValidationError', 'Validation error')
  const { url } = read.data
  if (!(await isThere(url, 'HEAD')) && !(await isThere(url, 'POST'))) {
    return refuse(-2, 'ValidationError', `The url ${url} did not answer`)
  }
  if (known) Object.assign(known, read.data)
  else webhooks.push(read.data)
  return ok(read.data)
}

async function isThere(url: string, method: 'HEAD' | 'POST'): Promise<boolean> {
  const form = new URLSearchParams({ mandrill_events: '[]' })
  const signature = sign('test-webhook', url, form)
  const trial = { body: form, headers: { 'X-Mandrill-Signature': signature } }
  const answer = await fetch(url, { method, ...(method === 'POST' && trial) }).catch(
    () => undefined,
  )
  return answer?.status === 200
}

/** The signature that Mandrill sends along. */
export function sign(key: string, url: string, form: URLSearchParams): string {
  const fields = [...form].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const text = url + fields.flat().join('')
  return createHmac('sha1', key).update(text).digest('base64')
}

function deleteWebhook(webhooks: MandrillServer['webhooks'], { id }: Call): ProviderAnswer {
  const at = webhooks.findIndex((one) => one.id === id)
  if (at < 0) return refuse(-1, 'Unknown_Webhook', `Unknown webhook "${String(id)}"`)
  return ok(webhooks.splice(at, 1)[0])
}

function addDomain(domains: MandrillServer['domains'], domain: string): Record<string, unknown> {
  const invalid = { valid: false, valid_after: null, error: 'no record found' }
  const known = domains.get(domain) ?? {
    domain,
    spf: invalid,
    dkim: invalid,
    verified_at: null,
    verify_txt_key: 'Xq1b2c3',
    valid_signing: false,
  }
  domains.set(domain, known)
  return known
}
